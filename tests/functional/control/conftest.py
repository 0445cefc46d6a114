from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from coterie.base.clock import Clock
from coterie.base.seal import KeyRing, new_ring
from coterie.control import accounts, authorizations, jobs
from coterie.control.definitions import audiences
from coterie.model.control import Account, Actor, Job
from coterie.store import Connection, Store

MakeExport = Callable[..., Job]
FILES = {"stream": "braze_csv", "folder": "/srv/files", "prefix": "users"}

ACTOR = Actor(name="cli")
START = datetime(2026, 3, 1, 12, tzinfo=UTC)


class SetClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> datetime:
        self.now += timedelta(**by)
        return self.now


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with Store.open(database_url, max_size=8) as opened:
        yield opened


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def advance(clock: SetClock) -> Callable[..., datetime]:
    """Moves the clock on by a timedelta's words and returns the new time."""
    return clock.advance


@pytest.fixture
def actor() -> Actor:
    return ACTOR


@pytest.fixture
def ring() -> KeyRing:
    return new_ring()


@pytest.fixture
def account(store: Store, clock: SetClock) -> Account:
    return accounts.create_account(store, name="Main", actor=ACTOR, clock=clock, number=3012)


@pytest.fixture
def braze(store: Store, ring: KeyRing, account: Account, actor: Actor, clock: Clock) -> int:
    for slug in ("known", "buyers"):
        audiences.create_audience(
            store, account=account.number, slug=slug, name=slug, filter_text="EXISTS email",
            actor=actor, clock=clock,
        )  # fmt: skip
    return authorizations.create_authorization(
        store, ring, account=account.number, provider="braze", method="api_key", label="Braze",
        config={"apikey": "k", "instance": "EU-01"}, actor=actor, now=clock(),
    ).id  # fmt: skip


@pytest.fixture
def make_export(store: Store, braze: int, actor: Actor, clock: Clock) -> MakeExport:
    def make(**changes: Any) -> Job:
        options = {"identifier_field": "user_id", "audiences": ["known"], "existing_users": True}
        return jobs.create_export(
            store, account=3012, label=changes.pop("label", "To Braze"),
            authorization_id=changes.pop("authorization_id", braze), config=options | changes,
            actor=actor, clock=clock,
        )  # fmt: skip

    return make


@pytest.fixture
def make_import(store: Store, account: Account, actor: Actor, clock: Clock) -> MakeExport:
    def make(**changes: Any) -> Job:
        return jobs.create_import_csv(
            store, account=account.number, label="Files", authorization_id=None,
            config={**FILES, **changes}, actor=actor, now=clock(),
        )  # fmt: skip

    return make


@pytest.fixture
def runner(store: Store) -> Iterator[Connection]:
    with store.connect(autocommit=True) as conn:
        yield conn


@pytest.fixture
def other_runner(store: Store) -> Iterator[Connection]:
    with store.connect(autocommit=True) as conn:
        yield conn
