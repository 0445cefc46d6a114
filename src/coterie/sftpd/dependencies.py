"""What the composition root hands to the SFTP server."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from coterie.control.sftp_lockout import Lockout
from coterie.model.sftp import ManagedUser

RecordTransfer = Callable[[ManagedUser, str, Mapping[str, Any]], None]
"""Writes a line of the audit log: user, what was done ("uploaded"), and the particulars."""


class SftpDependencies(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the SFTP server calls; all of it may block.

    `find_user` returns who signs in under a name, None if nobody; `is_right` compares a password
    with a hash, and takes as long for None; `folder_of` returns the folder of a user, which exists.
    """

    find_user: Callable[[str], ManagedUser | None]
    is_right: Callable[[str | None, str], bool]
    folder_of: Callable[[ManagedUser], Path]
    lockout: Lockout
    record: RecordTransfer
    host_key: str
