"""How often a token is looked up, and how long an answer is believed."""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest

from coterie.api.tokens import REMEMBERED, MissingTokenError, RefusedTokenError, TokenDesk
from coterie.model.control import Grant
from coterie.store import StoreUnavailableError

START = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
GOOD = Grant(account=7, token_id=1, scopes=("data_write",), prefix="good")


class Registry:
    """The tokens there are, with a note of who asked and what was touched."""

    def __init__(self) -> None:
        self.now = START
        self.grants: dict[str, Grant] = {"good": GOOD}
        self.asked: list[str] = []
        self.touched: list[set[int]] = []
        self.is_down = False

    def check(self, presented: str, now: datetime) -> Grant | None:
        assert now == self.now
        self.asked.append(presented)
        if self.is_down:
            raise StoreUnavailableError(reason="test")
        return self.grants.get(presented)

    def touch(self, ids: Iterable[int], _: datetime) -> None:
        self.touched.append(set(ids))

    def clock(self) -> datetime:
        return self.now


@pytest.fixture
def registry() -> Registry:
    return Registry()


@pytest.fixture
def desk(registry: Registry) -> TokenDesk:
    return TokenDesk(check=registry.check, touch=registry.touch, clock=registry.clock)


async def test_a_token_is_looked_up_once_for_many_requests(
    desk: TokenDesk, registry: Registry
) -> None:
    grants = await asyncio.gather(*(desk.get_grant("good") for _ in range(50)))
    await desk.get_grant("good")

    assert set(grants) == {GOOD}
    assert registry.asked == ["good"]


async def test_an_answer_is_believed_for_a_few_seconds(desk: TokenDesk, registry: Registry) -> None:
    await desk.get_grant("good")
    registry.grants.clear()

    registry.now = START + REMEMBERED - timedelta(microseconds=1)
    await desk.get_grant("good")
    registry.now = START + REMEMBERED
    with pytest.raises(RefusedTokenError):
        await desk.get_grant("good")


async def test_an_unknown_token_is_not_looked_up_at_every_request(
    desk: TokenDesk, registry: Registry
) -> None:
    for _ in range(3):
        with pytest.raises(RefusedTokenError):
            await desk.get_grant("bad")

    assert registry.asked == ["bad"]


async def test_a_remembered_token_ends_at_its_expiry(desk: TokenDesk, registry: Registry) -> None:
    ending = Grant(
        account=7,
        token_id=2,
        scopes=("admin",),
        prefix="x",
        expires_at=START + timedelta(seconds=1),
    )
    registry.grants["ending"] = ending
    await desk.get_grant("ending")

    registry.now = START + timedelta(seconds=1)

    with pytest.raises(RefusedTokenError):
        await desk.get_grant("ending")


async def test_no_token_is_no_reason_to_look_one_up(desk: TokenDesk, registry: Registry) -> None:
    with pytest.raises(MissingTokenError):
        await desk.get_grant("")

    assert registry.asked == []


async def test_a_failed_look_up_reaches_all_who_wait_and_is_not_remembered(
    desk: TokenDesk, registry: Registry
) -> None:
    registry.is_down = True
    answers = await asyncio.gather(
        *(desk.get_grant("good") for _ in range(3)), return_exceptions=True
    )
    registry.is_down = False

    assert {type(answer) for answer in answers} == {StoreUnavailableError}
    assert await desk.get_grant("good") == GOOD


async def test_uses_are_noted_at_the_end_at_the_latest(desk: TokenDesk, registry: Registry) -> None:
    async with desk:
        await desk.get_grant("good")
        await desk.get_grant("good")

    assert registry.touched == [{1}]
