"""A person who asked to be forgotten is found nowhere any more."""

from datetime import timedelta

import pytest
from tests.functional.flow.conftest import ACTOR, House

from coterie.app.erasures import UnidentifyingFieldError, privacy_calls
from coterie.app.services import Services
from coterie.base.settings import Settings
from coterie.control.audit import list_audit
from coterie.flow.collect.keep import keep_rejected
from coterie.model.erasure import Erasure
from coterie.model.events import RejectedEvent
from coterie.worker.eraser import ASK_AGAIN, erase_next

MAIL = "ada@example.org"
ADA = ("email", MAIL)
TABLES = (
    "event_log", "event_outcome", "rejected_event", "import_reject", "outbox", "omission",
    "decision", "change", "audit_log", "erasure", "suppression", "seen_message", "job_log",
    "outbox_queue", "delivery_request",
    "g1.identity", "g1.profile", "g1.membership", "g1.timeline", "g1.unsettled",
)  # fmt: skip


def services(house: House) -> Services:
    return Services(Settings(), lambda: house.now, house.ring, house.store)


def forget(
    house: House, field: str = "email", value: str = MAIL, *, block: bool = False
) -> Erasure:
    house.now += timedelta(seconds=1)
    return privacy_calls(services(house)).forget(house.account.number, (field, value), block, ACTOR)


def finish(house: House) -> None:
    while erase_next(house.bench):
        pass


def state(house: House, erasure: Erasure) -> Erasure:
    return privacy_calls(services(house)).erasure(house.account.number, erasure.id)


def places_of(house: House, word: str) -> list[str]:
    """The tables in which a word stands, in whatever column."""
    found = []
    with house.store.transaction() as conn:
        for table in TABLES:
            query = f"SELECT count(*) FROM {table} t WHERE t::text ILIKE %s OR t::text LIKE %s"
            both = (f"%{word}%", f"%{word.encode().hex()}%")
            row = conn.execute(query.encode(), both).fetchone()
            if row and row[0]:
                found.append(table)
    return found


def settle(house: House) -> None:
    """Let the destination take what it is told."""
    with house.store.transaction() as conn:
        conn.execute("UPDATE outbox SET told = wanted, in_doubt = '{}', pending = false")


def live_a_life(house: House) -> None:
    """Events of all kinds about one person, and a neighbour who is not to be harmed."""
    house.audience("known", "FILTER EXISTS email")
    house.send(
        {"user_id": "u-ada", "email": MAIL, "first_name": "Adalovely", "message_id": "m1"},
        {"user_id": "u-ada", "_uid": "cookie-1", "_e": "order", "order_amount": 5},
        {"user_id": "u-ada", "message_id": "m1", "email": MAIL},
        {"user_id": "u-bob", "email": "bob@example.org", "city": "Oslo"},
        {"user_id": "u-bob", "email": MAIL, "city": "Rome", "note": f"forwarded by {MAIL}"},
        {"first_name": "Adalovely", "note": MAIL},
    )
    house.work()
    house.build()
    house.export("known")
    house.run_jobs()
    house.pin("pin_together", ("_uids", "cookie-1"), ("user_id", "u-ada"), reason="her browser")
    house.work()
    with house.store.transaction() as conn:
        refused = RejectedEvent(
            account=house.account.number,
            stream="default",
            received_at=house.now,
            source="http",
            reason="broken",
            body=b'{"email": "ADA@example.org", ',
        )
        keep_rejected(conn, [refused])
        # As an import would: the table belongs to a job, whichever.
        conn.execute(
            "INSERT INTO import_reject (job_id, name, sha256, row_number, line, column_name,"
            " reason, raw) SELECT %s, 'users.csv', '', n, n, '', 'short', convert_to(row, 'UTF8')"
            " FROM unnest(%s::text[]) WITH ORDINALITY AS r (row, n)",
            (house.job.id, [MAIL, "bob@example.org"]),
        )
    settle(house)


def test_nothing_personal_is_left_of_who_was_forgotten(house: House) -> None:
    live_a_life(house)
    before = {word: places_of(house, word) for word in (MAIL, "u-ada", "cookie-1")}

    made = forget(house)
    finish(house)
    waiting = state(house, made)
    settle(house)
    house.now += ASK_AGAIN
    finish(house)

    assert all(len(places) > 1 for places in before.values())
    assert (waiting.state, waiting.waiting) == ("running", 1)
    done = state(house, made)
    assert (done.state, done.waiting, done.finished_at) == ("done", 0, house.now)
    assert done.refused == 1
    assert {word: places_of(house, word) for word in (MAIL, "u-ada", "cookie-1")} == {
        MAIL: [],
        "u-ada": [],
        "cookie-1": [],
    }


