"""A house whose exports reach a sandbox."""

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.functional.exports.office import PEOPLE, Office
from tests.functional.flow.conftest import ACTOR, House

from braze_sandbox import running_sandbox
from coterie.control.jobs import (
    create_export,
    delete_job,
    get_job,
    update_export,
)
from coterie.flow.exports.desk import DeliveryDesk
from coterie.model.control import Job
from coterie.sender.dependencies import SenderDependencies
from coterie.sender.loop import run_sender
from coterie.store import Store

DEADLINE = 60.0


class Shop(House):
    """A house with a Braze to send to."""

    def __init__(self, store: Store, braze: Any) -> None:
        super().__init__(store)
        self.braze = braze
        self.authorization = self.authorize(braze.url, braze.key)

    def create(self, *slugs: str, **options: Any) -> Job:
        """Make an export job; its options are those of `ExportAudienceConfig`."""
        self.job = create_export(
            self.store,
            account=self.account.number,
            label="Export",
            authorization_id=self.authorization,
            config={"identifier_field": "user_id", "audiences": slugs, **options},
            actor=ACTOR,
            clock=lambda: self.now,
        )
        return self.job

    def change(self, *, clean_up: bool = False, **options: Any) -> Job:
        """Change the export made last."""
        return update_export(
            self.store,
            account=self.account.number,
            job_id=self.job.id,
            options=options,
            clean_up=clean_up,
            actor=ACTOR,
            clock=lambda: self.now,
        )

    def delete(self, *, clean_up: bool = False) -> Job:
        """Delete the export made last."""
        return delete_job(
            self.store,
            account=self.account.number,
            job_id=self.job.id,
            clean_up=clean_up,
            actor=ACTOR,
            clock=lambda: self.now,
        )

    def state(self) -> Job:
        """The export made last, as it is now."""
        return get_job(self.store, self.account.number, self.job.id)

    def deliver(
        self,
        *,
        jobs: Callable[[], object] = lambda: None,
        desk: DeliveryDesk | None = None,
        until: Callable[[], object] = lambda: True,
    ) -> None:
        """Send all that is due, and `until` holds; `jobs` is called again and again meanwhile."""
        asyncio.run(self._deliver(jobs, desk or DeliveryDesk(self.store), until))

    async def _deliver(
        self, jobs: Callable[[], object], desk: DeliveryDesk, until: Callable[[], object]
    ) -> None:
        stop = asyncio.Event()
        deps = SenderDependencies(
            desk=desk,
            ring=self.ring,
            allow_private_addresses=True,
            flush_seconds=0.0,
            poll_seconds=0.02,
            takeover_seconds=0.0,
            clock=lambda: self.now,
        )
        task = asyncio.create_task(run_sender(deps, stop))
        deadline = time.monotonic() + DEADLINE
        try:
            while await asyncio.to_thread(self._is_busy, jobs) or not until():
                assert time.monotonic() < deadline, "there is still something to send"
                await asyncio.sleep(0.02)
        finally:
            stop.set()
            await task

    def _is_busy(self, jobs: Callable[[], object]) -> bool:
        jobs()
        with self.store.transaction() as conn:
            query = (
                "SELECT EXISTS (SELECT FROM outbox o JOIN destination d ON d.id = o.destination"
                " WHERE o.pending AND d.retired_at IS NULL) OR EXISTS (SELECT FROM outbox_queue q"
                " JOIN job j ON j.destination_id = q.destination"
                " WHERE q.state = 'waiting' AND j.state NOT IN ('paused', 'killed'))"
            )
            found = conn.execute(query).fetchone()
        return bool(found and found[0])

    def at_braze(self, user: str, attribute: str = "lytics_segments") -> Any:
        """What a user of Braze holds in an attribute; None without the user or a value."""
        found = self.braze.user(user)
        return None if found is None else found["custom_attributes"].get(attribute)


@pytest.fixture
def shop(database_url: str) -> Iterator[Shop]:
    with running_sandbox() as braze, Store.open(database_url, max_size=8) as store:
        found = Shop(store, braze)
        yield found
        found.worker._conn.close()


@pytest.fixture
def office(database_url: str, tmp_path: Path) -> Iterator[Office]:
    with Store.open(database_url) as store:
        found = Office(store, tmp_path / "data")
        found.audience("all", "FILTER EXISTS user_id")
        found.audience("norwegians", 'FILTER country = "NO"')
        found.send(*PEOPLE)
        found.work()
        found.build()
        yield found
        found.worker._conn.close()
