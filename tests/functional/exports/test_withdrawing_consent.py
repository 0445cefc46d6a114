"""A consent is withdrawn while events wait: nothing of that person leaves, all else arrives."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from tests.functional.exports.conftest import Shop
from tests.functional.exports.test_feeding_events import (
    EVENTS,
    ORDER,
    PURCHASES,
    deeds,
    export,
    follow,
    states,
    step,
)
from tests.functional.exports.test_forgetting_at_braze import erase, forget
from tests.functional.flow.replaying import confirm, go_on, publish, start

from coterie.control.jobs import pause_job, resume_job
from coterie.flow.exports.desk import DeliveryDesk
from coterie.flow.exports.draft import Draft
from coterie.flow.exports.hold import Hold
from coterie.flow.exports.parked import Choice
from coterie.flow.run.deliveries import replay
from coterie.store import Store

CONSENT = {"field": "last_name", "values": ["yes"]}
REASON = "consent in field 'last_name' was withdrawn: events that waited were dropped"
YES = ORDER | {"last_name": "yes"}
NO = {"event": "choice", "last_name": "no"}
REFUSAL_LQL = """
SELECT oneof(newsletter, last_name) AS last_name KIND string
FROM default INTO user BY user_id OR email OR phone OR _uids ALIAS refusals
"""
LOST = {"path": "/users/track", "cut": True, "after_work": True}


def say(shop: Shop, *bodies: dict[str, Any]) -> None:
    """Process what is said, each at a later instant than the one before."""
    for body in bodies:
        shop.send(body)
        shop.work()
        shop.now += timedelta(seconds=1)


def arrived(shop: Shop, kind: str = "events") -> list[str]:
    """Return the user of each event or purchase that Braze has."""
    found = {one["braze_id"]: one["external_id"] for one in shop.braze.users()}
    return sorted(found[each["braze_id"]] for each in deeds(shop, kind))


@pytest.mark.parametrize(
    ("options", "kind"), [(EVENTS, "events"), (PURCHASES, "purchases")], ids=["events", "purchases"]
)
def test_what_waits_at_a_paused_job_does_not_leave_once_its_person_withdraws(
    shop: Shop, options: dict[str, Any], kind: str
) -> None:
    export(shop, **options, consent=CONSENT)
    step(shop, pause_job)
    say(shop, YES, YES | {"user_id": "bo"}, YES, NO | {"user_id": "ada"})
    omitted = shop.omissions()
    step(shop, resume_job)
    follow(shop)

    assert arrived(shop, kind) == ["bo"]
    assert shop.braze.user("ada") is None
    assert omitted == [REASON]
    assert states(shop) == [("ada", "dropped"), ("bo", "sent"), ("ada", "dropped")]

    say(shop, YES)
    follow(shop)

    assert arrived(shop, kind) == ["ada", "bo"]
    assert shop.omissions() == []


def test_a_job_that_asks_for_no_consent_sends_what_another_drops(shop: Shop) -> None:
    export(shop, **EVENTS)
    step(shop, pause_job)
    free = shop.job
    export(shop, **EVENTS, event_name="Asked", consent=CONSENT)
    step(shop, pause_job)
    say(shop, YES, NO | {"user_id": "ada"})
    step(shop, resume_job)
    shop.job = free
    step(shop, resume_job)
    follow(shop)

    assert [each["name"] for each in deeds(shop)] == ["order"]


def test_a_merge_with_a_profile_that_refused_drops_what_waits_for_the_other(shop: Shop) -> None:
    export(shop, **EVENTS, consent=CONSENT)
    step(shop, pause_job)
    say(
        shop,
        YES,
        YES | {"user_id": "bo"},
        NO | {"email": "ada@example.com"},
        {"event": "login", "user_id": "ada", "email": "ada@example.com"},
    )
    step(shop, resume_job)
    follow(shop)

    assert arrived(shop) == ["bo"]
    assert shop.omissions() == [REASON]


def test_what_waits_under_a_former_name_is_dropped_as_well(shop: Shop) -> None:
    export(shop, **EVENTS, consent=CONSENT)
    step(shop, pause_job)
    known = {"email": "ada@example.com"}
    say(shop, YES | known, {"event": "login", "user_id": "ada2"} | known, NO | known)
    step(shop, resume_job)
    follow(shop)

    assert states(shop) == [("ada", "dropped")]
    assert shop.braze.users() == []


def test_a_replay_of_a_withdrawal_that_was_taken_back_drops_nothing(shop: Shop) -> None:
    export(shop, **EVENTS, consent=CONSENT)
    step(shop, pause_job)
    say(shop, YES | {"event": "login"}, NO | {"user_id": "ada"}, YES)
    start(shop)
    go_on(shop, until="ready")
    confirm(shop)
    go_on(shop, until="done")
    step(shop, resume_job)
    follow(shop)

    assert arrived(shop) == ["ada"]


def test_a_replay_that_reads_a_refusal_out_of_history_drops_what_waits(shop: Shop) -> None:
    export(shop, **EVENTS, consent=CONSENT)
    step(shop, pause_job)
    say(shop, YES, YES | {"user_id": "bo"}, {"user_id": "ada", "event": "no", "newsletter": "no"})
    publish(shop, REFUSAL_LQL)
    start(shop)
    go_on(shop, until="ready")
    confirm(shop)
    go_on(shop, until="done")
    step(shop, resume_job)
    follow(shop)

    assert arrived(shop) == ["bo"]
    assert shop.omissions() == [REASON]


def test_what_is_in_doubt_cannot_be_replayed_after_a_withdrawal(shop: Shop) -> None:
    export(shop, **EVENTS, consent=CONSENT)
    shop.braze.call("POST", "/faults", LOST)
    say(shop, YES)
    follow(shop)
    doubtful = states(shop)
    say(shop, NO | {"user_id": "ada"})
    destination = shop.job.destination_id
    assert destination is not None
    with shop.store.transaction() as conn:
        again = replay(conn, shop.account.number, destination, Choice(states=("doubtful",)))

    assert doubtful == [("ada", "doubtful")]
    assert again == 0
    assert states(shop) == [("ada", "dropped")]


class BusyHold(Hold):
    """Lets something happen as soon as a request is under way."""

    def __init__(self, hold: Hold, acts: list[Callable[[], object]]) -> None:
        super().__init__(hold._conn, hold._reading, hold._authorization_id)
        self._acts = acts

    def write(self, draft: Draft) -> frozenset[int]:
        gone = super().write(draft)
        if draft.opened and self._acts:
            self._acts.pop()()
        return gone


class BusyDesk(DeliveryDesk):
    """Gives out such holds."""

    def __init__(self, store: Store, act: Callable[[], object]) -> None:
        super().__init__(store)
        self._acts = [act]

    @contextmanager
    def try_hold(self, authorization_id: int) -> Iterator[Hold | None]:
        with super().try_hold(authorization_id) as hold:
            yield None if hold is None else BusyHold(hold, self._acts)


def test_what_is_under_way_is_not_sent_again_after_a_withdrawal(shop: Shop) -> None:
    export(shop, **EVENTS, consent=CONSENT, repeats="at_least_once")
    shop.braze.call("POST", "/faults", LOST)
    say(shop, YES, YES | {"user_id": "bo"})
    desk = BusyDesk(shop.store, lambda: say(shop, NO | {"user_id": "ada"}))

    def tick() -> None:
        shop.now += timedelta(seconds=1)

    shop.deliver(jobs=tick, desk=desk)

    assert arrived(shop) == ["ada", "bo", "bo"]
    assert states(shop) == [("ada", "dropped"), ("bo", "sent")]
    # It may have arrived, so who is forgotten later is deleted there.
    assert erase(shop, forget(shop, "ada")).deletions == 1


def test_what_was_under_way_and_arrived_is_listed_as_sent(shop: Shop) -> None:
    export(shop, **EVENTS, consent=CONSENT)
    say(shop, YES, YES | {"user_id": "bo"})
    desk = BusyDesk(shop.store, lambda: say(shop, NO | {"user_id": "ada"}))
    shop.deliver(desk=desk)

    assert states(shop) == [("ada", "sent"), ("bo", "sent")]
    assert arrived(shop) == ["ada", "bo"]
