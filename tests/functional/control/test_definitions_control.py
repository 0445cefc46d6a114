from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from coterie.base.clock import Clock
from coterie.base.seal import KeyRing
from coterie.control import authorizations, jobs
from coterie.control.audit import list_audit
from coterie.control.definitions import audiences, schema, schema_versions, streams
from coterie.control.definitions.draft import drop_mappings
from coterie.control.definitions.pipeline import load_config
from coterie.control.existing import UnknownAccountError
from coterie.lang.filterql import FilterError
from coterie.lang.lql import LqlError
from coterie.model.config import AccountConfig
from coterie.model.control import Account, Actor, Audience
from coterie.model.schema import Schema
from coterie.store import Store

Advance = Callable[..., datetime]
Make = Callable[..., Audience]
Publish = Callable[[str], Schema]
SHOP = "SELECT toint(p) AS points KIND int MERGEOP sum, card FROM shop INTO user BY card ALIAS shop"


@pytest.fixture
def make(store: Store, account: Account, actor: Actor, clock: Clock) -> Make:
    def create(slug: str, filter_text: str = "EXISTS email", **words: Any) -> Audience:
        return audiences.create_audience(
            store, account=account.number, slug=slug, filter_text=filter_text, actor=actor,
            clock=clock, **{"name": slug, **words},
        )  # fmt: skip

    return create


@pytest.fixture
def publish(store: Store, account: Account, actor: Actor, clock: Clock) -> Publish:
    def publish_text(text: str) -> Schema:
        return schema.publish_lql(
            store, account=account.number, text=text, actor=actor, clock=clock
        )

    return publish_text


def read_account(store: Store) -> AccountConfig:
    with store.transaction() as conn:
        return load_config(conn).accounts[3012]


def test_publishing_makes_the_next_version_and_keeps_the_last(
    store: Store, publish: Publish, clock: Clock, advance: Advance
) -> None:
    first = schema_versions.current_schema(store, 3012)
    advance(hours=1)

    second = publish(SHOP)

    assert (second.version, second.published_at) == (2, clock())
    assert schema_versions.current_schema(store, 3012) == second
    assert schema_versions.get_schema(store, 3012, 1) == first
    assert [one.version for one in schema_versions.list_versions(store, 3012)] == [2, 1]


def test_field_ids_never_change_and_are_never_given_twice(store: Store, publish: Publish) -> None:
    before = {field.name: field.id for field in schema_versions.current_schema(store, 3012).fields}
    highest = max(before.values())

    first = publish(SHOP)
    second = publish("SELECT colour, card FROM shop INTO user BY card ALIAS shop2")

    ids = {field.name: field.id for field in second.fields}
    assert {name: ids[name] for name in before} == before
    assert [ids[name] for name in ("points", "card", "colour")] == [
        highest + 1,
        highest + 2,
        highest + 3,
    ]
    assert (first.version, second.version) == (2, 3)


