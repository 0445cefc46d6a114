"""Identities are explained and decided over HTTP, each by those who may."""

import asyncio

import httpx
import pytest
from tests.functional.api.conftest import ACCOUNT, MakeToken

from coterie.app.services import config_source
from coterie.base.clock import system_clock
from coterie.control.accounts import create_account
from coterie.control.audit import list_audit
from coterie.flow.eventlog.bulk import append_events
from coterie.flow.eventlog.lanes import ensure_lanes
from coterie.flow.eventlog.prepare import ensure_days
from coterie.flow.run.batch import BatchSettings
from coterie.model.control import Actor
from coterie.model.events import IncomingEvent
from coterie.store import Store
from coterie.worker.loop import Worker, WorkerDependencies

MAIL = {"field": "email", "value": " E@x.org"}
USER = {"field": "user_id", "value": "u1"}
PIN = {"kind": "pin_apart", "a": USER, "b": MAIL, "reason": "A shared mailbox"}


def work(store: Store) -> None:
    deps = WorkerDependencies(store, config_source(), system_clock, BatchSettings(b"k" * 32))
    with store.connect() as conn:
        worker = Worker(deps, conn)
        while worker.turn():
            pass


@pytest.fixture
def person(store: Store) -> None:
    now = system_clock()
    event = IncomingEvent(
        account=ACCOUNT,
        stream="default",
        received_at=now,
        body='{"user_id": "u1", "email": "e@x.org"}',
    )
    with store.transaction() as conn:
        ensure_lanes(conn, 2)
        ensure_days(conn, now.date())
        append_events(conn, 0, [event])
    work(store)


@pytest.mark.usefixtures("person")
async def test_a_graph_is_read_and_a_relation_explained(
    client: httpx.AsyncClient, make_token: MakeToken
) -> None:
    key = {"authorization": make_token(("data_manager",)).token}
    blind = {"authorization": make_token(("observer",)).token}

    graph = (await client.get("/api/identity/user_id/u1", headers=key)).json()["data"]
    why = await client.post("/api/identity/why", json={"a": USER, "b": MAIL}, headers=key)

    hidden = await client.get("/api/identity/user_id/u1", headers=blind)
    assert [node["value"] for node in graph["nodes"]] == ["u1", "e@x.org"]
    assert [node["value"] for node in hidden.json()["data"]["nodes"]] == ["u1", "hidden-1"]
    assert "e@x.org" not in hidden.text
    assert why.status_code == 200
    assert why.json()["data"]["verdict"] == "together"
    assert (await client.get("/api/identity/user_id/u9", headers=key)).status_code == 404


@pytest.mark.usefixtures("person")
async def test_a_decision_is_made_followed_and_taken_back(
    client: httpx.AsyncClient, make_token: MakeToken, store: Store
) -> None:
    token = make_token(("data_manager",))
    key = {"authorization": token.token}

    made = await client.post("/api/identity/decisions", json=PIN, headers=key)
    await asyncio.to_thread(work, store)
    parted = await client.post("/api/identity/why", json={"a": USER, "b": MAIL}, headers=key)
    number = made.json()["data"]["id"]
    undo = await client.post(
        f"/api/identity/decisions/{number}/undo", json={"reason": "wrong"}, headers=key
    )
    await asyncio.to_thread(work, store)
    joined = await client.post("/api/identity/why", json={"a": USER, "b": MAIL}, headers=key)
    listed = await client.get("/api/identity/decisions?undone=true", headers=key)

    assert made.status_code == 201
    assert made.json()["data"]["decided_by"] == f"token:{token.record.prefix}"
    assert parted.json()["data"]["verdict"] == "apart"
    assert undo.json()["data"]["undo_reason"] == "wrong"
    assert joined.json()["data"]["verdict"] == "together"
    assert [one["id"] for one in listed.json()["data"]] == [number]
    verbs = [entry.verb for entry in list_audit(store, ACCOUNT) if entry.subject == "decision"]
    assert verbs == ["undone", "created"]


@pytest.mark.parametrize("scope", ["observer", "data_write"])
async def test_who_may_only_read_or_send_decides_nothing(
    client: httpx.AsyncClient, make_token: MakeToken, store: Store, scope: str
) -> None:
    key = {"authorization": make_token((scope,)).token}

    made = await client.post("/api/identity/decisions", json=PIN, headers=key)
    undo = await client.post("/api/identity/decisions/1/undo", json={"reason": "x"}, headers=key)

    assert (made.status_code, undo.status_code) == (403, 403)
    assert not [entry for entry in list_audit(store, ACCOUNT) if entry.subject == "decision"]


async def test_a_decision_that_cannot_be_is_answered_with_what_is_wrong(
    client: httpx.AsyncClient, make_token: MakeToken
) -> None:
    key = {"authorization": make_token(("admin",)).token}

    async def status(body: object, path: str = "/api/identity/decisions") -> int:
        return (await client.post(path, json=body, headers=key)).status_code

    assert await status(PIN) == 201
    assert await status(PIN) == 409
    assert await status({**PIN, "kind": "marry"}) == 400
    assert await status({**PIN, "reason": "x" * 2_000}) == 400
    assert await status({**PIN, "other": 1}) == 400
    assert await status({**PIN, "a": {"field": "city", "value": "Oslo"}}) == 404
    assert await status({"reason": "x"}, "/api/identity/decisions/99/undo") == 404


async def test_another_account_sees_and_changes_nothing(
    client: httpx.AsyncClient, make_token: MakeToken, store: Store
) -> None:
    other = create_account(store, name="Other", actor=Actor(name="test"), clock=system_clock)
    mine = {"authorization": make_token(("admin",)).token}
    theirs = {"authorization": make_token(("admin",), account=other.number).token}
    made = await client.post("/api/identity/decisions", json=PIN, headers=mine)
    number = made.json()["data"]["id"]

    undo = await client.post(
        f"/api/identity/decisions/{number}/undo", json={"reason": "x"}, headers=theirs
    )

    assert undo.status_code == 404
    assert (await client.get("/api/identity/decisions", headers=theirs)).json()["data"] == []
