"""What nobody can do to the collector, with a token or without."""

import asyncio
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import httpx
import pytest
from litestar import Litestar, get
from litestar.concurrency import set_asyncio_executor
from tests.functional.api.conftest import ACCOUNT, running

from coterie.api.collect import CollectDoor
from coterie.api.routes import Api, with_doors
from coterie.app.web import HANDLER_THREADS, SWITCH_SECONDS, give_handlers_threads
from coterie.model.control import NewToken
from coterie.store import Connection

WEB = f"/c/{ACCOUNT}/web"
MakeToken = Callable[..., NewToken]


@pytest.fixture
def handler_threads() -> Iterator[None]:
    usual = sys.getswitchinterval()
    threads = give_handlers_threads()
    yield
    set_asyncio_executor(None)
    threads.shutdown()
    sys.setswitchinterval(usual)


@pytest.mark.usefixtures("handler_threads")
def test_a_handler_that_computes_lets_the_event_loop_in_soon() -> None:
    assert sys.getswitchinterval() == pytest.approx(SWITCH_SECONDS)


@pytest.mark.usefixtures("handler_threads")
async def test_events_are_taken_while_every_thread_of_the_handlers_hangs(
    api: Api, token: str, conn: Connection
) -> None:
    released, hanging = threading.Event(), asyncio.Semaphore(0)
    loop = asyncio.get_running_loop()

    @get("/hang", sync_to_thread=True)
    def hang() -> str:
        loop.call_soon_threadsafe(hanging.release)
        released.wait(60)
        return "done"

    app = Litestar([*api.handlers, hang], lifespan=[api.state.lifespan], logging_config=None)
    transport = httpx.ASGITransport(with_doors(app, api))  # type: ignore[arg-type]
    async with running(app), httpx.AsyncClient(transport=transport, base_url="http://x") as client:
        asked = [asyncio.create_task(client.get("/hang")) for _ in range(50)]
        try:
            async with asyncio.timeout(20):
                for _ in range(HANDLER_THREADS):
                    await hanging.acquire()

            async with asyncio.timeout(20):
                answer = await client.post(WEB, params={"key": token}, json={"n": 1})
        finally:
            released.set()
            hung = await asyncio.gather(*asked)

    assert answer.status_code == 200
    assert {each.status_code for each in hung} == {200}
    assert conn.execute("SELECT count(*) FROM event_log").fetchone() == (1,)


async def test_a_body_that_stays_away_is_answered_408(
    api: Api, client: httpx.AsyncClient, token: str
) -> None:
    sent = asyncio.Event()

    async def stuck() -> AsyncIterator[bytes]:
        yield b"{"
        await sent.wait()

    door = CollectDoor(api.state.tokens, api.state.dependencies.collect, body_seconds=0.05)
    door.open(api.state.collector)
    transport = httpx.ASGITransport(door)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url=client.base_url) as slow:
        answer = await slow.post(WEB, params={"key": token}, content=stuck())

    assert answer.status_code == 408
    assert answer.json()["code"] == "request_timeout"
    assert "retry-after" in answer.headers


@pytest.mark.parametrize("digits", [19, 5_000])
async def test_an_account_number_too_long_to_be_one_is_not_found(
    client: httpx.AsyncClient, digits: int
) -> None:
    answer = await client.post(f"/c/{'9' * digits}/x", json={})

    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"


@pytest.mark.parametrize("value", ["%00", "a%00b", "%ED%A0%80", "%ED%A0%80" * 300, "x" * 5_000])
async def test_a_value_that_nobody_can_have_finds_no_profile(
    client: httpx.AsyncClient, make_token: MakeToken, value: str
) -> None:
    reader = {"Authorization": make_token(["observer"]).token}

    answer = await client.get(f"/api/profiles/email/{value}", headers=reader)

    assert answer.status_code == 404
    assert answer.json()["code"] == "unknown_profile"


async def test_what_follows_a_refusal_is_read_so_that_the_sender_sees_the_answer(
    client: httpx.AsyncClient, token: str
) -> None:
    read = 0

    async def body(parts: int) -> Any:
        nonlocal read
        for _ in range(parts):
            read += 1
            yield bytes(1_000_000)

    too_large = await client.post(WEB, params={"key": token}, content=body(20))
    read_of_too_large, read = read, 0
    without_token = await client.post(WEB, content=body(20))
    read_without_token, read = read, 0
    endless = await client.post(WEB, params={"key": token}, content=body(1_000))

    assert (too_large.status_code, read_of_too_large) == (413, 20)
    assert (without_token.status_code, read_without_token) == (401, 20)
    assert endless.status_code == 413
    assert read < 40
