"""A database with one Braze authorization and a sandbox behind it."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import msgspec
import pytest
from psycopg.types.json import Jsonb

from braze_sandbox.auth.keys import make_key
from braze_sandbox.sandbox import BrazeSandbox
from braze_sandbox.store.state import DEFAULT_WORKSPACE
from coterie.base.seal import KeyRing, new_ring
from coterie.control.authorizations import create_authorization, update_authorization
from coterie.flow.exports.desk import DeliveryDesk
from coterie.flow.exports.queue import enqueue
from coterie.model.control import Actor
from coterie.model.delivery import NewQueueItem
from coterie.sender.dependencies import SenderDependencies
from coterie.sender.loop import run_sender
from coterie.store import Store

ACCOUNT = 3012
ACTOR = Actor(name="cli")
ATTRIBUTE = "lytics_segments"
DEADLINE = 90.0


class World:
    """What the tests do as the worker would, and what they look at."""

    def __init__(self, store: Store, ring: KeyRing, sandbox: BrazeSandbox) -> None:
        self.store = store
        self.ring = ring
        self.sandbox = sandbox
        self.authorization_id = 0
        self.destination = 0

    def set_up(self, *, objects_per_request: int = 75) -> None:
        with self.store.transaction() as conn:
            conn.execute(
                "INSERT INTO account (number, name, created_at) VALUES (%s, 'Shop', now())",
                (ACCOUNT,),
            )
        config = {
            "apikey": self.sandbox.key,
            "endpoint_url": self.sandbox.url,
            "objects_per_request": objects_per_request,
        }
        authorization = create_authorization(
            self.store,
            self.ring,
            account=ACCOUNT,
            provider="braze",
            method="api_key",
            label="Braze",
            config=config,
            actor=ACTOR,
            now=datetime.now(UTC),
        )
        self.authorization_id = authorization.id
        self.destination = self.add_destination(ATTRIBUTE)

    def set_up_other(self, key: str) -> None:
        """Go on with another key and a destination of its own."""
        made = make_key(key, workspace=DEFAULT_WORKSPACE, now=datetime.now(UTC))
        self.sandbox.engine.state.add_key(made)
        authorization = create_authorization(
            self.store,
            self.ring,
            account=ACCOUNT,
            provider="braze",
            method="api_key",
            label="Another",
            config={"apikey": key, "endpoint_url": self.sandbox.url},
            actor=ACTOR,
            now=datetime.now(UTC),
        )
        self.authorization_id = authorization.id
        self.destination = self.add_destination(ATTRIBUTE)

    def save_key(self, key: str) -> None:
        """Make another key at the sandbox and save it in the authorization."""
        made = make_key(key, workspace=DEFAULT_WORKSPACE, now=datetime.now(UTC))
        self.sandbox.engine.state.add_key(made)
        self.configure(apikey=key)

    def configure(self, **changes: str) -> None:
        """Save the authorization with other options."""
        update_authorization(
            self.store,
            self.ring,
            account=ACCOUNT,
            authorization_id=self.authorization_id,
            config={"apikey": self.sandbox.key, "endpoint_url": self.sandbox.url, **changes},
            actor=ACTOR,
            now=datetime.now(UTC),
        )

    def add_destination(self, attribute: str, *, form: str = "array") -> int:
        with self.store.transaction() as conn:
            found = conn.execute(
                "INSERT INTO destination (account, authorization_id, form, attribute)"
                " VALUES (%s, %s, %s, %s) RETURNING id",
                (ACCOUNT, self.authorization_id, form, attribute),
            ).fetchone()
            conn.execute("UPDATE config_epoch SET epoch = epoch + 1")
        assert found is not None
        return int(found[0])

    def add_job(self, audiences: dict[str, str], *, state: str = "running") -> int:
        """Add an export job of audiences (slug to exported value)."""
        config = {
            "kind": "export_audience",
            "identifier_field": "external_id",
            "audiences": list(audiences),
            "existing_users": True,
            "names": audiences,
        }
        with self.store.transaction() as conn:
            for slug in audiences:
                conn.execute(
                    "INSERT INTO audience (account, slug, name, filter_text, state, created_at,"
                    " updated_at) VALUES (%s, %s, %s, '*', 'live', now(), now())"
                    " ON CONFLICT DO NOTHING",
                    (ACCOUNT, slug, slug),
                )
            found = conn.execute(
                "INSERT INTO job (account, kind, label, authorization_id, destination_id, config,"
                " state, created_by, created_at, updated_at, started_at) VALUES"
                " (%s, 'export_audience', 'Export', %s, %s, %s, %s, 'cli', now(), now(), now())"
                " RETURNING id",
                (
                    ACCOUNT,
                    self.authorization_id,
                    self.destination,
                    msgspec.json.encode(config).decode(),
                    state,
                ),
            ).fetchone()
            conn.execute("UPDATE config_epoch SET epoch = epoch + 1")
        assert found is not None
        return int(found[0])

    def set_job_state(self, job_id: int, state: str) -> None:
        with self.store.transaction() as conn:
            conn.execute("UPDATE job SET state = %s WHERE id = %s", (state, job_id))
            conn.execute("UPDATE config_epoch SET epoch = epoch + 1")

    def wish(
        self,
        recipient: str,
        values: Collection[str],
        *,
        left: Collection[str] = (),
        destination: int | None = None,
    ) -> None:
        """Write a wish as the worker's transaction does; `left` are explicit removals."""
        self.wish_many([recipient], values, left=left, destination=destination)

    def wish_many(
        self,
        recipients: Collection[str],
        values: Collection[str],
        *,
        left: Collection[str] = (),
        destination: int | None = None,
    ) -> None:
        chosen = self.destination if destination is None else destination
        doubt = Jsonb({value: [None, 0, 0] for value in left})
        with self.store.transaction() as conn, conn.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO outbox AS o (destination, recipient, account, claims, wanted,"
                " in_doubt, version) VALUES (%s, %s, %s, '', %s, %s, 1)"
                " ON CONFLICT (destination, recipient) DO UPDATE SET wanted = EXCLUDED.wanted,"
                " in_doubt = o.in_doubt || EXCLUDED.in_doubt,"
                " version = o.version + 1, pending = true, parked = NULL",
                [
                    (chosen, name, ACCOUNT, Jsonb(dict.fromkeys(values, True)), doubt)
                    for name in recipients
                ],
            )

    def under_way(self) -> int:
        """Return how many requests have no answer yet."""
        with self.store.transaction() as conn:
            found = conn.execute(
                "SELECT count(*) FROM delivery_request WHERE closed_at IS NULL"
            ).fetchone()
        assert found is not None
        return int(found[0])

    def pending(self) -> int:
        with self.store.transaction() as conn:
            found = conn.execute("SELECT count(*) FROM outbox WHERE pending").fetchone()
        assert found is not None
        return int(found[0])

    def uncertain(self) -> int:
        """Return how many users are to be told again because a request had no answer."""
        with self.store.transaction() as conn:
            found = conn.execute(
                "SELECT count(*) FROM outbox WHERE uncertain IS NOT NULL"
            ).fetchone()
        assert found is not None
        return int(found[0])

    def row(self, recipient: str) -> dict[str, object]:
        """Return the row of a user; of its items the keys, in order."""
        names = ("wanted", "told", "in_doubt", "pending", "parked", "attempts", "last_answer")
        with self.store.transaction() as conn:
            found = conn.execute(
                "SELECT ARRAY(SELECT jsonb_object_keys(wanted) ORDER BY 1),"
                " ARRAY(SELECT jsonb_object_keys(told) ORDER BY 1),"
                " ARRAY(SELECT jsonb_object_keys(in_doubt) ORDER BY 1),"
                " pending, parked, attempts, last_answer FROM outbox WHERE recipient = %s",
                (recipient,),
            ).fetchone()
        assert found is not None
        return dict(zip(names, found, strict=True))

    def settled_at(self, recipient: str, destination: int) -> datetime:
        with self.store.transaction() as conn:
            found = conn.execute(
                "SELECT settled_at FROM outbox WHERE recipient = %s AND destination = %s",
                (recipient, destination),
            ).fetchone()
        assert found is not None
        assert isinstance(found[0], datetime)
        return found[0]

    def pause(self, destination: int) -> None:
        self._set_delivery(destination, "paused")

    def resume(self, destination: int) -> None:
        self._set_delivery(destination, "running")

    def _set_delivery(self, destination: int, state: str) -> None:
        with self.store.transaction() as conn:
            conn.execute("UPDATE destination SET delivery = %s WHERE id = %s", (state, destination))
            conn.execute("UPDATE config_epoch SET epoch = epoch + 1")

    def enqueue(self, destination: int, *items: NewQueueItem) -> None:
        with self.store.transaction() as conn:
            enqueue(conn, destination, items, account=ACCOUNT, now=datetime.now(UTC))

    def at_braze(self, recipient: str, attribute: str = ATTRIBUTE) -> set[str] | None:
        """Return the values a user holds at the sandbox, None if there is no such user."""
        workspace = self.sandbox.engine.state.workspaces[DEFAULT_WORKSPACE]
        profile = workspace.profiles.find_external(recipient)
        return None if profile is None else set(profile.custom.get(attribute, []))

    def requests(self) -> list[list[dict[str, object]]]:
        """Return the attributes objects of each request the sandbox saw, oldest first."""
        entries = self.sandbox.engine.journal.newest(
            limit=10_000, path="/users/track", status=None, after=0
        )
        return [msgspec.json.decode(entry.request)["attributes"] for entry in entries][::-1]

    def dependencies(self, **changes: object) -> SenderDependencies:
        deps = SenderDependencies(
            desk=DeliveryDesk(self.store),
            ring=self.ring,
            allow_private_addresses=True,
            flush_seconds=0.05,
            poll_seconds=0.02,
            takeover_seconds=0.1,
            report_seconds=0.1,
        )
        return msgspec.structs.replace(deps, **changes)

    @asynccontextmanager
    async def sending(self, **changes: object) -> AsyncIterator[None]:
        """Run a sender until the block ends, then stop it as SIGTERM would."""
        stop = asyncio.Event()
        task = asyncio.create_task(run_sender(self.dependencies(**changes), stop))
        try:
            yield
        finally:
            stop.set()
            await asyncio.wait_for(task, DEADLINE)

    async def wait_until(self, holds: Callable[[], object]) -> None:
        deadline = time.monotonic() + DEADLINE
        while not await asyncio.to_thread(holds):
            assert time.monotonic() < deadline
            await asyncio.sleep(0.01)

    async def wait_idle(self) -> None:
        await self.wait_until(lambda: self.pending() == 0)


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with Store.open(database_url, max_size=8) as opened:
        yield opened


@pytest.fixture
async def sandbox() -> AsyncIterator[BrazeSandbox]:
    async with BrazeSandbox.start() as running:
        yield running


@pytest.fixture
def world(store: Store, sandbox: BrazeSandbox) -> World:
    made = World(store, new_ring(), sandbox)
    made.set_up()
    return made
