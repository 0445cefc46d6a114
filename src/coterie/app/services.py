"""What every role of the product is built from, made once a process.

Every command opens its services, and few of them map events or load configurations, so what those
need is imported where it is used: it took half a second of each command.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING

import msgspec

from coterie.base.clock import Clock, system_clock
from coterie.base.keyfile import open_key_ring
from coterie.base.seal import KeyRing
from coterie.base.settings import Settings
from coterie.control.installation import check_keys
from coterie.store import Connection, Store

if TYPE_CHECKING:
    from coterie.flow.run.batch import BatchSettings
    from coterie.flow.run.context import ConfigAt
    from coterie.model.config import PipelineConfig


class Services(msgspec.Struct, frozen=True):
    """Settings, the clock, the keys, the store."""

    settings: Settings
    clock: Clock
    ring: KeyRing
    store: Store

    @property
    def batch_settings(self) -> "BatchSettings":
        """How the worker cuts its transactions, and the key that names profiles."""
        from coterie.flow.run.batch import BatchSettings
        from coterie.flow.run.names import IDENTITY_PURPOSE
        from coterie.lang.behaviour import Bounds

        return BatchSettings(
            self.ring.hash_key(IDENTITY_PURPOSE),
            self.settings.batch_size,
            Bounds(self.settings.history_occurrences, self.settings.history_days),
        )


@contextmanager
def open_services(settings: Settings, url: str, *, connections: int = 4) -> Iterator[Services]:
    """Open the store at `url`, and the keys of the data folder.

    Raises MissingKeysError, and WrongKeysError if the database was made with other keys.
    """
    ring = open_key_ring(settings)
    with Store.open(url, max_size=connections) as store:
        with store.transaction() as conn:
            check_keys(conn, ring)
        yield Services(settings, system_clock, ring, store)


def config_source() -> "ConfigAt":
    """Return a reader of the configuration that loads it only when its epoch moves.

    Threads may share it: one loads what is new, which compiles everything, and the others wait.
    """
    from coterie.control.definitions.pipeline import current_epoch, load_config

    known: list[PipelineConfig] = []
    loading = Lock()

    def config_at(conn: Connection) -> "PipelineConfig":
        epoch = current_epoch(conn)
        seen = known[-1:]
        if seen and seen[0].epoch == epoch:
            return seen[0]
        with loading:
            if not known or known[0].epoch != epoch:
                known[:] = [load_config(conn)]
            return known[0]

    return config_at
