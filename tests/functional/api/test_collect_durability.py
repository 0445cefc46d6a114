"""An answer is a promise: whatever dies next, the event is in the log."""

import asyncio
from collections.abc import Callable

import httpx
import msgspec
import pytest
from tests.functional.api.conftest import WebProcess

from coterie.model.control import NewToken
from coterie.store import Connection

ACCOUNT = 4711
SENDERS = 16
ENOUGH = 400


async def send_until_cut_off(web: WebProcess, token: str, sender: int, answered: list[int]) -> None:
    async with httpx.AsyncClient(base_url=web.address) as client:
        for n in range(100_000):
            number = n * SENDERS + sender
            try:
                answer = await client.post(
                    f"/c/{ACCOUNT}/web", params={"key": token}, json={"n": number}
                )
            except httpx.TransportError:
                return
            if answer.status_code == 200:
                answered.append(number)


@pytest.mark.e2e
async def test_events_answered_before_the_web_process_was_killed_are_in_the_log(
    web: WebProcess, conn: Connection, make_token: Callable[..., NewToken]
) -> None:
    token = make_token().token
    answered: list[int] = []

    senders = [
        asyncio.create_task(send_until_cut_off(web, token, n, answered)) for n in range(SENDERS)
    ]
    async with asyncio.timeout(60):
        while len(answered) < ENOUGH:  # noqa: ASYNC110 - the senders know nothing of this test
            await asyncio.sleep(0.01)
    web.kill()
    await asyncio.gather(*senders)

    logged = {
        msgspec.json.decode(body)["n"] for (body,) in conn.execute("SELECT body FROM event_log")
    }
    assert len(answered) >= ENOUGH
    assert set(answered) <= logged
    # At most what was under way when it died may be logged without an answer.
    assert len(logged) <= len(answered) + SENDERS


@pytest.mark.e2e
async def test_stopping_the_web_process_answers_what_it_took(
    web: WebProcess, conn: Connection, make_token: Callable[..., NewToken]
) -> None:
    token = make_token().token
    answered: list[int] = []
    senders = [
        asyncio.create_task(send_until_cut_off(web, token, n, answered)) for n in range(SENDERS)
    ]
    async with asyncio.timeout(60):
        while len(answered) < ENOUGH:  # noqa: ASYNC110 - the senders know nothing of this test
            await asyncio.sleep(0.01)

    web.process.terminate()
    ended = await asyncio.to_thread(web.process.wait, 60)
    await asyncio.gather(*senders)

    logged = [
        msgspec.json.decode(body)["n"] for (body,) in conn.execute("SELECT body FROM event_log")
    ]
    assert ended == 0
    assert set(answered) <= set(logged)
