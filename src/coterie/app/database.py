"""Which database a process uses: the one that a setting names, else the embedded one."""

from collections.abc import Iterator
from contextlib import contextmanager

from coterie.base.clock import Clock
from coterie.base.keyfile import ensure_key_ring, open_key_ring
from coterie.base.settings import Settings
from coterie.control.installation import claim_database, is_claimed
from coterie.flow.eventlog.lanes import ensure_lanes
from coterie.flow.eventlog.prepare import ensure_days
from coterie.store import Embedded, Store, find_running, migrate


def find_database(settings: Settings) -> str | None:
    """Return the URL of the database that is set or runs on the data folder, None if none does."""
    return settings.database_url or find_running(settings.data_dir)


@contextmanager
def serving_database(settings: Settings, *, owner: str) -> Iterator[str]:
    """Yield the URL of a database that runs for as long as the block does.

    An embedded server that another process of this folder keeps running is used as it is; one that
    has to be started is stopped at the end. `owner` is the command that others are told of.
    """
    if settings.database_url is not None:
        yield settings.database_url
        return
    running = find_running(settings.data_dir)
    if running is not None:
        yield running
        return
    with owned_database(settings, owner=owner) as server:
        yield server.url


@contextmanager
def owned_database(settings: Settings, *, owner: str) -> Iterator[Embedded]:
    """Yield the embedded server of the data folder, which no other process may own meanwhile."""
    with Embedded.open(
        settings.data_dir, owner=owner, shared_buffers_mb=settings.pg_shared_buffers_mb or None
    ) as server:
        yield server


def prepare_database(url: str, settings: Settings, clock: Clock) -> None:
    """Bring a database to the present: migrations, its keys, lanes, partitions of the coming days.

    Raises WrongKeysError if the database was made with other keys than those of the settings, and
    MissingKeysError if those are gone: new ones in their place would only hide the loss.
    """
    migrate(url)
    with Store.open(url, max_size=1) as store, store.transaction() as conn:
        ring = open_key_ring(settings) if is_claimed(conn) else ensure_key_ring(settings)
        claim_database(conn, ring, now=clock())
        ensure_lanes(conn, settings.lanes)
        ensure_days(conn, clock().date())
