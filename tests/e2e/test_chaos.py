"""Whatever Braze does and whenever the sender dies, Braze ends up with exactly the audiences."""

import os
import time
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from random import Random

import msgspec
import pytest
from tests.e2e.chaos.faults import LIFE
from tests.e2e.chaos.story import Story, buy, claim
from tests.e2e.chaos.torment import Act, Exports, Torment
from tests.functional.sender.conftest import ACCOUNT, ATTRIBUTE, World

from braze_sandbox.sandbox import BrazeSandbox
from braze_sandbox.settings import Settings
from braze_sandbox.store.state import DEFAULT_WORKSPACE
from coterie.base.keyfile import load_or_create
from coterie.store import Store

pytestmark = pytest.mark.e2e

SEED = int(os.environ.get("COTERIE_TEST_SEED") or time.time_ns() % 1_000_000)
PROVED = 10


class Size(msgspec.Struct, frozen=True, kw_only=True):
    """How much happens. `spare` requests more than the bound may be sent: small runs have many
    ends of time in which a request does not fill."""

    users: int
    changes: int
    purchases: int
    kills: int
    chance: float
    spare: int
    a_batch: int = 500


SMALL = Size(users=1_500, changes=6_000, purchases=600, kills=2, chance=0.01, spare=12)
FULL = Size(users=50_000, changes=200_000, purchases=10_000, kills=10, chance=0.005, spare=0)


@pytest.mark.timeout(600)
async def test_braze_equals_the_audiences_after_all_faults_and_kills(
    database_url: str, tmp_path: Path
) -> None:
    await check(database_url, tmp_path, SMALL, seed=SEED)


@pytest.mark.prove
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("seed", range(PROVED))
async def test_braze_equals_the_audiences_at_full_size(
    database_url: str, tmp_path: Path, seed: int
) -> None:
    await check(database_url, tmp_path, FULL, seed=seed)


async def check(url: str, folder: Path, size: Size, *, seed: int) -> None:
    print(f"COTERIE_TEST_SEED={seed}")  # noqa: T201 - shown when the test fails
    settings = Settings(
        fault_seed=seed, journal_entries=1_000_000, journal_bytes=2**31, rate_limiting=False
    )
    with Store.open(url, max_size=8) as store:
        async with BrazeSandbox.start(settings=settings) as sandbox:
            run = Run(store, sandbox, folder / "keys", size, Random(seed))
            await run.play()
            counted = run.torment.count()
            print(counted, "minimum", counted.minimum)  # noqa: T201 - shown when the test fails

            assert run.differences() == []
            assert run.purchases_at_braze() <= run.purchases_sent()
            assert run.purchase_books() == size.purchases
            assert counted.requests <= 1.1 * counted.minimum + size.spare


class Run:
    """One story against one sandbox."""

    def __init__(
        self, store: Store, sandbox: BrazeSandbox, key_file: Path, size: Size, chance: Random
    ) -> None:
        self.world = World(store, load_or_create(key_file), sandbox)
        self.world.set_up()
        self.world.configure(request_life_seconds=LIFE)
        self.purchases = self.world.add_destination("", form="purchases")
        self.size = size
        self.story = Story(chance, users=size.users, changes=size.changes, a_batch=size.a_batch)
        exports = Exports(
            store=store,
            sandbox=sandbox,
            key_file=key_file,
            authorization=self.world.authorization_id,
            attributes={self.world.destination: ATTRIBUTE},
        )
        self.torment = Torment(exports, chance)

    async def play(self) -> None:
        """Let everything happen while the sender is killed again and again, then let it rest."""
        acts = list(self._acts())
        await self.torment.play(acts, kills=self.size.kills, fault_chance=self.size.chance)

    def _acts(self) -> Iterator[Act]:
        batches = list(self.story.batches())
        # Seldom and many, so that they fill requests.
        every = -(-len(batches) // (self.size.kills + 1))
        bought = 0
        for number, batch in enumerate(batches, start=1):
            yield partial(self._claim, batch)
            if number % every == 0 or number == len(batches):
                share = self.size.purchases * number // len(batches)
                yield partial(self._buy, range(bought, share))
                bought = share

    def _claim(self, batch: dict[str, frozenset[str]]) -> None:
        claim(self.world.store, ACCOUNT, self.world.destination, batch)

    def _buy(self, numbers: range) -> None:
        buy(self.world.store, ACCOUNT, self.purchases, numbers, self.size.users)

    def differences(self) -> list[str]:
        """Return users of whom Braze holds something else than is true."""
        return [
            user
            for user, names in sorted(self.story.truth.items())
            if (self.world.at_braze(user) or set()) != names
        ]

    def purchases_at_braze(self) -> Counter[str]:
        """Return how often Braze holds each purchase."""
        deeds = self.world.sandbox.engine.state.deeds
        found = deeds.purchases(DEFAULT_WORKSPACE, after=0, limit=10 * self.size.purchases)
        return Counter(f"order-{round(purchase.price)}" for _, purchase in found)

    def purchases_sent(self) -> Counter[str]:
        """Return the purchases that may be at Braze, each of them once."""
        with self.world.store.transaction() as conn:
            rows = conn.execute(
                "SELECT origin FROM outbox_queue WHERE state IN ('sent', 'doubtful')"
            ).fetchall()
        return Counter(origin for (origin,) in rows)

    def purchase_books(self) -> int:
        """Return how many purchases are at Braze for sure, or stand in a list of their own."""
        at_braze = self.purchases_at_braze()
        with self.world.store.transaction() as conn:
            rows = conn.execute("SELECT origin, state FROM outbox_queue").fetchall()
        assert all(at_braze[origin] == 1 for origin, state in rows if state == "sent")
        assert all(at_braze[origin] == 0 for origin, state in rows if state == "parked")
        return sum(state in ("sent", "doubtful", "parked") for _, state in rows)
