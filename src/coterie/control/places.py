"""Where a job's files are: a folder of this machine, of a client's server, or of our own."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from coterie.base.clock import Clock
from coterie.base.seal import KeyRing
from coterie.base.settings import Settings
from coterie.connectors.files import FileSource, FileTarget
from coterie.connectors.local_folder import HERE, LocalFolder
from coterie.connectors.pgp.files import PrivateKey
from coterie.control.managed_sftp import managed_folder
from coterie.control.provider_sftp import MANAGED
from coterie.control.readable import check_is_readable, check_is_writable
from coterie.control.sealed import keep_learned, read_sealed, unseal
from coterie.store import Store

if TYPE_CHECKING:
    from coterie.connectors.sftp.folder import SftpFolder

ON_SERVER = "on the SFTP server"


class Place(msgspec.Struct, frozen=True):
    """A folder that files are read from: `key` opens them if they come encrypted.

    `settle` is to be called after the folder was used: it keeps the host key of a server that was
    met for the first time. `where` says in words where the folder is.
    """

    source: FileSource
    key: PrivateKey | None
    where: str
    settle: Callable[[], None]


class OutPlace(msgspec.Struct, frozen=True):
    """A folder that files are written to, encrypted for `public_key` unless that is empty.

    `settle` is to be called after the folder was used, as that of a `Place`.
    """

    target: FileTarget
    public_key: str
    settle: Callable[[], None]


class Places:
    """Opens the folders that authorizations lead to."""

    def __init__(self, store: Store, ring: KeyRing, settings: Settings, clock: Clock) -> None:
        self._store = store
        self._ring = ring
        self._settings = settings
        self._clock = clock

    def open_source(
        self, authorization_id: int | None, folder: str, *, account: int | None = None
    ) -> Place:
        """Return a folder to read from, None meaning a local one; `account` must own it if given.

        Raises UnknownAuthorizationError, ExportOnlyError, BadSftpConfigError, FolderOutsideError.
        """
        if authorization_id is None:
            return Place(LocalFolder(folder, root=self._local_root()), None, HERE, _nothing)
        sealed = read_sealed(self._store, account, authorization_id)
        check_is_readable(sealed)
        config = unseal(self._ring, sealed)
        key = _private_key(config)
        if sealed.method == MANAGED:
            return Place(self._managed(authorization_id, folder), key, ON_SERVER, _nothing)
        server, settle = self._client(authorization_id, config, folder)
        return Place(server, key, ON_SERVER, settle)

    def open_target(self, authorization_id: int | None, folder: str) -> OutPlace:
        """Return a folder to write to.

        Raises UnknownAuthorizationError, ImportOnlyError, BadSftpConfigError, FolderOutsideError.
        """
        if authorization_id is None:
            root = self._settings.data_dir / "exports"
            root.mkdir(parents=True, exist_ok=True)
            return OutPlace(LocalFolder(folder, root=root), "", _nothing)
        sealed = read_sealed(self._store, None, authorization_id)
        config = unseal(self._ring, sealed)
        check_is_writable(label=sealed.label, method=sealed.method, config=config)
        if sealed.method == MANAGED:
            return OutPlace(self._managed(authorization_id, folder), "", _nothing)
        server, settle = self._client(authorization_id, config, folder)
        return OutPlace(server, str(config.get("pgp_public_key") or ""), settle)

    def _client(
        self, authorization_id: int, config: dict[str, Any], folder: str
    ) -> tuple["SftpFolder", Callable[[], None]]:
        # SSH is long to import, and most who open places list or read local files.
        from coterie.connectors.sftp.config import read_sftp_config
        from coterie.connectors.sftp.folder import SftpFolder

        checked = read_sftp_config(config)
        allow = self._settings.allow_private_addresses
        server = SftpFolder(checked, folder, allow_private_addresses=allow)

        def settle() -> None:
            # Saved untried, or moved to another server: the key that it shows first is kept.
            if not checked.known_host and server.host_key:
                learned = {"known_host": server.host_key}
                keep_learned(self._store, self._ring, authorization_id, learned, now=self._clock())

        return server, settle

    def _managed(self, authorization_id: int, folder: str) -> LocalFolder:
        return LocalFolder(folder or ".", root=managed_folder(self._settings, authorization_id))

    def _local_root(self) -> Path:
        return Path(self._settings.import_root or self._settings.data_dir / "imports")


def _private_key(config: dict[str, Any]) -> PrivateKey | None:
    key = config.get("pgp_private_key")
    if not key:
        return None
    return PrivateKey(
        key=str(key),
        passphrase=str(config.get("pgp_passphrase") or ""),
        sender=str(config.get("pgp_sender_key") or ""),
    )


def _nothing() -> None:
    """Settle nothing: the folder is ours."""
