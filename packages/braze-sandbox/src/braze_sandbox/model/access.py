"""A REST key: who may call what."""

from datetime import datetime

import msgspec


class RestKey(msgspec.Struct, frozen=True, kw_only=True):
    """A REST key of a workspace; it cannot be edited, only made anew.

    `allowed_ips` holds addresses or subnets; empty means that any address may use the key.
    """

    key: str
    name: str
    workspace: str
    permissions: tuple[str, ...]
    allowed_ips: tuple[str, ...] = ()
    created_at: datetime
