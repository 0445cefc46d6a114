import pytest

from coterie.base.clock import Clock
from coterie.control.audit import Subject, list_audit, record
from coterie.control.rows import UnstorableTextError
from coterie.control.users import create_person
from coterie.model.control import Account, Actor
from coterie.store import Store


def test_entries_cannot_be_changed_or_deleted(store: Store, account: Account) -> None:
    before = list_audit(store, account.number)

    with store.transaction() as conn:
        conn.execute("UPDATE audit_log SET actor = 'nobody'")
        conn.execute("DELETE FROM audit_log")

    assert list_audit(store, account.number) == before
    assert before[0].actor == "cli"


def test_entries_come_newest_first_and_page_by_page(
    store: Store, account: Account, actor: Actor, clock: Clock
) -> None:
    with store.transaction() as conn:
        for number in range(4):
            subject = Subject(account.number, "job", number)
            record(conn, "created", subject, actor=actor, now=clock(), detail={"n": number})

    first = list_audit(store, account.number, 2)
    second = list_audit(store, account.number, 2, before=first[-1].id)

    assert [entry.subject_id for entry in (*first, *second)] == ["3", "2", "1", "0"]
    assert first[0].detail == {"n": 3}


def test_what_concerns_the_installation_is_listed_apart(
    store: Store, account: Account, actor: Actor, clock: Clock
) -> None:
    with store.transaction() as conn:
        subject = Subject(None, "installation", "keys")
        record(conn, "rotated", subject, actor=actor, now=clock())

    assert [entry.verb for entry in list_audit(store, None)] == ["rotated"]
    assert "rotated" not in {entry.verb for entry in list_audit(store, account.number)}


def test_a_person_is_recorded_without_address_or_password(
    store: Store, account: Account, actor: Actor, clock: Clock
) -> None:
    create_person(
        store, account=account.number, email="someone@example.org",
        password="correct horse battery", role="admin", actor=actor, now=clock(),
    )  # fmt: skip

    shown = str(list_audit(store, account.number))

    assert "someone" not in shown
    assert "horse" not in shown


def test_a_text_that_cannot_be_kept_is_the_callers_mistake(
    store: Store, account: Account, actor: Actor, clock: Clock
) -> None:
    with pytest.raises(UnstorableTextError):
        create_person(
            store, account=account.number, email="a\x00@example.org",
            password="correct horse battery", role="admin", actor=actor, now=clock(),
        )  # fmt: skip
