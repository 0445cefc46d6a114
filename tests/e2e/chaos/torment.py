"""A sender that is killed again and again while a sandbox does to it whatever Braze can do."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import msgspec
from tests.e2e.chaos.faults import TIMEOUT, plan_chaos
from tests.e2e.chaos.minimum import Counted, Kill, count

from braze_sandbox.sandbox import BrazeSandbox
from coterie.flow.exports.parked import replay_parked
from coterie.flow.exports.requests import list_open_requests
from coterie.store import Store

SENDER = Path(__file__).parents[2] / "functional" / "sender" / "sender_process.py"
REST_SECONDS = 1_800.0
AT_REST = """
SELECT (SELECT count(*) FROM outbox o JOIN destination d ON d.id = o.destination
        WHERE d.retired_at IS NULL
          AND (o.pending OR (o.uncertain IS NOT NULL AND o.parked IS NULL)))
     + (SELECT count(*) FROM outbox_queue WHERE state = 'waiting')
     + (SELECT count(*) FROM delivery_request WHERE closed_at IS NULL)
"""

Act = Callable[[], object]


class Exports(msgspec.Struct, frozen=True, kw_only=True):
    """What a sender of one authorization serves: array attributes by destination."""

    store: Store
    sandbox: BrazeSandbox
    key_file: Path
    authorization: int
    attributes: Mapping[int, str]


class Torment:
    """One story of acts, during which all faults of Braze happen and the sender dies."""

    def __init__(self, exports: Exports, chance: Random) -> None:
        self._exports = exports
        self._chance = chance
        self._kills: list[Kill] = []
        self._seen = 0

    async def play(
        self,
        acts: Sequence[Act],
        *,
        kills: int,
        fault_chance: float,
        meanwhile: Callable[[], int] = lambda: 0,
    ) -> None:
        """Do one act after the other while the sender is killed, then wait until all is at rest.

        `meanwhile` is called again and again at the end, and returns how much it has yet to do.
        """
        plan_chaos(self._exports.sandbox, fault_chance)
        ends = [*sorted(self._chance.sample(range(1, len(acts)), kills)), len(acts)]
        done = 0
        for end in ends:
            async with self._sending(kill=end != len(acts)):
                for act in acts[done:end]:
                    await asyncio.to_thread(act)
                done = end
                if end == len(acts):
                    await self._rest(meanwhile)
                else:
                    await self._wait_for_something_under_way()
                    await asyncio.sleep(self._chance.uniform(0, 0.05))

    def let_send(self) -> None:
        """An act: wait until the sender sent something more, or nothing waits."""
        journal = self._exports.sandbox.engine.journal
        deadline = time.monotonic() + REST_SECONDS
        while not (newest := journal.newest(limit=1)) or newest[0].number <= self._seen:
            if not self._waiting():
                return
            assert time.monotonic() < deadline
            time.sleep(0.005)
        self._seen = newest[0].number

    def count(self) -> Counted:
        """Return what was sent, and what would have been enough."""
        journal = self._exports.sandbox.engine.journal
        entries = journal.newest(limit=1_000_000, path="/users/track")
        return count(
            entries[::-1],
            self._kills,
            attributes=self._exports.attributes.values(),
            late_ms=1_000 * TIMEOUT,
        )

    @asynccontextmanager
    async def _sending(self, *, kill: bool) -> AsyncIterator[None]:
        exports = self._exports
        child = await asyncio.create_subprocess_exec(
            sys.executable, str(SENDER), exports.store.url, str(exports.key_file), str(TIMEOUT),
            stdout=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            yield
        finally:
            child.kill()
            await child.wait()
        if kill:
            await asyncio.to_thread(self._note_kill)

    def _note_kill(self) -> None:
        exports = self._exports
        with exports.store.transaction() as conn:
            left = list_open_requests(conn, exports.authorization)
        told = frozenset(
            (exports.attributes[request.destination], row.recipient)
            for request in left
            for row in request.sent.rows
        )
        newest = exports.sandbox.engine.journal.newest(limit=1)
        self._kills.append(Kill(newest[0].number if newest else 0, told))

    async def _wait_for_something_under_way(self) -> None:
        # A kill hurts then. If everything is settled meanwhile, it cannot hurt, and comes at once.
        while not await asyncio.to_thread(self._under_way):
            if not await asyncio.to_thread(self._waiting):
                return
            await asyncio.sleep(0.005)

    async def _rest(self, meanwhile: Callable[[], int]) -> None:
        """Replay what was refused until nothing is, and wait until nothing waits."""
        deadline = time.monotonic() + REST_SECONDS
        while True:
            left = await asyncio.to_thread(meanwhile)
            waiting = await asyncio.to_thread(self._waiting)
            # All at once and seldom, so that they fill requests.
            if not left and not waiting and not await asyncio.to_thread(self._replay):
                return
            assert time.monotonic() < deadline
            await asyncio.sleep(0.1)

    def _replay(self) -> int:
        with self._exports.store.transaction() as conn:
            served = conn.execute("SELECT id FROM destination WHERE retired_at IS NULL").fetchall()
            return sum(replay_parked(conn, place) for (place,) in served)

    def _waiting(self) -> int:
        with self._exports.store.transaction() as conn:
            found = conn.execute(AT_REST).fetchone()
        return int(found[0]) if found else 0

    def _under_way(self) -> int:
        with self._exports.store.transaction() as conn:
            return len(list_open_requests(conn, self._exports.authorization))
