"""A Currents connector of the kind "custom HTTP"."""

from datetime import datetime

import msgspec


class Connector(msgspec.Struct, frozen=True, kw_only=True):
    """Where events go, with the bearer token; `events` names the types, none means all."""

    id: str
    name: str
    url: str
    token: str | None = None
    events: tuple[str, ...] = ()
    created_at: datetime
