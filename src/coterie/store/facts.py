"""What a server says of itself."""

from datetime import datetime

import msgspec

from coterie.store.pool import Connection
from coterie.store.queries import load_queries

OLDEST_SERVER = 16
"""The oldest major version of PostgreSQL that is tested and run on."""


class ServerFacts(msgspec.Struct, frozen=True):
    """A PostgreSQL server: major version, its clock, whether our tables are there."""

    major: int
    now: datetime
    is_migrated: bool


def server_facts(conn: Connection) -> ServerFacts:
    """Return what the server at the other end is."""
    row = conn.execute(load_queries("facts").server_facts.encode()).fetchone()
    return msgspec.convert(
        dict(zip(ServerFacts.__struct_fields__, row or (), strict=True)), ServerFacts
    )
