"""A folder on a client's SFTP server, to read files from and to put files into."""

import asyncio
import posixpath
import stat
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any, BinaryIO, TypeVar, cast

import asyncssh

from coterie.connectors.addresses import find_addresses
from coterie.connectors.files import (
    MissingFileError,
    MissingFolderError,
    Sink,
    SourceFile,
    Watch,
    check_name,
    unfinished_name,
)
from coterie.connectors.sftp.config import SftpConfig
from coterie.connectors.sftp.errors import (
    SftpHostKeyError,
    SftpLoginError,
    SftpUnavailableError,
    SftpWriteError,
)
from coterie.connectors.sftp.keys import fingerprints, show_public_key

T = TypeVar("T")

DEFAULT_TIMEOUT = 30.0
# Large enough that asyncssh keeps several requests under way.
BLOCK_BYTES = 4 << 20
MISSING = (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath, asyncssh.SFTPPermissionDenied)
REFUSED = (
    asyncssh.HostKeyNotVerifiable,
    asyncssh.KeyExchangeFailed,
    asyncssh.ConnectionLost,
    ConnectionResetError,
)


class SftpFolder:
    """One folder on a server; every call makes a connection of its own.

    `folder` is looked up from the authorization's. `host_key` is the public key that the server
    showed last. Not to be used from a running event loop.
    """

    def __init__(
        self,
        config: SftpConfig,
        folder: str = "",
        *,
        allow_private_addresses: bool = False,
        timeout: float = DEFAULT_TIMEOUT,
    ) -> None:
        self._config = config
        self._folder = posixpath.join(config.folder or ".", folder)
        self._allow_private = allow_private_addresses
        self._timeout = timeout
        self.host_key = ""

    def list_files(self) -> list[SourceFile]:
        """Return the regular files directly in the folder.

        Raises `MissingFolderError`, `SftpLoginError`, `SftpHostKeyError`, `SftpUnavailableError`,
        `ForbiddenAddressError`, `UnknownHostError`.
        """
        return _run(self._list())

    def fetch(self, name: str, into: Sink, *, watch: Watch | None = None) -> SourceFile:
        """Write a file's bytes to `into`; return it as it is afterwards.

        `watch` hears how many bytes have come. Raises `MissingFileError` and what `list_files`
        raises, and whatever `watch` raises.
        """
        return _run(self._fetch(check_name(name), into, watch))

    def holds(self, name: str) -> bool:
        """Answer whether something of that name is there, as far as the server tells.

        Raises what `list_files` raises, but no `MissingFolderError`.
        """
        return _run(self._holds(check_name(name)))

    def put(
        self, name: str, source: BinaryIO, *, watch: Watch | None = None, mark: str = ""
    ) -> SourceFile:
        """Write a file whole or not at all: under another name first, then renamed in one step.

        A file of that name is replaced. Raises `SftpWriteError`, what `list_files` raises, and
        whatever `watch` raises.
        """
        return _run(self._put(check_name(name), source, watch, unfinished_name(name, mark)))

    def discard(self, name: str, mark: str) -> None:
        """Remove what a `put` that was killed left behind, if it is there; raises as `holds`."""
        _run(self._remove(unfinished_name(check_name(name), mark)))

    async def _list(self) -> list[SourceFile]:
        async with self._client() as client:
            try:
                entries = await client.readdir(self._folder)
            except MISSING as error:
                raise MissingFolderError(folder=self._folder, where=self._where) from error
        return [
            _describe(str(entry.filename), entry.attrs)
            for entry in entries
            if entry.attrs.permissions is None or stat.S_ISREG(entry.attrs.permissions)
        ]

    async def _fetch(self, name: str, into: Sink, watch: Watch | None) -> SourceFile:
        path = posixpath.join(self._folder, name)
        done = 0
        async with self._client() as client:
            try:
                async with client.open(path, "rb") as stream:
                    # asyncssh types a binary file's blocks as text.
                    while chunk := cast("bytes", await stream.read(BLOCK_BYTES)):
                        into.write(chunk)
                        done += len(chunk)
                        if watch is not None:
                            watch(done)
                return _describe(name, await client.stat(path))
            except MISSING as error:
                raise MissingFileError(name=name, folder=self._folder, where=self._where) from error

    async def _holds(self, name: str) -> bool:
        async with self._client() as client:
            try:
                await client.lstat(posixpath.join(self._folder, name))
            except MISSING:
                # Who may only put files there is told of none.
                return False
            return True

    async def _remove(self, name: str) -> None:
        async with self._client() as client:
            await _discard(client, posixpath.join(self._folder, name))

    async def _put(self, name: str, source: BinaryIO, watch: Watch | None, part: str) -> SourceFile:
        path = posixpath.join(self._folder, name)
        unfinished = posixpath.join(self._folder, part)
        async with self._client() as client:
            try:
                await self._write(client, unfinished, source, watch)
                await _replace(client, unfinished, path)
                return _describe(name, await client.stat(path))
            except (*MISSING, asyncssh.SFTPFailure, asyncssh.SFTPNoSpaceOnFilesystem) as error:
                await _discard(client, unfinished)
                raise SftpWriteError(
                    host=self._config.host, folder=self._folder, reason=error.reason
                ) from error
            except Exception:
                # Who watches has ended the journey, or the connection is lost.
                await _discard(client, unfinished)
                raise

    async def _write(
        self, client: asyncssh.SFTPClient, path: str, source: BinaryIO, watch: Watch | None
    ) -> None:
        done = 0
        async with client.open(path, "wb") as stream:
            while chunk := source.read(BLOCK_BYTES):
                await stream.write(cast("str", chunk))
                done += len(chunk)
                if watch is not None:
                    watch(done)

    @property
    def _where(self) -> str:
        return f"on the SFTP server {self._config.host}"

    @asynccontextmanager
    async def _client(self) -> AsyncIterator[asyncssh.SFTPClient]:
        config = self._config
        addresses = await find_addresses(
            config.host, config.port, allow_private=self._allow_private
        )
        try:
            # The address that was checked is the one connected to; a second look at the name
            # could give another.
            async with asyncssh.connect(
                addresses[0], config.port, options=self._options()
            ) as connection:
                shown = connection.get_server_host_key()
                self.host_key = show_public_key(shown) if shown is not None else ""
                async with connection.start_sftp_client() as client:
                    yield client
        except asyncssh.PermissionDenied as error:
            raise SftpLoginError(
                host=config.host, username=config.username, reason=error.reason
            ) from error
        except REFUSED as error:
            # A server without a key of the pinned kinds hangs up before anything is compared.
            pinned = config.host_keys
            shown = await self._ask_host_key(addresses[0]) if pinned else None
            if shown is None or shown in pinned:
                raise self._unavailable(error) from error
            raise SftpHostKeyError(
                host=config.host, pinned=fingerprints(pinned), shown=shown.get_fingerprint()
            ) from error
        except (asyncssh.Error, OSError, TimeoutError) as error:
            raise self._unavailable(error) from error

    def _unavailable(self, error: Exception) -> SftpUnavailableError:
        reason = str(error) or type(error).__name__
        return SftpUnavailableError(host=self._config.host, port=self._config.port, reason=reason)

    async def _ask_host_key(self, address: str) -> asyncssh.SSHKey | None:
        """Return the key that the server shows now, None if it shows none."""
        try:
            return await asyncio.wait_for(
                asyncssh.get_server_host_key(address, self._config.port, config=None), self._timeout
            )
        except (asyncssh.Error, OSError, TimeoutError):
            return None

    def _options(self) -> asyncssh.SSHClientConnectionOptions:
        config = self._config
        keys = config.host_keys
        # The machine's own ssh settings and agent belong to whoever runs Coterie, not to a job.
        return asyncssh.SSHClientConnectionOptions(
            config=None,
            username=config.username,
            password=config.password or None,
            client_keys=config.client_keys or None,
            agent_path=None,
            known_hosts=(keys, [], []) if keys else None,
            connect_timeout=self._timeout,
            login_timeout=self._timeout,
            keepalive_interval=self._timeout,
        )


async def _replace(client: asyncssh.SFTPClient, unfinished: str, path: str) -> None:
    try:
        # OpenSSH's extension replaces in one step, which the plain rename of the protocol may not.
        await client.posix_rename(unfinished, path)
    except asyncssh.SFTPOpUnsupported:
        with suppress(*MISSING):
            await client.remove(path)
        await client.rename(unfinished, path)


async def _discard(client: asyncssh.SFTPClient, unfinished: str) -> None:
    with suppress(asyncssh.Error, OSError):
        await client.remove(unfinished)


def _run(call: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(call)


def _describe(name: str, attributes: asyncssh.SFTPAttrs) -> SourceFile:
    modified = attributes.mtime
    return SourceFile(
        name=name,
        size=attributes.size or 0,
        modified_at=None if modified is None else datetime.fromtimestamp(modified, tz=UTC),
    )
