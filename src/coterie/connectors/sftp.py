"""A folder on a client's SFTP server as a source of files."""

import asyncio
import posixpath
import stat
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated, Any, BinaryIO, TypeVar, cast

import asyncssh
import msgspec

from coterie.base.errors import CoterieError, PermanentError, TransientError, UserError
from coterie.connectors.addresses import find_addresses
from coterie.connectors.files import MissingFileError, MissingFolderError, SourceFile
from coterie.model.control import ProbeResult

T = TypeVar("T")

DEFAULT_TIMEOUT = 30.0
# Large enough that asyncssh keeps several requests under way.
READ_BYTES = 4 << 20
MISSING = (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath, asyncssh.SFTPPermissionDenied)
KEY_KINDS = ("ssh-", "ecdsa-", "sk-")


class BadSftpConfigError(UserError):
    """An authorization's config lacks something or holds a value of the wrong kind."""

    code = "bad_sftp_config"

    def __init__(self, *, reason: str) -> None:
        super().__init__(f"The SFTP authorization cannot be used: {reason}. Correct and save it.")


class SftpLoginError(PermanentError):
    """The server does not let this user in."""

    code = "sftp_login_refused"

    def __init__(self, *, host: str, username: str, reason: str) -> None:
        super().__init__(
            f"The SFTP server {host} refused the user {username!r} ({reason}). Correct the user "
            "name and the password or private key of the authorization."
        )


class SftpHostKeyError(PermanentError):
    """The server shows another key than the one that was pinned."""

    code = "sftp_host_key_changed"

    def __init__(self, *, host: str) -> None:
        super().__init__(
            f"The SFTP server {host} does not have the host key of the authorization, so nothing "
            "was sent to it. If its key was changed on purpose, save the new one there; if not, "
            "someone may be between."
        )


class SftpUnavailableError(TransientError):
    """The server cannot be reached now."""

    code = "sftp_unavailable"

    def __init__(self, *, host: str, port: int, reason: str) -> None:
        super().__init__(
            f"The SFTP server {host}, port {port}, does not answer ({reason}). It is tried again "
            "by itself; if this lasts, check host, port and firewall."
        )


class SftpConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Access to one server: `password` or `private_key` (OpenSSH, no passphrase).

    `known_host` is the server's public key as `ssh-keyscan` prints it; empty: any key is taken.
    """

    host: Annotated[str, msgspec.Meta(min_length=1)]
    username: Annotated[str, msgspec.Meta(min_length=1)]
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)] = 22
    password: str = ""
    private_key: str = ""
    folder: str = ""
    known_host: str = ""

    def __repr__(self) -> str:
        """Return the config without secrets."""
        return f"SftpConfig(host={self.host!r}, port={self.port})"


def read_sftp_config(config: dict[str, Any]) -> SftpConfig:
    """Return a checked config; unset values may be missing, empty or None.

    Raises `BadSftpConfigError`.
    """
    given = {key: value for key, value in config.items() if value not in (None, "")}
    try:
        checked = msgspec.convert(given, SftpConfig, strict=False)
        _known_hosts(checked)
        _client_keys(checked)
    except msgspec.ValidationError as error:
        raise BadSftpConfigError(reason=str(error)) from error
    except (asyncssh.KeyImportError, ValueError) as error:
        raise BadSftpConfigError(reason=f"a key cannot be read ({error})") from error
    return checked


class SftpFolder:
    """One folder on a server; every call makes a connection of its own.

    `folder` is looked up from the authorization's. Not to be used from a running event loop.
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

    def list_files(self) -> list[SourceFile]:
        """Return the regular files directly in the folder.

        Raises `MissingFolderError`, `SftpLoginError`, `SftpHostKeyError`, `SftpUnavailableError`,
        `ForbiddenAddressError`, `UnknownHostError`.
        """
        return _run(self._list())

    def fetch(self, name: str, into: BinaryIO) -> SourceFile:
        """Write a file's bytes to `into`; return it as it is afterwards.

        Raises `MissingFileError` and what `list_files` raises.
        """
        return _run(self._fetch(name, into))

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

    async def _fetch(self, name: str, into: BinaryIO) -> SourceFile:
        path = posixpath.join(self._folder, name)
        async with self._client() as client:
            try:
                async with client.open(path, "rb") as stream:
                    # asyncssh types a binary file's blocks as text.
                    while chunk := cast("bytes", await stream.read(READ_BYTES)):
                        into.write(chunk)
                return _describe(name, await client.stat(path))
            except MISSING as error:
                raise MissingFileError(name=name, folder=self._folder, where=self._where) from error

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
            async with (
                asyncssh.connect(addresses[0], config.port, options=self._options()) as connection,
                connection.start_sftp_client() as client,
            ):
                yield client
        except asyncssh.PermissionDenied as error:
            raise SftpLoginError(
                host=config.host, username=config.username, reason=error.reason
            ) from error
        except asyncssh.HostKeyNotVerifiable as error:
            raise SftpHostKeyError(host=config.host) from error
        except (asyncssh.Error, OSError, TimeoutError) as error:
            reason = str(error) or type(error).__name__
            raise SftpUnavailableError(host=config.host, port=config.port, reason=reason) from error

    def _options(self) -> asyncssh.SSHClientConnectionOptions:
        # The machine's own ssh settings and agent belong to whoever runs Coterie, not to a job.
        return asyncssh.SSHClientConnectionOptions(
            config=None,
            username=self._config.username,
            password=self._config.password or None,
            client_keys=_client_keys(self._config) or None,
            agent_path=None,
            known_hosts=_known_hosts(self._config),
            connect_timeout=self._timeout,
            login_timeout=self._timeout,
            keepalive_interval=self._timeout,
        )


def probe_sftp(
    config: dict[str, Any], *, allow_private_addresses: bool, timeout: float = 10.0
) -> ProbeResult:
    """Sign in and list the folder; return whether that works, `detail` with the cure if not.

    Not to be called from a running event loop.
    """
    try:
        checked = read_sftp_config(config)
        folder = SftpFolder(
            checked, allow_private_addresses=allow_private_addresses, timeout=timeout
        )
        files = folder.list_files()
    except CoterieError as error:
        return ProbeResult(ok=False, detail=error.message)
    return ProbeResult(ok=True, detail=f"Signed in at {checked.host}; {len(files)} files there.")


def _run(call: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(call)


def _describe(name: str, attributes: asyncssh.SFTPAttrs) -> SourceFile:
    modified = attributes.mtime
    return SourceFile(
        name=name,
        size=attributes.size or 0,
        modified_at=None if modified is None else datetime.fromtimestamp(modified, tz=UTC),
    )


def _known_hosts(config: SftpConfig) -> tuple[list[asyncssh.SSHKey], list[Any], list[Any]] | None:
    keys = [
        asyncssh.import_public_key(" ".join(words[number:]))
        for line in config.known_host.splitlines()
        if (words := line.split()) and not line.startswith("#")
        for number in [_key_starts(words)]
    ]
    return (keys, [], []) if keys else None


def _key_starts(words: list[str]) -> int:
    # ssh-keyscan puts the host's name first; a .pub file does not.
    for number, word in enumerate(words):
        if word.startswith(KEY_KINDS):
            return number
    raise ValueError("no public key in the host key")


def _client_keys(config: SftpConfig) -> list[asyncssh.SSHKey]:
    return [asyncssh.import_private_key(config.private_key)] if config.private_key else []
