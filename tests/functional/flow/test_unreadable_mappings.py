"""A stream whose mapping can no longer be read waits; its account goes on, and so does it later."""

from datetime import timedelta

import pytest
from tests.functional.flow.conftest import ACTOR, House
from tests.functional.flow.replaying import confirm, go_on, start

from coterie.control.definitions.edits import FieldChange, change_field, replace_mappings
from coterie.control.definitions.schema import publish_edit, publish_lql
from coterie.control.definitions.schema_versions import current_schema
from coterie.flow.run.repair import Repair, UnknownRejectedError, run_again
from coterie.lang.lql import LqlError, find_unreadable
from coterie.model.schema import Mapping
from coterie.worker.rerunner import rerun_next

OTHER = "SELECT user_id, city FROM other INTO user BY user_id ALIAS other"
MENDED = Mapping(stream="default", field="city", expr="tolower(city)")


def spoil(house: House) -> None:
    """Let a published mapping be one of an earlier release, which knew a function that is gone."""
    with house.store.transaction() as conn:
        conn.execute(
            "UPDATE schema_version SET body = jsonb_set(body, '{mappings}', (SELECT jsonb_agg("
            "CASE WHEN m ->> 'stream' = 'default' AND m ->> 'field' = 'city' "
            "THEN jsonb_set(m, '{expr}', '\"bygone(city)\"') ELSE m END) "
            "FROM jsonb_array_elements(body -> 'mappings') m))"
        )
        conn.execute("UPDATE config_epoch SET epoch = epoch + 1")


def mend(house: House) -> None:
    house.now += timedelta(seconds=1)
    publish_edit(
        house.store,
        account=house.account.number,
        edit=lambda draft: replace_mappings(draft, MENDED),
        actor=ACTOR,
        clock=lambda: house.now,
    )
    house.now += timedelta(seconds=1)


def rerun(house: House) -> None:
    while rerun_next(house.bench):
        house.work()


def outcomes(house: House) -> list[tuple[str, str | None]]:
    with house.store.transaction() as conn:
        return conn.execute(
            "SELECT kind, repaired_by FROM event_outcome ORDER BY lane, seq"
        ).fetchall()


@pytest.fixture
def spoilt(house: House) -> House:
    """A house with a stream that can be read and one that cannot; one event came before."""
    publish_lql(
        house.store, account=house.account.number, text=OTHER, actor=ACTOR, clock=lambda: house.now
    )
    house.audience("oslo", 'FILTER city = "oslo"')
    house.build()
    house.send({"user_id": "ann", "order_amount": 1})
    house.work()
    spoil(house)
    house.now += timedelta(hours=1)
    house.send({"user_id": "ann", "city": "Oslo", "order_amount": 2})
    house.send({"user_id": "bob", "city": "oslo"}, stream="other")
    house.work()
    return house


def test_its_events_wait_with_the_reason_and_all_others_count(spoilt: House) -> None:
    assert spoilt.profile("user_id", "ann")["order_total"] == 1
    assert spoilt.profile("user_id", "bob")["audiences"] == ["oslo"]
    (event,) = spoilt.lookup.failed_events(spoilt.account.number, "default", 10)
    assert event.outcome == "unreadable"
    assert "coterie mapping update default city EXPRESSION" in event.reason
    assert "there is no function 'bygone'" in event.reason
    (told,) = find_unreadable(current_schema(spoilt.store, spoilt.account.number))
    assert (told.stream, told.field) == ("default", "city")


def test_they_count_once_as_soon_as_the_mapping_is_corrected(spoilt: House) -> None:
    assert not rerun_next(spoilt.bench)

    mend(spoilt)
    rerun(spoilt)
    rerun(spoilt)

    ann = spoilt.profile("user_id", "ann")
    assert (ann["order_total"], ann["city"], ann["audiences"]) == (3, "oslo", ["oslo"])
    assert outcomes(spoilt) == [("unreadable", "rerunner")]


def test_something_else_can_be_published_meanwhile_and_nothing_unreadable_more(
    spoilt: House,
) -> None:
    publish_edit(
        spoilt.store,
        account=spoilt.account.number,
        edit=lambda draft: change_field(draft, "city", FieldChange(description="Town")),
        actor=ACTOR,
        clock=lambda: spoilt.now,
    )

    with pytest.raises(LqlError):
        publish_lql(
            spoilt.store,
            account=spoilt.account.number,
            text=OTHER.replace("city FROM", "bygone(city) AS city FROM"),
            actor=ACTOR,
            clock=lambda: spoilt.now,
        )


def test_a_replay_that_can_read_them_counts_them_and_nobody_does_again(spoilt: House) -> None:
    mend(spoilt)
    start(spoilt)
    go_on(spoilt, until="ready")

    early = rerun_next(spoilt.bench)
    confirm(spoilt)
    go_on(spoilt, until="done")
    rerun(spoilt)

    assert not early
    assert spoilt.profile("user_id", "ann")["order_total"] == 3
    assert outcomes(spoilt) == [("unreadable", "replayer")]


def test_what_was_run_again_is_not_replayed_a_second_time(spoilt: House) -> None:
    mend(spoilt)
    rerun(spoilt)

    start(spoilt)
    go_on(spoilt, until="ready")
    confirm(spoilt)
    go_on(spoilt, until="done")

    assert spoilt.profile("user_id", "ann")["order_total"] == 3


def test_a_rejected_event_that_a_replay_has_read_cannot_be_run_again(house: House) -> None:
    house.send({"loyalty_id": "L1", "order_amount": 4})
    house.work()
    house.now += timedelta(seconds=1)
    publish_lql(
        house.store,
        account=house.account.number,
        text="SELECT loyalty_id KIND string FROM default INTO user BY loyalty_id ALIAS more",
        actor=ACTOR,
        clock=lambda: house.now,
    )
    start(house)
    go_on(house, until="ready")
    repair = Repair(account=house.account.number, stream="default", ref="0-1")

    with pytest.raises(UnknownRejectedError), house.store.transaction() as conn:
        run_again(conn, repair, actor="test", now=house.now)
    confirm(house)
    go_on(house, until="done")

    assert house.profile("loyalty_id", "L1")["order_total"] == 4
    assert outcomes(house) == [("rejected", "replayer")]
