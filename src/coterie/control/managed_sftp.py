"""The users of our own SFTP server, each an authorization of an account."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from coterie.base.errors import UserError
from coterie.base.seal import KeyRing
from coterie.base.settings import Settings
from coterie.control.audit import Subject, record
from coterie.control.provider_forms import Config
from coterie.control.provider_sftp import MANAGED
from coterie.control.rows import find_one, get_value
from coterie.control.sealed import SealedConfig, unseal
from coterie.model.control import Actor
from coterie.model.sftp import Access, ManagedUser
from coterie.store import Connection, Store, load_queries

FOLDER = "sftp"
FOLDER_MODE = 0o700
MEGABYTE = 1_000_000
KILOBYTE = 1_000


class NameTakenError(UserError):
    """Another user of our SFTP server has the name."""

    code = "sftp_name_taken"

    def __init__(self, *, username: str) -> None:
        super().__init__(
            f"There is a user {username!r} of this SFTP server already. Choose another user name."
        )


class _Row(SealedConfig, frozen=True):
    account: int


class _Config(msgspec.Struct, frozen=True, kw_only=True):
    username: str
    access: Access = "upload-only"
    password: str | None = None
    public_key: str = ""
    quota_mb: int = 0
    file_limit_mb: int = 0
    kilobytes_per_second: int = 0


def find_managed_user(store: Store, ring: KeyRing, username: str) -> ManagedUser | None:
    """Return who signs in to the SFTP server under a name, None if nobody does."""
    if "\x00" in username:
        return None
    query = load_queries("authorizations").find_managed_user
    with store.transaction() as conn:
        found = find_one(conn, query, {"username": username}, row=_Row)
    if found is None:
        return None
    config = msgspec.convert(unseal(ring, found), _Config)
    return ManagedUser(
        authorization_id=found.id,
        account=found.account,
        username=config.username,
        access=config.access,
        password_hash=config.password,
        public_keys=config.public_key,
        quota=config.quota_mb * MEGABYTE,
        file_limit=config.file_limit_mb * MEGABYTE,
        bytes_per_second=config.kilobytes_per_second * KILOBYTE,
    )


def managed_folder(settings: Settings, authorization_id: int) -> Path:
    """Return the folder of a user, made if it is missing.

    It is named after the authorization: a later user of the same name must not find it.
    """
    folder = settings.data_dir / FOLDER / str(authorization_id)
    folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    return folder


def require_free_name(
    conn: Connection, method: str, config: Config, *, authorization_id: int | None
) -> None:
    """Raise NameTakenError if another user of our SFTP server has the name of this one.

    A unique index keeps two that are made at the same moment apart.
    """
    if method != MANAGED:
        return
    username = config.public["username"]
    values = {"username": username, "authorization_id": authorization_id}
    query = load_queries("authorizations").count_managed_users
    if get_value(conn, query, values, kind=int):
        raise NameTakenError(username=username)


def record_transfer(
    store: Store, user: ManagedUser, verb: str, detail: Mapping[str, Any], *, now: datetime
) -> None:
    """Write what a user did with a file into the audit log."""
    subject = Subject(user.account, "authorization", user.authorization_id)
    with store.transaction() as conn:
        record(
            conn, verb, subject, actor=Actor(name=f"sftp:{user.username}"), now=now, detail=detail
        )
