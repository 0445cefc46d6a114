"""Whatever Braze does and whenever the sender dies, Braze ends up with exactly the audiences."""

import asyncio
import os
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import msgspec
import pytest
from tests.e2e.chaos.faults import LIFE, TIMEOUT, plan_chaos
from tests.e2e.chaos.minimum import Counted, Kill, count
from tests.e2e.chaos.story import Story, buy, claim
from tests.functional.sender.conftest import ACCOUNT, ATTRIBUTE, World

from braze_sandbox.sandbox import BrazeSandbox
from braze_sandbox.settings import Settings
from braze_sandbox.store.state import DEFAULT_WORKSPACE
from coterie.base.keyfile import load_or_create
from coterie.flow.exports.parked import replay_parked
from coterie.flow.exports.requests import list_open_requests
from coterie.store import Store

pytestmark = pytest.mark.e2e

SEED = int(os.environ.get("COTERIE_TEST_SEED") or time.time_ns() % 1_000_000)
PROVED = 10
SENDER = Path(__file__).parents[1] / "functional" / "sender" / "sender_process.py"
AT_REST = """
SELECT (SELECT count(*) FROM outbox WHERE pending)
     + (SELECT count(*) FROM outbox_queue WHERE state = 'waiting')
     + (SELECT count(*) FROM delivery_request WHERE closed_at IS NULL)
     + (SELECT count(*) FROM outbox WHERE uncertain IS NOT NULL AND parked IS NULL)
"""


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


@pytest.mark.timeout(240)
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
            counted = run.count()
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
        self.key_file = key_file
        self.size = size
        self.chance = chance
        self.story = Story(chance, users=size.users, changes=size.changes, a_batch=size.a_batch)
        self.kills: list[Kill] = []

    async def play(self) -> None:
        """Let everything happen while the sender is killed again and again, then let it rest."""
        plan_chaos(self.world.sandbox, self.size.chance)
        acts = list(self.story.batches())
        ends = [*sorted(self.chance.sample(range(1, len(acts)), self.size.kills)), len(acts)]
        bought = done = 0
        for end in ends:
            async with self.sending(kill=end != len(acts)):
                for act in acts[done:end]:
                    await asyncio.to_thread(self._claim, act)
                share = self.size.purchases * end // len(acts)
                await asyncio.to_thread(self._buy, range(bought, share))
                bought, done = share, end
                if end == len(acts):
                    await self._rest()
                else:
                    await self._wait_for_something_under_way()
                    await asyncio.sleep(self.chance.uniform(0, 0.05))

    @asynccontextmanager
    async def sending(self, *, kill: bool) -> AsyncIterator[None]:
        child = await asyncio.create_subprocess_exec(
            sys.executable, str(SENDER), self.world.store.url, str(self.key_file), str(TIMEOUT),
            stdout=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            yield
        finally:
            child.kill()
            await child.wait()
        if kill:
            await asyncio.to_thread(self._note_kill)

    async def _wait_for_something_under_way(self) -> None:
        # A kill hurts then. If everything is settled meanwhile, it cannot hurt, and comes at once.
        while not await asyncio.to_thread(self.world.under_way):
            if not await asyncio.to_thread(self._waiting):
                return
            await asyncio.sleep(0.005)

    def _claim(self, batch: dict[str, frozenset[str]]) -> None:
        claim(self.world.store, ACCOUNT, self.world.destination, batch)

    def _buy(self, numbers: range) -> None:
        buy(self.world.store, ACCOUNT, self.purchases, numbers, self.size.users)

    def _note_kill(self) -> None:
        with self.world.store.transaction() as conn:
            left = list_open_requests(conn, self.world.authorization_id)
        users = frozenset(row.recipient for request in left for row in request.sent.rows)
        newest = self.world.sandbox.engine.journal.newest(limit=1)
        self.kills.append(Kill(newest[0].number if newest else 0, users))

    async def _rest(self) -> None:
        """Replay what was refused until nothing is, and wait until nothing waits."""
        deadline = time.monotonic() + 1_800
        while True:
            replayed = await asyncio.to_thread(self._replay)
            if not replayed and not await asyncio.to_thread(self._waiting):
                return
            assert time.monotonic() < deadline
            await asyncio.sleep(0.1)

    def _replay(self) -> int:
        # All at once and seldom, so that they fill requests.
        if self._waiting():
            return 1
        with self.world.store.transaction() as conn:
            return replay_parked(conn, self.world.destination)

    def _waiting(self) -> int:
        with self.world.store.transaction() as conn:
            found = conn.execute(AT_REST).fetchone()
        return int(found[0]) if found else 0

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

    def count(self) -> Counted:
        """Return what was sent, and what would have been enough."""
        entries = self.world.sandbox.engine.journal.newest(limit=1_000_000, path="/users/track")
        return count(entries[::-1], self.kills, attribute=ATTRIBUTE, late_ms=1_000 * TIMEOUT)
