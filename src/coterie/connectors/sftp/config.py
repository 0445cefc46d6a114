"""The configuration of a client's SFTP server, checked."""

from typing import Annotated, Any

import asyncssh
import msgspec

from coterie.connectors.sftp.errors import BadSftpConfigError
from coterie.connectors.sftp.keys import read_host_keys, read_private_key


class SftpConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Access to one server: `password` or `private_key` (OpenSSH or PEM, with its passphrase).

    `known_host` holds the server's public keys, one a line, as `ssh-keyscan` prints them; empty:
    any key is taken, and `SftpFolder.host_key` tells which it was.
    """

    host: Annotated[str, msgspec.Meta(min_length=1)]
    username: Annotated[str, msgspec.Meta(min_length=1)]
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)] = 22
    password: str = ""
    private_key: str = ""
    passphrase: str = ""
    folder: str = ""
    known_host: str = ""

    def __repr__(self) -> str:
        """Return the config without secrets."""
        return f"SftpConfig(host={self.host!r}, port={self.port})"

    @property
    def host_keys(self) -> list[asyncssh.SSHKey]:
        """The pinned keys of the server; none: any is taken."""
        return read_host_keys(self.known_host)

    @property
    def client_keys(self) -> list[asyncssh.SSHKey]:
        """The key to sign in with, if that is how."""
        return [read_private_key(self.private_key, self.passphrase)] if self.private_key else []


def read_sftp_config(config: dict[str, Any]) -> SftpConfig:
    """Return a checked config; unset values may be missing, empty or None, others are passed over.

    Raises `BadSftpConfigError`.
    """
    given = {key: value for key, value in config.items() if value not in (None, "")}
    try:
        checked = msgspec.convert(given, SftpConfig, strict=False)
        _ = checked.host_keys, checked.client_keys
    except msgspec.ValidationError as error:
        raise BadSftpConfigError(reason=str(error)) from error
    except asyncssh.KeyEncryptionError as error:
        cure = "its passphrase is wrong" if checked.passphrase else "it needs its passphrase"
        raise BadSftpConfigError(reason=f"the private key cannot be opened; {cure}") from error
    except (asyncssh.KeyImportError, ValueError) as error:
        raise BadSftpConfigError(reason=f"a key cannot be read ({error})") from error
    return checked
