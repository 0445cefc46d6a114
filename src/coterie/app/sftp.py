"""What our own SFTP server is built from."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from coterie.app.services import Services
from coterie.base.settings import Settings
from coterie.control.managed_sftp import find_managed_user, managed_folder, record_transfer
from coterie.control.passwords import is_right
from coterie.control.sftp_lockout import Lockout
from coterie.model.sftp import ManagedUser
from coterie.sftpd.dependencies import SftpDependencies
from coterie.sftpd.server import make_host_key, public_half

HOST_KEY = "sftp_host_key"


def sftp_dependencies(services: Services) -> SftpDependencies:
    """Return everything that the SFTP server calls."""
    store, settings = services.store, services.settings

    def record(user: ManagedUser, verb: str, detail: Mapping[str, Any]) -> None:
        record_transfer(store, user, verb, detail, now=services.clock())

    return SftpDependencies(
        find_user=lambda username: find_managed_user(store, services.ring, username),
        is_right=is_right,
        folder_of=lambda user: managed_folder(settings, user.authorization_id),
        lockout=Lockout(store, services.ring, services.clock),
        record=record,
        host_key=ensure_host_key(host_key_path(settings)),
    )


def host_key_path(settings: Settings) -> Path:
    """Return where the server's private key is kept."""
    return settings.data_dir / "keys" / HOST_KEY


def public_host_key(settings: Settings) -> str:
    """Return the key that clients know the server by, made if there is none yet."""
    return public_half(ensure_host_key(host_key_path(settings)))


def ensure_host_key(path: Path) -> str:
    """Return the private key that clients know the server by, made at the first start."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        half = path.with_suffix(".new")
        half.unlink(missing_ok=True)
        with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
            stream.write(make_host_key())
        half.rename(path)
    return path.read_text("ascii")
