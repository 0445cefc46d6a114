"""People who change while export jobs start, are edited, paused, resumed and deleted."""

import threading
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from random import Random
from typing import Any

import msgspec
from tests.e2e.chaos.faults import LIFE
from tests.functional.flow.conftest import ACTOR, House

from braze_sandbox.sandbox import BrazeSandbox
from coterie.base.seal import KeyRing
from coterie.control.authorizations import create_authorization
from coterie.control.definitions.schema import publish_lql
from coterie.control.jobs import create_export, delete_job, pause_job, resume_job, update_export
from coterie.flow.eventlog.bulk import append_events
from coterie.model.events import IncomingEvent
from coterie.store import Store
from coterie.worker.jobs import run_due_job

AUDIENCES = ("vip", "new", "loyal", "at_risk", "lapsed", "big_spenders")
STREAM = "shop"
LQL = f"""
SELECT user_id KIND string, {", ".join(f"toint({name}) AS {name} KIND int" for name in AUDIENCES)}
FROM {STREAM} INTO user BY user_id ALIAS {STREAM}
"""
INTERRUPTED = 0.1
"""How likely a runner is told to stop whenever it asks."""

Turn = tuple[str, str, bool]
"""A user, an audience, and whether it holds the user from now on."""


class Interruption:
    """The stop sign of one run of a job: it comes at any time, and stays."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._has_come = False

    def __call__(self) -> bool:
        self._has_come = self._has_come or self._chance.random() < INTERRUPTED
        return self._has_come


class Office(House):
    """A house whose audiences follow one field each, and whose jobs a runner of its own runs."""

    def __init__(self, store: Store, ring: KeyRing, sandbox: BrazeSandbox, chance: Random) -> None:
        super().__init__(store, a_batch=500, ring=ring)
        self._chance = chance
        self._batches = 0
        self._jobs: dict[str, int] = {}
        self.attributes: dict[int, str] = {}
        self.truth: dict[str, set[str]] = defaultdict(set)
        publish_lql(
            store, account=self.account.number, text=LQL, actor=ACTOR, clock=lambda: self.now
        )
        self.authorization = create_authorization(
            store,
            self.ring,
            account=self.account.number,
            provider="braze",
            method="api_key",
            label="Braze",
            config={
                "apikey": sandbox.key,
                "endpoint_url": sandbox.url,
                "request_life_seconds": LIFE,
            },
            actor=ACTOR,
            now=self.now,
        ).id
        for name in AUDIENCES:
            self.audience(name, f"FILTER {name} = 1")
        self.build()

    def tell(self, turns: Sequence[Turn]) -> None:
        """Let people change, one after the other, and the worker follow."""
        events = []
        for user, audience, holds in turns:
            self.truth[user] = self.truth[user] - {audience} | ({audience} if holds else set())
            self.now += timedelta(milliseconds=1)
            body = {"user_id": user, audience: int(holds)}
            events.append(
                IncomingEvent(
                    account=self.account.number,
                    stream=STREAM,
                    received_at=self.now,
                    occurred_at=None,
                    body=msgspec.json.encode(body).decode(),
                    message_hash=None,
                )
            )
        self._batches += 1
        with self.store.transaction() as conn:
            append_events(conn, self._batches % 2, events)
        self.work()

    def start(self, label: str, attribute: str, audiences: Sequence[str]) -> None:
        """Make a job that sends who is a member already, too."""
        job = create_export(
            self.store,
            account=self.account.number,
            label=label,
            authorization_id=self.authorization,
            config={
                "identifier_field": "user_id",
                "audiences": audiences,
                "attribute": attribute,
                "existing_users": True,
            },
            actor=ACTOR,
            clock=lambda: self.now,
        )
        assert job.destination_id is not None
        self._jobs[label] = job.id
        self.attributes[job.destination_id] = attribute

    def edit(self, label: str, audiences: Sequence[str]) -> None:
        """Let a job export other audiences, and take away what it exports no more."""
        update_export(
            self.store, **self._job(label), options={"audiences": audiences}, clean_up=True
        )

    def pause(self, label: str) -> None:
        """Hold a job."""
        pause_job(self.store, **self._job(label))

    def resume(self, label: str) -> None:
        """Let a job go on."""
        resume_job(self.store, **self._job(label))

    def delete(self, label: str) -> None:
        """End a job and take away what it wrote."""
        delete_job(self.store, **self._job(label), clean_up=True)

    def _job(self, label: str) -> dict[str, Any]:
        return {
            "account": self.account.number,
            "job_id": self._jobs[label],
            "actor": ACTOR,
            "clock": lambda: self.now,
        }

    def follow(self) -> int:
        """Let a second go by; return how many jobs have not come to rest."""
        self.now += timedelta(seconds=1)
        self.work()
        with self.store.transaction() as conn:
            found = conn.execute(
                "SELECT count(*) FROM job WHERE state = 'runnable' OR run_at IS NOT NULL"
            ).fetchone()
        return int(found[0]) if found else 0

    def refused(self, attribute: str) -> set[str]:
        """Return of whom the destination refused what was told last."""
        with self.store.transaction() as conn:
            rows = conn.execute(
                "SELECT o.recipient FROM outbox o JOIN destination d ON d.id = o.destination"
                " WHERE d.attribute = %s AND o.parked IS NOT NULL",
                (attribute,),
            ).fetchall()
        return {recipient for (recipient,) in rows}

    @contextmanager
    def running_jobs(self) -> Iterator[None]:
        """Run due jobs beside all else until the block ends, interrupted now and then.

        The worker ends with it.
        """
        stop = threading.Event()
        chance = Random(self._chance.random())

        def run() -> None:
            with self.store.connect(autocommit=True) as conn:
                while not stop.is_set():
                    if not run_due_job(self.bench, conn, is_stopping=Interruption(chance)):
                        stop.wait(0.02)

        with ThreadPoolExecutor(max_workers=1) as threads:
            running = threads.submit(run)
            try:
                yield
            finally:
                stop.set()
                self.worker._conn.close()
            running.result()
