"""Tries an authorization of a client's SFTP server."""

from typing import Any

from coterie.base.errors import CoterieError
from coterie.connectors.files import describe_files
from coterie.connectors.pgp.keys import check_pgp_keys
from coterie.connectors.sftp.config import read_sftp_config
from coterie.connectors.sftp.folder import SftpFolder
from coterie.connectors.sftp.keys import fingerprints, read_host_keys
from coterie.model.control import ProbeResult

PROBE_TIMEOUT = 10.0


def probe_sftp(
    config: dict[str, Any], *, allow_private_addresses: bool, timeout: float = PROBE_TIMEOUT
) -> ProbeResult:
    """Open the keys, sign in, list the folder; return whether that works, `detail` in words.

    The server's key is among `learned` if none was pinned. Not to be called from a running event
    loop.
    """
    try:
        about_keys = check_pgp_keys(config)
        checked = read_sftp_config(config)
        folder = SftpFolder(
            checked, allow_private_addresses=allow_private_addresses, timeout=timeout
        )
        files = folder.list_files()
    except CoterieError as error:
        return ProbeResult(ok=False, detail=error.trial)
    learned = {} if checked.known_host else {"known_host": folder.host_key}
    shown = fingerprints(read_host_keys(folder.host_key))
    pinned = "host key pinned now" if learned else "host key as pinned"
    parts = [f"Connected to {checked.host}", describe_files(files), f"{pinned}: {shown}"]
    return ProbeResult(ok=True, detail="; ".join([*parts, *about_keys]) + ".", learned=learned)
