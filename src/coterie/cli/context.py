"""What every command works with.

What only some need is imported when they ask for it: the whole takes a second, and most commands
read a few rows.
"""

import os
from typing import TYPE_CHECKING, Self

import msgspec

from coterie.app.database import find_database
from coterie.app.services import Services
from coterie.base.clock import Clock, system_clock
from coterie.base.errors import UserError
from coterie.base.keyfile import open_key_ring
from coterie.base.seal import KeyRing
from coterie.base.settings import Settings, load_settings
from coterie.control import Store
from coterie.control.accounts import choose_account
from coterie.control.installation import check_keys
from coterie.model.control import Actor

if TYPE_CHECKING:
    from coterie.app.dry_runs import DryRuns
    from coterie.app.files import FileDesk

ACTOR = Actor(name="cli")


class NotRunningError(UserError):
    """There is no database to work on."""

    code = "not_running"

    def __init__(self, *, folder: str) -> None:
        super().__init__(
            f"No Coterie runs on the folder {folder}. Start it with `coterie up`, or set "
            "COTERIE_DATA_DIR or COTERIE_DATABASE_URL to where it is."
        )


class CliContext(msgspec.Struct, frozen=True, kw_only=True):
    """The open store and what goes with it; a context manager that closes the store."""

    store: Store
    ring: KeyRing
    clock: Clock
    settings: Settings

    @property
    def services(self) -> Services:
        """Return what the composition root builds from."""
        return Services(self.settings, self.clock, self.ring, self.store)

    @property
    def dry_runs(self) -> "DryRuns":
        """Return what says what an export would do."""
        from coterie.app.dry_runs import DryRuns

        return DryRuns(self.store, self.clock)

    @property
    def files(self) -> "FileDesk":
        """Return what answers questions about files."""
        from coterie.app.files import FileDesk

        return FileDesk(self.services)

    def number(self, account: int | None) -> int:
        """Return the number of an account, that of the only one if none is named.

        Raises UserError.
        """
        return choose_account(self.store, account).number

    def __enter__(self) -> Self:
        """Return this context."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the store."""
        self.store.close()


def open_context() -> CliContext:
    """Open the database that the environment names, or that runs on the data folder.

    Raises NotRunningError, StoreUnavailableError, MissingKeysError, WrongKeysError or an error of
    the settings.
    """
    settings = load_settings(os.environ)
    url = find_database(settings)
    if url is None:
        raise NotRunningError(folder=str(settings.data_dir))
    store = Store.open(url, max_size=2)
    try:
        ring = open_key_ring(settings)
        with store.transaction() as conn:
            check_keys(conn, ring)
    except BaseException:
        store.close()
        raise
    return CliContext(store=store, ring=ring, clock=system_clock, settings=settings)
