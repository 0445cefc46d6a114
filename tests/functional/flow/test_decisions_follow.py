"""What an operator decides about identities reaches profiles, audiences and Braze."""

import asyncio
import time
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from braze_sandbox.sandbox import BrazeSandbox
from braze_sandbox.store.state import DEFAULT_WORKSPACE
from coterie.control.audit import list_audit
from coterie.control.definitions.decisions import (
    BadDecisionError,
    ContradictionError,
    UnknownDecisionError,
    list_decisions,
)
from coterie.control.definitions.schema_versions import UnknownFieldError
from coterie.flow.exports.desk import DeliveryDesk
from coterie.flow.run.generations import enter_live_generation
from coterie.sender.dependencies import SenderDependencies
from coterie.sender.loop import run_sender

if TYPE_CHECKING:
    from tests.functional.flow.conftest import House

DEADLINE = 30.0
ONE, OTHER, DEVICE = ("user_id", "u1"), ("user_id", "u2"), ("_uids", "c1")
MAIL = ("email", "e@x.org")


def together(house: "House", *ends: tuple[str, str]) -> bool:
    return len({house.profile(*end)["id"] for end in ends}) == 1


def test_two_that_are_pinned_apart_are_two_people(house: "House") -> None:
    house.audience("in_oslo", 'FILTER city = "Oslo"')
    house.send({"user_id": "u1", "email": "e@x.org"}, {"email": "e@x.org", "city": "Oslo"})
    house.work()
    assert together(house, ONE, MAIL)

    decision = house.pin("pin_apart", ONE, MAIL)
    house.work()

    assert not together(house, ONE, MAIL)
    assert house.profile(*ONE)["audiences"] == []
    assert house.profile(*MAIL)["audiences"] == ["in_oslo"]
    assert {cause for kind, _, cause in house.changes() if kind == "split"} == {"decision"}

    house.undo(decision)
    house.work()

    assert together(house, ONE, MAIL)
    assert house.profile(*ONE)["audiences"] == ["in_oslo"]


def test_two_accounts_of_one_person_are_pinned_together_and_parted_again(house: "House") -> None:
    house.send({"user_id": "u1", "city": "Oslo"}, {"user_id": "u2", "first_name": "Given"})
    house.work()

    decision = house.pin("pin_together", ONE, OTHER)
    house.work()

    merged = house.profile(*ONE)
    assert together(house, ONE, OTHER)
    assert (merged["city"], merged["first_name"]) == ("Oslo", "Given")

    house.undo(decision)
    house.work()

    assert not together(house, ONE, OTHER)
    assert "first_name" not in house.profile(*ONE)
    assert "city" not in house.profile(*OTHER)


def test_a_blocked_value_lets_go_of_everybody_and_an_undo_joins_them_again(house: "House") -> None:
    house.send({"email": "a@x.org", "_uid": "c1"}, {"email": "b@x.org", "_uid": "c1"})
    house.work()
    people = (("email", "a@x.org"), ("email", "b@x.org"), DEVICE)
    assert together(house, *people)

    decision = house.pin("block_value", DEVICE)
    house.work()
    house.send({"email": "c@x.org", "_uid": "c1"})
    house.work()

    assert len({house.profile(*end)["id"] for end in people}) == len(people)

    house.undo(decision)
    house.work()

    assert together(house, *people, ("email", "c@x.org"))


def test_a_pin_about_somebody_not_yet_seen_holds_once_they_are(house: "House") -> None:
    house.pin("pin_together", ONE, OTHER)
    house.send({"user_id": "u1"})
    house.work()

    house.send({"user_id": "u2", "city": "Oslo"})
    house.work()

    assert together(house, ONE, OTHER)
    assert house.profile(*ONE)["city"] == "Oslo"


def test_a_decision_that_a_dead_worker_had_begun_to_follow_is_followed(
    house: "House",
) -> None:
    house.send({"user_id": "u1", "email": "e@x.org"})
    house.work()

    house.pin("pin_apart", ONE, MAIL)
    with house.worker._conn.transaction(force_rollback=True):
        enter_live_generation(house.worker._conn)
        assert house.worker._settler.follow_decision(house.worker._conn, now=house.now)
    assert together(house, ONE, MAIL)
    house.work()

    assert not together(house, ONE, MAIL)


