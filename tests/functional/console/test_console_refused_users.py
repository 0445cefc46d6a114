from datetime import datetime

import pytest
from tests.functional.console.conftest import ACCOUNT, ACTOR, NOW, SteppingClock

from coterie.console.dependencies import ConsoleDependencies
from coterie.control.authorizations import create_authorization
from coterie.control.definitions.audiences import create_audience
from coterie.control.jobs import create_export, create_import_csv
from coterie.flow.run.refused import list_refused, replay_refused
from coterie.model.control import ImportCsvConfig, Job
from coterie.store import Store


@pytest.fixture
def job(deps: ConsoleDependencies, clock: SteppingClock) -> Job:
    """An export whose destination refused two users and has yet to be asked for a third."""
    store = deps.store
    create_audience(
        store,
        account=ACCOUNT,
        slug="fans",
        name="Fans",
        filter_text="FILTER EXISTS email",
        actor=ACTOR,
        clock=clock,
    )
    authorization = create_authorization(
        store,
        deps.ring,
        account=ACCOUNT,
        provider="braze",
        method="api_key",
        label="Braze",
        config={"apikey": "key", "instance": "US-01"},
        actor=ACTOR,
        now=NOW,
    )
    job = create_export(
        store,
        account=ACCOUNT,
        label="To Braze",
        authorization_id=authorization.id,
        config={"identifier_field": "user_id", "audiences": ["fans"], "existing_users": True},
        actor=ACTOR,
        clock=clock,
    )
    assert job.destination_id is not None
    for recipient, reason in (("u-1", "too long"), ("u-2", "banned"), ("u-3", None)):
        put_recipient(store, job.destination_id, recipient, reason, NOW)
    return job


def put_recipient(
    store: Store, destination: int, recipient: str, reason: str | None, at: datetime
) -> None:
    with store.transaction() as conn:
        conn.execute(
            "INSERT INTO outbox (destination, recipient, account, claims, pending, parked,"
            " last_answer, settled_at) VALUES (%s, %s, %s, '', %s, %s, '{}', %s)",
            (destination, recipient, ACCOUNT, reason is None, reason, at),
        )


def test_refused_users_are_listed_with_reason_and_payload(store: Store, job: Job) -> None:
    found = list_refused(store, ACCOUNT, job.id, 10)

    assert [(row.recipient, row.reason, row.record, row.at) for row in found] == [
        ("u-1", "too long", "{}", NOW),
        ("u-2", "banned", "{}", NOW),
    ]


def test_refused_users_are_due_again_once_replayed(store: Store, job: Job) -> None:
    with store.transaction() as conn:
        replayed = replay_refused(conn, ACCOUNT, job.id)

    assert replayed == 2
    assert list_refused(store, ACCOUNT, job.id, 10) == ()
    with store.transaction() as conn:
        pending = conn.execute("SELECT count(*) FROM outbox WHERE pending").fetchone()
    assert pending == (3,)


def test_another_account_neither_sees_nor_replays_them(store: Store, job: Job) -> None:
    with store.transaction() as conn:
        replayed = replay_refused(conn, ACCOUNT + 1, job.id)

    assert replayed == 0
    assert list_refused(store, ACCOUNT + 1, job.id, 10) == ()
    assert len(list_refused(store, ACCOUNT, job.id, 10)) == 2


def test_an_import_refuses_nobody(deps: ConsoleDependencies) -> None:
    imported = create_import_csv(
        deps.store,
        account=ACCOUNT,
        label="Users",
        authorization_id=None,
        config=ImportCsvConfig(stream="braze_csv", folder="/srv", filename="users.csv"),
        actor=ACTOR,
        now=NOW,
    )

    assert list_refused(deps.store, ACCOUNT, imported.id, 10) == ()