def test_publishing_makes_the_stream(store: Store, publish: Publish) -> None:
    publish(SHOP)

    assert streams.get_stream(store, 3012, "shop").name == "shop"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("SELECT a FROM b", LqlError),
        ("SELECT nosuch(a) AS a, id FROM s INTO user BY id ALIAS s", LqlError),
        ("SELECT email KIND int, id FROM s INTO user BY id ALIAS s", LqlError),
        ("SELECT a FROM s INTO user BY id ALIAS s", LqlError),
        ("SELECT id FROM `1 s` INTO user BY id ALIAS s", streams.BadStreamNameError),
    ],
)
def test_a_refused_text_publishes_nothing(
    store: Store, publish: Publish, text: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        publish(text)

    assert schema_versions.current_schema(store, 3012).version == 1
    assert len(streams.list_streams(store, 3012)) == len(streams.DEFAULT_STREAMS)


def test_a_mapping_can_be_taken_away(
    store: Store, publish: Publish, actor: Actor, clock: Clock
) -> None:
    publish(SHOP)

    after = schema.publish_edit(
        store, account=3012, edit=lambda draft: drop_mappings(draft, "shop", "points"),
        description="No points", actor=actor, clock=clock,
    )  # fmt: skip

    assert [m.field for m in after.mappings if m.stream == "shop"] == ["card"]
    assert schema_versions.list_versions(store, 3012)[0].description == "No points"


def test_an_unknown_version_or_account_is_named(store: Store, account: Account) -> None:
    with pytest.raises(schema_versions.UnknownSchemaError, match="no schema version 9"):
        schema_versions.get_schema(store, account.number, 9)
    with pytest.raises(schema_versions.UnknownSchemaError, match="Account 1 has no published"):
        schema_versions.current_schema(store, 1)


def test_a_stream_is_trusted_when_someone_says_so(
    store: Store, account: Account, actor: Actor, clock: Clock
) -> None:
    assert read_account(store).trusted_streams == frozenset()

    streams.set_trusted(
        store, account=account.number, name="braze_csv", trusted=True, actor=actor, clock=clock
    )

    assert read_account(store).trusted_streams == {"braze_csv"}


def test_an_unknown_stream_is_named(
    store: Store, account: Account, actor: Actor, clock: Clock
) -> None:
    with pytest.raises(streams.UnknownStreamError, match="no stream 'shop'"):
        streams.set_trusted(
            store, account=account.number, name="shop", trusted=True, actor=actor, clock=clock
        )
    with pytest.raises(streams.UnknownStreamError):
        streams.get_stream(store, account.number, "shop")


def test_making_streams_again_changes_nothing(
    store: Store, account: Account, actor: Actor, clock: Clock
) -> None:
    def ensure() -> list[str]:
        return streams.ensure_streams(
            store, account=account.number, names=["default", "shop"], actor=actor, now=clock()
        )

    assert ensure() == ["shop"]
    assert ensure() == []


def test_a_new_audience_is_building_and_goes_to_the_worker(store: Store, make: Make) -> None:
    made = make("known", "FILTER EXISTS email ALIAS known")

    assert (made.state, made.version, made.size) == ("building", 1, 0)
    config = read_account(store)
    assert [(one.id, one.slug, one.version) for one in config.audiences] == [(made.id, "known", 1)]
    assert config.slugs == {"known": "FILTER EXISTS email ALIAS known"}


def test_the_size_counts_the_members_of_the_live_generation(store: Store, make: Make) -> None:
    made = make("known")
    make("empty")
    with store.transaction(generation=1) as conn:
        conn.execute(
            "INSERT INTO membership (account, audience_id, profile_id, since)"
            " SELECT 3012, %s, gen_random_uuid(), now() FROM generate_series(1, 5)",
            [made.id],
        )

    sizes = {one.slug: one.size for one in audiences.list_audiences(store, 3012)}

    assert sizes == {"known": 5, "empty": 0}
    assert audiences.get_audience(store, 3012, "known").size == 5


@pytest.mark.parametrize(
    ("slug", "filter_text", "words", "error"),
    [
        ("Known", "EXISTS email", {}, audiences.BadAudienceError),
        ("", "EXISTS email", {}, audiences.BadAudienceError),
        ("x" * 65, "EXISTS email", {}, audiences.BadAudienceError),
        ("known", "EXISTS email", {"name": "x" * 101}, audiences.BadAudienceError),
        ("known", "EXISTS", {}, FilterError),
        ("known", 'email > "a"', {}, FilterError),
        ("known", "INCLUDE nobody", {}, FilterError),
        ("known", "INCLUDE known", {}, FilterError),
    ],
)
def test_a_wrong_audience_is_refused_and_not_kept(
    store: Store,
    make: Make,
    slug: str,
    filter_text: str,
    words: dict[str, str],
    error: type[Exception],
) -> None:
    with pytest.raises(error):
        make(slug, filter_text, **words)

    assert audiences.list_audiences(store, 3012) == []


def test_a_slug_is_given_once(make: Make) -> None:
    make("known")

    with pytest.raises(audiences.BadAudienceError, match="'known' already"):
        make("known")


def test_an_audience_of_no_account_is_refused(store: Store, actor: Actor, clock: Clock) -> None:
    with pytest.raises(UnknownAccountError):
        audiences.create_audience(
            store, account=1, slug="a", name="a", filter_text="*", actor=actor, clock=clock
        )


def test_new_words_build_nothing_anew(store: Store, make: Make, actor: Actor, clock: Clock) -> None:
    make("known")

    after = audiences.update_audience(
        store, account=3012, slug="known", name="Known people", filter_text=" EXISTS email ",
        actor=actor, clock=clock,
    )  # fmt: skip

    assert (after.name, after.version) == ("Known people", 1)


def test_a_new_filter_is_a_new_version_and_rebuilds_what_includes_it(
    store: Store, make: Make, actor: Actor, clock: Clock
) -> None:
    make("known")
    make("second", "INCLUDE known")
    make("third", "NOT INCLUDE second")
    make("other", "EXISTS phone")
    with store.transaction() as conn:
        conn.execute("UPDATE audience SET state = 'live', build_done = 9, build_total = 9")

    audiences.update_audience(
        store, account=3012, slug="known", filter_text="EXISTS phone", actor=actor, clock=clock
    )

    found = {one.slug: (one.version, one.state) for one in audiences.list_audiences(store, 3012)}
    assert found == {
        "known": (2, "building"),
        "second": (2, "building"),
        "third": (2, "building"),
        "other": (1, "live"),
    }


def test_an_edit_cannot_close_a_circle(
    store: Store, make: Make, actor: Actor, clock: Clock
) -> None:
    make("first")
    make("second", "INCLUDE first")

    with pytest.raises(FilterError, match="include each other"):
        audiences.update_audience(
            store, account=3012, slug="first", filter_text="INCLUDE second", actor=actor,
            clock=clock,
        )  # fmt: skip
    assert audiences.get_audience(store, 3012, "first").filter_text == "EXISTS email"


def test_an_archived_audience_leaves_its_slug_to_another(
    store: Store, make: Make, actor: Actor, clock: Clock
) -> None:
    first = make("known")

    archived = audiences.archive_audience(
        store, account=3012, slug="known", actor=actor, clock=clock
    )
    assert archived.state == "archived"
    assert read_account(store).slugs == {}
    with pytest.raises(audiences.UnknownAudienceError):
        audiences.get_audience(store, 3012, "known")
    second = make("known")

    assert second.id != first.id
    states = [one.state for one in audiences.list_audiences(store, 3012, with_archived=True)]
    assert sorted(states) == ["archived", "building"]


def test_an_included_audience_cannot_be_archived(
    store: Store, make: Make, actor: Actor, clock: Clock
) -> None:
    make("known")
    make("second", "INCLUDE known")

    with pytest.raises(audiences.AudienceInUseError, match="second"):
        audiences.archive_audience(store, account=3012, slug="known", actor=actor, clock=clock)


def test_an_exported_audience_cannot_be_archived_and_its_export_reaches_the_worker(
    store: Store, ring: KeyRing, make: Make, actor: Actor, clock: Clock
) -> None:
    made = make("known")
    braze = authorizations.create_authorization(
        store, ring, account=3012, provider="braze", method="api_key", label="Braze",
        config={"apikey": "k", "instance": "EU-01"}, actor=actor, now=clock(),
    )  # fmt: skip
    job = jobs.create_export(
        store,
        account=3012,
        label="To Braze",
        authorization_id=braze.id,
        config={
            "identifier_field": "user_id",
            "audiences": ["known"],
            "existing_users": True,
            "value_prefix": "lytics_",
            "names": {"known": "everyone"},
        },
        actor=actor,
        clock=clock,
    )

    with pytest.raises(audiences.AudienceInUseError, match="To Braze"):
        audiences.archive_audience(store, account=3012, slug="known", actor=actor, clock=clock)
    (active,) = read_account(store).exports
    jobs.pause_job(store, account=3012, job_id=job.id, actor=actor, clock=clock)
    (paused,) = read_account(store).exports
    jobs.kill_job(store, account=3012, job_id=job.id, actor=actor, clock=clock)

    assert active.names == {made.id: "lytics_everyone"}
    assert (active.job_id, active.destination_id) == (job.id, job.destination_id)
    assert (active.identifiers[0].field, active.existing, active.started_at) == (
        "user_id",
        True,
        clock(),
    )
    assert (active.state, paused.state) == ("active", "paused")
    assert read_account(store).exports == ()
    audiences.archive_audience(store, account=3012, slug="known", actor=actor, clock=clock)


def test_the_configuration_holds_every_schema_version(store: Store, publish: Publish) -> None:
    publish(SHOP)

    assert [one.version for one in read_account(store).schemas] == [1, 2]


def test_every_change_is_in_the_audit(
    store: Store, make: Make, publish: Publish, actor: Actor, clock: Clock
) -> None:
    publish(SHOP)
    make("known")
    audiences.archive_audience(store, account=3012, slug="known", actor=actor, clock=clock)

    entries = [(one.verb, one.subject, one.subject_id) for one in list_audit(store, 3012)]

    assert entries[:4] == [
        ("archived", "audience", "known"),
        ("created", "audience", "known"),
        ("published", "schema", "2"),
        ("created", "stream", "shop"),
    ]
    assert ("created", "account", "3012") in entries
