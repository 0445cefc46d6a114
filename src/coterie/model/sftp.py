"""Who may use our own SFTP server, and how much."""

from typing import Literal

import msgspec

Access = Literal["upload-only", "read-write"]


class ManagedUser(msgspec.Struct, frozen=True, kw_only=True):
    """A user of our SFTP server: an authorization of an account.

    Sizes are in bytes, `bytes_per_second` counts both ways; 0 means no limit.
    """

    authorization_id: int
    account: int
    username: str
    access: Access
    password_hash: str | None
    public_keys: str
    quota: int
    file_limit: int
    bytes_per_second: int

    def __repr__(self) -> str:
        """Return the user without secrets."""
        return f"ManagedUser(authorization_id={self.authorization_id})"