def test_audiences_and_destinations_follow_at_once(house: House) -> None:
    live_a_life(house)

    made = forget(house)

    assert house.lookup.find_profile(house.account.number, *ADA, house.now) is None
    assert house.outbox()["u-ada"][0] == []
    assert house.outbox()["u-bob"][0] == ["known"]
    kinds = [kind for kind, _, cause in house.changes() if cause == "decision"]
    assert kinds[-2:] == ["exit", "erase"]
    assert made.state == "running"


def test_others_keep_what_is_theirs(house: House) -> None:
    live_a_life(house)

    forget(house)
    finish(house)

    bob = house.profile("user_id", "u-bob")
    assert (bob["city"], bob["audiences"]) == ("Rome", ["known"])
    with house.store.transaction() as conn:
        rows = conn.execute("SELECT body FROM event_log WHERE body LIKE '%u-bob%'").fetchall()
    assert len(rows) == 2
    assert '"city":"Rome"' in rows[1][0]
    assert MAIL not in rows[1][0]


def test_who_comes_back_is_a_new_person(house: House) -> None:
    live_a_life(house)
    forget(house)
    finish(house)
    house.now += timedelta(seconds=1)

    house.send({"user_id": "u-ada", "city": "Bergen"})
    house.work()

    assert house.profile("user_id", "u-ada")["city"] == "Bergen"
    assert "order_total" not in house.profile("user_id", "u-ada")


def test_what_was_on_its_way_does_not_bring_a_person_back(house: House) -> None:
    live_a_life(house)
    house.send({"user_id": "u-ada", "city": "Bergen"}, {"user_id": "u-ada", "message_id": "m1"})

    forget(house)
    house.work()
    finish(house)

    assert house.lookup.find_profile(house.account.number, "user_id", "u-ada", house.now) is None
    assert "event_log" not in places_of(house, "u-ada")


def test_a_blocked_person_does_not_come_back(house: House) -> None:
    live_a_life(house)
    forget(house, block=True)
    finish(house)
    house.now += timedelta(days=400)

    house.send(
        {"user_id": "u-ada", "city": "Bergen"},
        {"user_id": "u-new", "email": "ADA@example.org", "city": "Bodø"},
    )
    house.work()

    assert house.lookup.find_profile(house.account.number, *ADA, house.now) is None
    assert house.profile("user_id", "u-new")["city"] == "Bodø"
    assert "event_log" not in places_of(house, "u-ada")
    assert "event_log" not in places_of(house, MAIL)


def test_somebody_nobody_knows_can_be_kept_out(house: House) -> None:
    made = forget(house, value="eve@example.org", block=True)
    finish(house)

    house.send({"email": "eve@example.org"})
    house.work()

    assert (made.profile_id, state(house, made).state) == (None, "done")
    assert places_of(house, "eve@example.org") == []


def test_the_audit_log_tells_who_asked_and_nothing_of_the_person(house: House) -> None:
    live_a_life(house)
    settle(house)

    forget(house)
    finish(house)
    settle(house)
    house.now += ASK_AGAIN
    finish(house)

    entries = list_audit(house.store, house.account.number)
    asked = [one for one in entries if one.subject == "erasure"]
    assert [(one.verb, one.actor) for one in asked] == [
        ("finished", "eraser"),
        ("requested", "test"),
    ]


def test_a_field_that_identifies_nobody_is_refused(house: House) -> None:
    with pytest.raises(UnidentifyingFieldError):
        forget(house, "city", "Oslo")


def test_a_person_is_given_all_that_is_held(house: House) -> None:
    live_a_life(house)

    found = privacy_calls(services(house)).dossier(house.account.number, ADA, ACTOR)

    assert found is not None
    bodies = [bytes(event.body).decode() for event in found.events]
    assert len(bodies) == 3
    assert any("Adalovely" in body for body in bodies)
    assert [(one.kind, one.audience) for one in found.changes] == [("enter", "known")]
    assert [(one.recipient, one.told) for one in found.deliveries] == [("u-ada", ("known",))]
    assert {node.value for node in found.identity.nodes} == {"u-ada", MAIL, "cookie-1"}
    [entry] = [
        one for one in list_audit(house.store, house.account.number) if one.verb == "exported"
    ]
    assert entry.detail == {}
