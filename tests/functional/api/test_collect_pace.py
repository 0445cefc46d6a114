"""Senders that are faster than their settings allow are told when to send again."""

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
import msgspec
import pytest
from tests.functional.api.conftest import ACCOUNT, ACTOR

from coterie.api.collect import CollectDoor
from coterie.api.routes import Api
from coterie.app.services import Services
from coterie.app.web import collect_calls
from coterie.base.clock import system_clock
from coterie.control.accounts import create_account
from coterie.control.definitions.intake import renew_secret
from coterie.control.definitions.streams import ensure_streams
from coterie.model.control import NewToken
from coterie.store import Connection, Store

WEB = f"/c/{ACCOUNT}/web"
OTHER = 4712
MakeToken = Callable[..., NewToken]
Paced = Callable[..., httpx.AsyncClient]


class HandClock:
    """Shows the time that it is set to."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_seconds(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def paced(api: Api, client: httpx.AsyncClient, services: Services, clock: HandClock) -> Paced:
    """Return a client of a door with limits: the collector is the one of `client`."""

    def make(*, account: int = 0, token: int = 0) -> httpx.AsyncClient:
        settings = msgspec.structs.replace(
            services.settings,
            collect_account_events_per_second=account,
            collect_token_events_per_second=token,
        )
        limited = Services(settings, clock, services.ring, services.store)
        door = CollectDoor(api.state.tokens, collect_calls(limited))
        door.open(api.state.collector)
        transport = httpx.ASGITransport(door)  # type: ignore[arg-type]
        return httpx.AsyncClient(transport=transport, base_url=client.base_url)

    return make


def stored(conn: Connection) -> int:
    row = conn.execute("SELECT count(*) FROM event_log").fetchone()
    assert row is not None
    return int(row[0])


async def test_a_token_that_sends_too_fast_is_told_when_to_send_again(
    paced: Paced, clock: HandClock, make_token: MakeToken, conn: Connection
) -> None:
    fast, other = {"key": make_token().token}, {"key": make_token().token}

    async with paced(token=1) as client:
        first = [await client.post(WEB, params=fast, json={"n": n}) for n in range(2)]
        refused = await client.post(WEB, params=fast, json={"n": 2})
        of_other = await client.post(WEB, params=other, json={"n": 3})
        clock.pass_seconds(int(refused.headers["retry-after"]))
        again = await client.post(WEB, params=fast, json={"n": 2})

    assert [answer.status_code for answer in first] == [200, 200]
    assert (refused.status_code, refused.json()["code"]) == (429, "sent_too_fast")
    assert "COTERIE_COLLECT_TOKEN_EVENTS_PER_SECOND" in refused.json()["message"]
    assert (of_other.status_code, again.status_code) == (200, 200)
    assert stored(conn) == 4


async def test_the_tokens_of_an_account_share_its_limit_and_accounts_do_not(
    paced: Paced, store: Store, make_token: MakeToken
) -> None:
    create_account(store, name="Other", actor=ACTOR, clock=system_clock, number=OTHER)
    tokens = [make_token().token for _ in range(3)]
    elsewhere = make_token(account=OTHER).token

    async with paced(account=1) as client:
        answers = [await client.post(WEB, params={"key": one}, json={"n": 1}) for one in tokens]
        other = await client.post(f"/c/{OTHER}/web", params={"key": elsewhere}, json={"n": 1})

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert "COTERIE_COLLECT_ACCOUNT_EVENTS_PER_SECOND" in answers[2].json()["message"]
    assert other.status_code == 200


async def test_all_events_of_a_batch_count_and_it_is_taken_whole(
    paced: Paced, clock: HandClock, token: str, conn: Connection
) -> None:
    batch = [{"n": n} for n in range(99)]

    async with paced(account=10) as client:
        taken = await client.post(WEB, params={"key": token}, json=[*batch, "no event"])
        refused = await client.post(WEB, params={"key": token}, json={"n": 1})
        clock.pass_seconds(8.0)
        too_early = await client.post(WEB, params={"key": token}, json={"n": 1})
        clock.pass_seconds(0.1)
        in_time = await client.post(WEB, params={"key": token}, json={"n": 1})

    # The burst is 20, so that 80 have to be waited off, and the next one itself.
    assert (taken.status_code, taken.json()["data"]["message_count"]) == (200, 99)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "9")
    assert (too_early.status_code, in_time.status_code) == (429, 200)
    assert stored(conn) == 100


async def test_the_other_forms_keep_to_the_same_pace(paced: Paced, token: str) -> None:
    basic = {"Authorization": "Basic " + b64encode(f"{token}:".encode()).decode()}
    bearer = {"Authorization": f"Bearer {token}"}

    async with paced(token=1) as client:
        for _ in range(2):
            assert (await client.post(WEB, params={"key": token}, json={})).is_success
        refused = [
            await client.get(WEB, params={"key": token, "n": 1}),
            await client.post("/v1/track", headers=basic, json={"userId": 1, "event": "x"}),
            await client.post(f"/currents/{ACCOUNT}", headers=bearer, json={"events": []}),
            await client.post("/collect/json/web", headers=bearer, json={}),
            await client.post("/collect/bulk/web", headers=bearer, content=b"a\n1\n"),
        ]

    assert [answer.status_code for answer in refused] == [429] * 5
    assert all("retry-after" in answer.headers for answer in refused)


async def test_who_only_claims_to_be_an_account_uses_up_nothing_of_it(
    paced: Paced, services: Services, clock: HandClock
) -> None:
    ensure_streams(services.store, account=ACCOUNT, names=["web"], actor=ACTOR, now=clock())
    secret = renew_secret(
        services.store, services.ring, account=ACCOUNT, stream="web", actor=ACTOR, clock=clock
    )
    body = b'{"n": 1}'
    signed = {"X-Coterie-Signature": hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}
    forged = {"X-Coterie-Signature": "00"}

    async with paced(account=1) as client:
        claimed = [await client.post(WEB, content=body, headers=forged) for _ in range(5)]
        answers = [await client.post(WEB, content=body, headers=signed) for _ in range(3)]

    assert {answer.status_code for answer in claimed} == {401}
    assert [answer.status_code for answer in answers] == [200, 200, 429]


async def test_without_a_setting_nobody_is_held_up(paced: Paced, token: str) -> None:
    async with paced() as client:
        for _ in range(3):
            batch = [{"n": n} for n in range(500)]
            assert (await client.post(WEB, params={"key": token}, json=batch)).is_success
