"""A house with as many workers as a test hires, and with profiles that can be damaged."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import structlog
from tests.functional.flow.conftest import ACTOR, House

from coterie.app.services import config_source
from coterie.control.definitions.audiences import update_audience
from coterie.flow.run.batch import BatchSettings
from coterie.flow.run.context import ConfigAt, Contexts
from coterie.flow.run.names import Names
from coterie.store import Store
from coterie.worker.dependencies import Bench
from coterie.worker.loop import Worker, WorkerDependencies

# What no version of us ever wrote: msgpack never uses this byte.
DAMAGED = b"\xc1"


class Crew(House):
    """Several workers on one log."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.worker._conn.close()
        self._workers: list[Worker] = []

    def deps(self, *, limit: int = 2_000, config_at: ConfigAt | None = None) -> WorkerDependencies:
        return WorkerDependencies(
            self.store,
            config_at or config_source(),
            lambda: self.now,
            BatchSettings(self.key, limit=limit),
        )

    def hire(self, *, limit: int = 2_000, config_at: ConfigAt | None = None) -> Worker:
        """Another worker, with a connection of its own, as in another process."""
        hired = Worker(self.deps(limit=limit, config_at=config_at), self.store.connect())
        self._workers.append(hired)
        return hired

    def work_hard(self) -> None:
        """Process all that waits, in large batches."""
        self.work_with(self.hire())

    def work_with(self, worker: Worker, *, turns: int = 200) -> None:
        """Let a worker take turns until nothing waits."""
        for _ in range(turns):
            if not worker.turn() and self.waiting() == 0:
                return
        pytest.fail(f"{self.waiting()} events wait after {turns} turns")

    def new_bench(self) -> Bench:
        """The bench of another process."""
        contexts = Contexts(config_source(), Names(self.key))
        return Bench(self.bench.settings, lambda: self.now, self.ring, self.store, contexts)

    def dismiss(self) -> None:
        for worker in self._workers:
            worker._conn.close()

    def waiting(self) -> int:
        query = "SELECT sum(h.seq - l.cursor_seq) FROM lane l JOIN lane_head h USING (lane)"
        return int(self.ask(query)[0][0])

    def edit(self, slug: str, text: str) -> None:
        """Give an audience another filter."""
        update_audience(
            self.store,
            account=self.account.number,
            slug=slug,
            filter_text=text,
            actor=ACTOR,
            clock=lambda: self.now,
        )

    def outcomes(self) -> dict[int, tuple[str, str]]:
        """Sequence number to kind and reason, in lane 0."""
        rows = self.ask("SELECT seq, kind, reason FROM event_outcome WHERE lane = 0")
        return {seq: (kind, reason) for seq, kind, reason in rows}

    def damage(self, user_id: str) -> None:
        """Make the profile of a user unreadable, as a failing disk might."""
        query = (
            "UPDATE g1.profile SET body = %s WHERE profile_id ="
            " (SELECT profile_id FROM g1.identity WHERE field = 'user_id' AND value = %s)"
        )
        with self.store.transaction() as conn:
            assert conn.execute(query, (DAMAGED, user_id)).rowcount == 1

    def kinds_of_change(self) -> Counter[tuple[str, str]]:
        rows = self.ask("SELECT kind, cause FROM change")
        return Counter((kind, cause) for kind, cause in rows)

    def ask(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with self.store.transaction() as conn:
            return conn.execute(query.encode(), values).fetchall()


@pytest.fixture(autouse=True)
def quiet_log() -> Iterator[None]:
    """Failures are what these tests are about, and tracebacks take long to draw."""
    with structlog.testing.capture_logs():
        yield


@pytest.fixture
def crew(database_url: str) -> Iterator[Crew]:
    with Store.open(database_url) as store:
        found = Crew(store)
        yield found
        found.dismiss()
