"""A small house: an account, its worker, and a clock that stands until it is moved."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from coterie.app.services import config_source
from coterie.base.seal import KeyRing, new_ring
from coterie.base.settings import Settings
from coterie.control.accounts import create_account
from coterie.control.authorizations import create_authorization
from coterie.control.definitions.audiences import archive_audience, create_audience
from coterie.control.definitions.decisions import NewDecision, decide, undo
from coterie.control.definitions.default import read_queries
from coterie.control.definitions.pipeline import load_config
from coterie.control.definitions.schema import publish_lql
from coterie.control.definitions.streams import set_trusted
from coterie.control.jobs import create_export, kill_job
from coterie.flow.eventlog.bulk import append_events
from coterie.flow.eventlog.lanes import ensure_lanes
from coterie.flow.eventlog.prepare import ensure_days
from coterie.flow.exports.destinations import list_destinations
from coterie.flow.run.batch import BatchSettings
from coterie.flow.run.context import Contexts
from coterie.flow.run.lookup import Lookup
from coterie.flow.run.names import IDENTITY_PURPOSE, Names
from coterie.model.control import Account, Actor
from coterie.model.decisions import Decision, DecisionKind
from coterie.model.delivery import DestinationPlan
from coterie.model.events import IncomingEvent
from coterie.model.mapped import Identifier
from coterie.store import Store
from coterie.worker.builder import build_range, empty_range
from coterie.worker.dependencies import Bench
from coterie.worker.jobs import run_due_job
from coterie.worker.loop import Worker, WorkerDependencies

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
ACTOR = Actor(name="test")


class House:
    """An account with a worker that works when told to, at the instant it is told."""

    def __init__(self, store: Store, *, a_batch: int = 7, ring: KeyRing | None = None) -> None:
        self.store = store
        self.now = START
        self.account: Account = create_account(
            store, name="Test", actor=ACTOR, clock=lambda: self.now
        )
        with store.transaction() as conn:
            ensure_lanes(conn, 2)
            ensure_days(conn, START.date())
        self.ring = ring or new_ring()
        self.key = self.ring.hash_key(IDENTITY_PURPOSE)
        settings = BatchSettings(self.key, limit=a_batch)
        deps = WorkerDependencies(store, config_source(), lambda: self.now, settings)
        self.worker = Worker(deps, store.connect())
        self.lookup = Lookup(store, config_source())
        self.authorizations = 0
        self.bench = Bench(
            Settings(),
            lambda: self.now,
            self.ring,
            store,
            Contexts(config_source(), Names(self.key)),
        )

    def trust(self, stream: str) -> None:
        """Make a stream like the default one whose events may say when they happened."""
        text = next(iter(read_queries())).replace("FROM default", f"FROM {stream}")
        publish_lql(
            self.store,
            account=self.account.number,
            text=text.replace("ALIAS default", f"ALIAS {stream}"),
            actor=ACTOR,
            clock=lambda: self.now,
        )
        set_trusted(
            self.store,
            account=self.account.number,
            name=stream,
            trusted=True,
            actor=ACTOR,
            clock=lambda: self.now,
        )

    def send(
        self,
        *bodies: dict[str, Any],
        stream: str = "default",
        lane: int = 0,
        at: datetime | None = None,
    ) -> None:
        events = [
            IncomingEvent(
                account=self.account.number,
                stream=stream,
                received_at=self.now,
                occurred_at=at,
                body=msgspec.json.encode(body).decode(),
                message_hash=body["message_id"].encode() if "message_id" in body else None,
            )
            for body in bodies
        ]
        with self.store.transaction() as conn:
            append_events(conn, lane, events)

    def work(self) -> None:
        while self.worker.turn():
            pass

    def profile(self, field: str, value: str) -> dict[str, Any]:
        found = self.lookup.find_profile(self.account.number, field, value, self.now)
        assert found is not None, f"nobody has {field} {value}"
        return {
            **{item.name: item.value for item in found.fields},
            "id": found.profile_id,
            "audiences": [item.slug for item in found.audiences],
        }

    def audience(self, slug: str, text: str) -> int:
        made = create_audience(
            self.store,
            account=self.account.number,
            slug=slug,
            name=slug,
            description="",
            filter_text=text,
            actor=ACTOR,
            clock=lambda: self.now,
        )
        return made.id

    def pin(
        self, kind: DecisionKind, a: Identifier, b: Identifier | None = None, *, reason: str = "x"
    ) -> Decision:
        """Put a decision in force; `work` lets profiles follow."""
        return decide(
            self.store,
            account=self.account.number,
            new=NewDecision(kind=kind, a=a, b=b, reason=reason),
            actor=ACTOR,
            clock=lambda: self.now,
        )

    def undo(self, decision: Decision) -> None:
        """Take a decision back."""
        undo(
            self.store,
            account=self.account.number,
            decision_id=decision.id,
            reason="it was wrong",
            actor=ACTOR,
            clock=lambda: self.now,
        )

    def authorize(self, url: str = "https://rest.iad-01.braze.com", key: str = "key") -> int:
        """An authorization for a Braze, by default one that nobody calls here."""
        self.authorizations += 1
        return create_authorization(
            self.store,
            self.ring,
            account=self.account.number,
            provider="braze",
            method="api_key",
            label=f"Braze {self.authorizations}",
            description="",
            config={"apikey": key, "endpoint_url": url},
            actor=ACTOR,
            now=self.now,
            probe=None,
        ).id

    def export(
        self,
        *slugs: str,
        existing: bool = True,
        field: str = "user_id",
        authorization: int | None = None,
    ) -> int:
        """Make an Export Audience job; return its destination."""
        self.job = create_export(
            self.store,
            account=self.account.number,
            label="Export",
            authorization_id=authorization or self.authorize(),
            config={"identifier_field": field, "audiences": slugs, "existing_users": existing},
            actor=ACTOR,
            clock=lambda: self.now,
        )
        assert self.job.destination_id is not None
        return self.job.destination_id

    def kill_job(self) -> None:
        """Kill the export made last."""
        kill_job(
            self.store,
            account=self.account.number,
            job_id=self.job.id,
            actor=ACTOR,
            clock=lambda: self.now,
        )

    def destinations(self) -> list[DestinationPlan]:
        """What the sender serves."""
        with self.store.transaction() as conn:
            return list_destinations(conn, load_config(conn), now=self.now)

    def outbox(self) -> dict[str, tuple[list[str], list[str]]]:
        """Recipient to what it should hold, and what is in doubt."""
        with self.store.transaction() as conn:
            rows = conn.execute(
                "SELECT o.recipient, ARRAY(SELECT jsonb_object_keys(o.wanted) ORDER BY 1), "
                "ARRAY(SELECT jsonb_object_keys(o.in_doubt) ORDER BY 1) FROM outbox o "
                "JOIN destination d ON d.id = o.destination WHERE d.retired_at IS NULL"
            ).fetchall()
        return {recipient: (wanted, in_doubt) for recipient, wanted, in_doubt in rows}

    def omissions(self) -> list[str]:
        with self.store.transaction() as conn:
            return [row[0] for row in conn.execute("SELECT reason FROM omission")]

    def build(self) -> None:
        """Build the audiences that wait for it."""
        while build_range(self.bench) or empty_range(self.bench):
            pass

    def archive(self, slug: str) -> None:
        """Archive an audience."""
        archive_audience(
            self.store,
            account=self.account.number,
            slug=slug,
            actor=ACTOR,
            clock=lambda: self.now,
        )

    def run_jobs(self) -> None:
        """Run due jobs."""
        with self.store.connect(autocommit=True) as conn:
            while run_due_job(self.bench, conn, is_stopping=lambda: False):
                pass

    def changes(self) -> list[tuple[str, int | None, str]]:
        with self.store.transaction() as conn:
            return conn.execute(
                "SELECT kind, audience_id, cause FROM change ORDER BY changed_at, lane, seq, n"
            ).fetchall()


@pytest.fixture
def house(database_url: str) -> Iterator[House]:
    with Store.open(database_url) as store:
        found = House(store)
        yield found
        found.worker._conn.close()