def test_decisions_are_listed_and_audited_without_the_values(house: "House") -> None:
    first = house.pin("pin_apart", ONE, MAIL, reason="A shared mailbox")
    house.undo(first)
    second = house.pin("block_value", ("email", " E@X.org "))

    account = house.account.number
    in_force = list_decisions(house.store, account)
    every = list_decisions(house.store, account, with_undone=True)
    audit = list_audit(house.store, account)

    assert [(one.id, one.a, one.b) for one in in_force] == [(second.id, MAIL, None)]
    assert [(one.id, one.undo_reason) for one in every] == [
        (second.id, None),
        (first.id, "it was wrong"),
    ]
    assert [entry.verb for entry in audit if entry.subject == "decision"] == [
        "created",
        "undone",
        "created",
    ]
    assert "x.org" not in repr(audit)


def test_decisions_that_cannot_hold_are_refused(house: "House") -> None:
    third = ("user_id", "u3")
    first = house.pin("pin_together", ONE, OTHER)
    house.pin("pin_together", OTHER, third)
    refusals: list[tuple[Callable[[], object], type[Exception], str]] = [
        (lambda: house.pin("pin_apart", ONE, third), ContradictionError, str(first.id)),
        (lambda: house.pin("pin_together", OTHER, ONE), ContradictionError, str(first.id)),
        (lambda: house.pin("pin_apart", ONE, ONE), BadDecisionError, "same identifier"),
        (lambda: house.pin("pin_apart", ONE), BadDecisionError, "two identifiers"),
        (lambda: house.pin("block_value", ("email", "  ")), BadDecisionError, "nobody's email"),
        (lambda: house.pin("block_value", ("city", "Oslo")), UnknownFieldError, "'city'"),
        (lambda: house.pin("block_value", DEVICE, reason=" "), BadDecisionError, "reason"),
    ]

    for act, kind, said in refusals:
        with pytest.raises(kind, match=said):
            act()
    house.undo(first)
    with pytest.raises(UnknownDecisionError):
        house.undo(first)
    house.pin("pin_apart", ONE, third)


async def test_braze_follows_a_merge_by_decision_and_its_undoing(house: "House") -> None:
    async with BrazeSandbox.start() as sandbox:
        house.audience("in_oslo", 'FILTER city = "Oslo"')
        house.audience("named", "FILTER EXISTS first_name")
        house.export("in_oslo", "named", authorization=house.authorize(sandbox.url, sandbox.key))
        house.run_jobs()
        house.send({"user_id": "u1", "city": "Oslo"}, {"user_id": "u2", "first_name": "Given"})
        house.work()
        house.now += timedelta(minutes=1)
        house.send({"user_id": "u2", "city": "Rome"})
        house.work()
        assert await delivered(house, sandbox) == {"u1": {"in_oslo"}, "u2": {"named"}}

        decision = house.pin("pin_together", ONE, OTHER)
        house.work()
        # The person is in Rome now, and Braze knows them by the newer of their two ids.
        assert await delivered(house, sandbox) == {"u1": set(), "u2": {"named"}}

        house.undo(decision)
        house.work()
        assert await delivered(house, sandbox) == {"u1": {"in_oslo"}, "u2": {"named"}}


async def delivered(house: "House", sandbox: BrazeSandbox) -> dict[str, set[str]]:
    """Send until nothing is pending; return what Braze holds."""
    stop = asyncio.Event()
    deps = SenderDependencies(
        desk=DeliveryDesk(house.store),
        ring=house.ring,
        allow_private_addresses=True,
        flush_seconds=0.05,
        poll_seconds=0.02,
        takeover_seconds=0.1,
        report_seconds=0.1,
    )
    task = asyncio.create_task(run_sender(deps, stop))
    deadline = time.monotonic() + DEADLINE
    while await asyncio.to_thread(pending, house):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)
    stop.set()
    await asyncio.wait_for(task, DEADLINE)
    profiles = sandbox.engine.state.workspaces[DEFAULT_WORKSPACE].profiles
    users = {user: profiles.find_external(user) for user in ("u1", "u2")}
    return {
        user: set(found.custom.get("lytics_segments", []))
        for user, found in users.items()
        if found is not None
    }


def pending(house: "House") -> int:
    with house.store.transaction() as conn:
        found = conn.execute("SELECT count(*) FROM outbox WHERE pending").fetchone()
    assert found is not None
    return int(found[0])
