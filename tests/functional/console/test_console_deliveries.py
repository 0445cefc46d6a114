"""Deliveries in the console: what waits, what was set aside, what Braze holds of someone."""

import re
from html import unescape

import msgspec
import pytest
from tests.functional.console.conftest import ACCOUNT, Visitor

from coterie.console.dependencies import ConsoleDependencies
from coterie.store import Store


@pytest.fixture
def destination(deps: ConsoleDependencies) -> int:
    return fill(deps.store)


def fill(store: Store) -> int:
    """Make a destination that holds something of u-1, waits for u-3, and refused u-2."""
    with store.transaction() as conn:
        authorization = conn.execute(
            "INSERT INTO provider_authorization (account, provider, method, label, config_sealed,"
            " created_at, updated_at) VALUES (%s, 'braze', 'api_key', 'Braze', '', now(), now())"
            " RETURNING id",
            (ACCOUNT,),
        ).fetchone()
        found = conn.execute(
            "INSERT INTO destination (account, authorization_id, form, attribute)"
            " VALUES (%s, %s, 'array', 'lytics_segments') RETURNING id",
            (ACCOUNT, (authorization or (0,))[0]),
        ).fetchone()
        number = int((found or (0,))[0])
        conn.execute(
            "INSERT INTO outbox (destination, recipient, account, claims, wanted, told, pending,"
            " parked, last_answer) VALUES"
            " (%(d)s, 'u-1', %(a)s, '', '{}', '{\"vip\": [true, 1764178000000, 7]}', false,"
            "  NULL, NULL),"
            " (%(d)s, 'u-2', %(a)s, '', '{\"vip\": true}', '{}', false, 'too long', '{\"a\": 1}'),"
            " (%(d)s, 'u-3', %(a)s, '', '{\"vip\": true}', '{}', true, NULL, NULL)",
            {"d": number, "a": ACCOUNT},
        )
    return number


def test_a_delivery_shows_its_figures_and_what_was_refused(
    admin: Visitor, destination: int
) -> None:
    listed = admin.open("/data/deliveries")
    shown = admin.open(f"/data/deliveries/{destination}")

    assert "lytics_segments" in listed.text
    assert "too long" in shown.text
    assert "1 refused, 0 doubtful" in shown.text


def test_steps_and_replays_are_taken_and_said(
    admin: Visitor, destination: int, deps: ConsoleDependencies
) -> None:
    where = f"/data/deliveries/{destination}"

    admin.send(f"{where}/step", page=where, step="pause")
    paused = admin.open(where)
    admin.send(f"{where}/replay", page=where, state="parked", reason="TOO")

    assert "Paused" in paused.text
    assert "nothing leaves while it is paused" in paused.text
    assert "Resume" in paused.text
    found = deps.deliveries.find(ACCOUNT, destination)
    assert found is not None
    assert (found.delivery, found.parked, found.waiting) == ("paused", 0, 2)
    assert msgspec.structs.replace(found, per_second=1.0).seconds_left is None


def test_what_braze_was_told_of_someone_is_said_line_by_line(
    admin: Visitor, destination: int, deps: ConsoleDependencies
) -> None:
    with deps.store.transaction() as conn:
        conn.execute(
            "INSERT INTO outbox (destination, recipient, account, claims, wanted, told, in_doubt,"
            " pending) VALUES (%s, 'u-4', %s, '', '{\"new\": true, \"vip\": true}',"
            ' \'{"old": [true, 1764178000000, 7], "vip": [true, 1764178000000, 7]}\','
            " '{\"lost\": [null, 1764178000000, 8]}', true)",
            (destination, ACCOUNT),
        )
    page = words(admin.send("/data/deliveries/held", recipient="u-4").text)

    assert "vip yes" in page
    assert "lost no" in page
    assert "No answer request 8 Sent again" in page
    assert "new nothing yet never nothing was asked Waiting is sent next" in page
    assert "Waiting is taken away next" in page
    assert "Known there as u-4, by the authorization Braze" in page
    assert "has spent 0 data points and saved 0" in page


def test_what_was_refused_or_is_kept_back_is_said_with_the_reason(
    admin: Visitor, destination: int
) -> None:
    refused = words(admin.send("/data/deliveries/held", recipient="u-2").text)
    kept = words(admin.send("/data/deliveries/held", recipient="u-1").text)
    nobody = admin.send("/data/deliveries/held", recipient="nobody")

    assert destination
    assert "Refused too long" in refused
    assert "Kept back stays there" in kept
    assert "No destination was ever told" in nobody.text


def test_a_person_is_found_by_any_identifier_with_events_counted_by_state(
    admin: Visitor, destination: int, deps: ConsoleDependencies
) -> None:
    with deps.store.transaction() as conn:
        conn.execute(
            "INSERT INTO outbox (destination, recipient, account, claims, told) VALUES"
            " (%s, 'alias:mail:ada@example.com', %s, '', '{\"vip\": [true, 1764178000000, 7]}')",
            (destination, ACCOUNT),
        )
        number = conn.execute(
            "INSERT INTO destination (account, authorization_id, form, attribute)"
            " SELECT account, authorization_id, 'events', 'o1' FROM destination WHERE id = %s"
            " RETURNING id",
            (destination,),
        ).fetchone()
        for state in ("sent", "sent", "dropped"):
            conn.execute(
                "INSERT INTO outbox_queue (destination, recipient, account, origin, body, state,"
                " queued_at, settled_at) VALUES (%s, 'email:ada@example.com', %s,"
                " gen_random_uuid(), '{}', %s, now(), now())",
                ((number or (0,))[0], ACCOUNT, state),
            )
    page = words(admin.send("/data/deliveries/held", recipient="ada@example.com").text)

    assert "Known there as alias mail ada@example.com" in page
    assert "Sent 2 events" in page
    assert "Dropped 1 events" in page


def words(page: str) -> str:
    """Return what people read of a page's main part, with single spaces."""
    main = page[page.index("<main") :]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())
