import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

import psycopg
import pytest

from coterie.base.clock import Clock
from coterie.control.definitions import audiences, streams
from coterie.control.definitions.change import definition_change
from coterie.control.definitions.pipeline import current_epoch, load_config
from coterie.model.control import Account, Actor
from coterie.store import Store
from coterie.store.fences import close_fence, share_fence

WAITING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
PATIENCE = timedelta(seconds=20)


def wait_until_someone_waits(store: Store) -> None:
    deadline = time.monotonic() + PATIENCE.total_seconds()
    while time.monotonic() < deadline:
        with store.transaction() as conn:
            if conn.execute(WAITING).fetchone() == (1,):
                return
    pytest.fail("nobody waited at the fence")


def test_a_change_waits_for_the_batch_and_dates_itself_after_it(
    store: Store, account: Account, actor: Actor, clock: Clock, advance: Callable[..., datetime]
) -> None:
    def create() -> None:
        audiences.create_audience(
            store, account=account.number, slug="a", name="a", filter_text="*", actor=actor,
            clock=clock,
        )  # fmt: skip

    changer = threading.Thread(target=create)
    with store.transaction() as batch:
        share_fence(batch)
        before = load_config(batch)
        changer.start()
        wait_until_someone_waits(store)
        after_the_wait = advance(seconds=30)
        assert load_config(batch) == before
    changer.join(PATIENCE.total_seconds())

    assert audiences.get_audience(store, account.number, "a").created_at == after_the_wait
    with store.transaction() as conn:
        assert current_epoch(conn) == before.epoch + 1


def test_batches_do_not_wait_for_each_other(store: Store) -> None:
    with store.transaction() as one, store.transaction() as other:
        share_fence(one)
        other.execute("SET LOCAL lock_timeout = '2s'")

        share_fence(other)


def test_a_batch_waits_while_a_definition_changes(store: Store) -> None:
    with store.transaction() as change:
        close_fence(change)

        with store.connect() as batch:
            batch.execute("SET LOCAL lock_timeout = '100ms'")
            with pytest.raises(psycopg.errors.LockNotAvailable):
                share_fence(batch)


def test_a_failed_change_leaves_no_trace(
    store: Store, account: Account, actor: Actor, clock: Clock
) -> None:
    with store.transaction() as conn:
        before = current_epoch(conn)

    with pytest.raises(streams.BadStreamNameError), definition_change(store, clock) as change:
        streams.ensure_in(change.conn, account.number, ["ok", "1"], actor=actor, now=change.now)

    with store.transaction() as conn:
        assert current_epoch(conn) == before
    assert "ok" not in {stream.name for stream in streams.list_streams(store, account.number)}
