"""Listens for SFTP clients."""

import asyncio
from functools import partial
from pathlib import Path

import asyncssh
import structlog

from coterie.base.errors import UserError
from coterie.sftpd.dependencies import SftpDependencies
from coterie.sftpd.door import Door, House
from coterie.sftpd.paths import is_unfinished

log = structlog.get_logger(__name__)

LOGIN_SECONDS = 30
KEEPALIVE_SECONDS = 30


class SftpPortError(UserError):
    """The SFTP server cannot listen where it shall."""

    code = "sftp_port"

    def __init__(self, *, host: str, port: int, reason: str) -> None:
        super().__init__(
            f"The SFTP server cannot listen on {host}, port {port}: {reason}. Choose others with "
            "COTERIE_SFTP_HOST and COTERIE_SFTP_PORT."
        )


async def open_server(deps: SftpDependencies, *, host: str, port: int) -> asyncssh.SSHAcceptor:
    """Return a server that listens; port 0 takes a free one. Raises SftpPortError."""
    house = House.of(deps)
    try:
        return await asyncssh.listen(
            host,
            port,
            config=[],
            server_factory=partial(Door, house),
            server_host_keys=[asyncssh.import_private_key(deps.host_key)],
            encoding=None,
            agent_forwarding=False,
            x11_forwarding=False,
            gss_host=None,
            login_timeout=LOGIN_SECONDS,
            keepalive_interval=KEEPALIVE_SECONDS,
            server_version="Coterie",
        )
    except OSError as error:
        raise SftpPortError(host=host, port=port, reason=error.strerror or str(error)) from error


async def run_sftp_server(
    deps: SftpDependencies, ending: asyncio.Event, *, host: str, port: int
) -> None:
    """Serve until `ending` is set. Raises SftpPortError."""
    async with await open_server(deps, host=host, port=port) as server:
        log.info("sftpd.listening", port=server.get_port())
        await ending.wait()


def forget_unfinished(root: Path) -> int:
    """Delete what is left of uploads that a crash cut off; return how many there were."""
    left = [path for path in root.rglob("*") if path.is_file() and is_unfinished(path.name)]
    for path in left:
        path.unlink(missing_ok=True)
    return len(left)


def make_host_key() -> str:
    """Return a new private key for a server, in OpenSSH form."""
    return asyncssh.generate_private_key("ssh-ed25519").export_private_key().decode()


def public_half(private_key: str) -> str:
    """Return the public key of a private one, in one line."""
    key = asyncssh.import_private_key(private_key).convert_to_public()
    return " ".join(key.export_public_key().decode().split()[:2])
