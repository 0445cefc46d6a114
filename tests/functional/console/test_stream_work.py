"""What a marketer does on the pages of a stream."""

from typing import Any

import msgspec
from tests.functional.console.conftest import ACCOUNT, NOW, DataPlane, Visitor

from coterie.console.dependencies import ConsoleDependencies
from coterie.control.definitions.intake import get_intake
from coterie.control.definitions.schema_versions import current_schema
from coterie.model.streams import KeyReport, KeySuggestion, RejectedReport
from coterie.store import Store

PAGE = "/data/streams/default"


def key(name: str, **more: Any) -> KeyReport:
    return KeyReport(
        key=name,
        times=1_200,
        first_seen=NOW,
        last_seen=NOW,
        kinds={"string": 9, "null": 1},
        uniques=37,
        is_exact=False,
        is_sampled=False,
        **more,
    )


def refuse(store: Store, body: bytes) -> str:
    """Keep a body as a door does; return its number."""
    with store.transaction() as conn:
        row = conn.execute(
            """INSERT INTO rejected_event (account, stream, received_at, source, reason, body)
               VALUES (%s, 'default', %s, 'http', 'malformed_body', %s) RETURNING id""",
            [ACCOUNT, NOW, body],
        ).fetchone()
        conn.execute("SELECT create_day(%s)", [NOW.date()])
        conn.execute("INSERT INTO lane_head (lane) VALUES (0) ON CONFLICT DO NOTHING")
    assert row is not None
    return str(row[0])


def logged(store: Store) -> list[Any]:
    with store.transaction() as conn:
        return [msgspec.json.decode(body) for (body,) in conn.execute("SELECT body FROM event_log")]


def test_raw_keys_are_shown_with_what_reads_them(admin: Visitor, data_plane: DataPlane) -> None:
    suggestion = KeySuggestion(
        key="loyaltyTier", field="loyalty_tier", kind="string", expr="loyaltyTier", is_new=True
    )
    data_plane.keys = (
        key(""),
        key("city", used_by=("city", "home_town")),
        key("loyaltyTier", suggestion=suggestion),
        key("<b>odd</b>"),
    )

    page = admin.open(PAGE).text

    assert "city, home_town" in page
    assert "to loyalty_tier</span>" in page
    assert "about 37" in page
    assert "&lt;b&gt;odd&lt;/b&gt;" in page


def test_a_rejected_event_is_repaired_on_the_page(
    admin: Visitor, data_plane: DataPlane, deps: ConsoleDependencies
) -> None:
    ref = refuse(deps.store, b'{"user_id": "u1"')
    data_plane.rejected = (
        RejectedReport(
            ref=ref, received_at=NOW, source="http", position="line 1", reason="it ends too soon",
            body='{"user_id": "u1"', is_cut=False,
        ),
    )  # fmt: skip
    admin.open(PAGE)

    wrong = admin.send(f"{PAGE}/run-again", page=PAGE, ref=ref, body='{"user_id":', edited="yes")
    mended = admin.send(
        f"{PAGE}/run-again", page=PAGE, ref=ref, body='{"user_id": "u1"}', edited="yes"
    )
    twice = admin.send(f"{PAGE}/run-again", page=PAGE, ref=ref)

    assert (wrong.status_code, mended.status_code, twice.status_code) == (400, 303, 400)
    assert "cannot be read at line 1 column 12" in wrong.text
    assert logged(deps.store) == [{"user_id": "u1"}]


def test_a_key_is_mapped_by_a_click(admin: Visitor, deps: ConsoleDependencies) -> None:
    with deps.store.transaction() as conn:
        conn.execute(
            """INSERT INTO stream_key VALUES
               (%s, 'default', 'loyaltyTier', 9, %s, %s, '{"string": 9}', '', false)""",
            [ACCOUNT, NOW, NOW],
        )
    admin.open(PAGE)

    answer = admin.send(f"{PAGE}/map", page=PAGE, key="loyaltyTier")
    unknown = admin.send(f"{PAGE}/map", page=PAGE, key="nothing")

    assert (answer.status_code, unknown.status_code) == (303, 400)
    schema = current_schema(deps.store, ACCOUNT)
    assert [one.expr for one in schema.mappings if one.field == "loyalty_tier"] == ["loyaltyTier"]


def test_the_rules_of_a_stream_are_changed_on_a_page(
    admin: Visitor, deps: ConsoleDependencies
) -> None:
    rules = {"repeats": "content", "window": "30", "ignore": "sent_at", "allow": "braze, 10.0.0.1",
             "algorithm": "sha512", "is_braze": "yes"}  # fmt: skip
    admin.open(f"{PAGE}/rules")

    saved = admin.send(f"{PAGE}/rules", **rules)
    refused = admin.send(f"{PAGE}/rules", **{**rules, "allow": "everybody"})
    odd = admin.send(f"{PAGE}/rules", **{**rules, "algorithm": "md5"})

    assert (saved.status_code, refused.status_code, odd.status_code) == (303, 400, 400)
    assert "everybody" in refused.text
    intake = get_intake(deps.store, ACCOUNT, "default").intake
    assert (intake.repeats, intake.window_minutes, intake.ignore) == ("content", 30, ("sent_at",))
    assert intake.allow == ("braze", "10.0.0.1/32")


def test_a_secret_is_shown_once(admin: Visitor, deps: ConsoleDependencies) -> None:
    admin.open(f"{PAGE}/rules")

    made = admin.send(f"{PAGE}/secret", page=f"{PAGE}/rules")
    later = admin.open(f"{PAGE}/rules")

    assert 'id="secret"' in made.text
    assert 'id="secret"' not in later.text
    assert "Drop the secret of default" in later.text
    assert get_intake(deps.store, ACCOUNT, "default").is_signed
    admin.send(f"{PAGE}/secret/drop", page=f"{PAGE}/rules")
    assert not get_intake(deps.store, ACCOUNT, "default").is_signed
