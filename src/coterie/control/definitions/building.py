"""How far the building of an audience has come."""

from datetime import datetime

import msgspec

from coterie.control.rows import find_one, run
from coterie.store import Connection, load_queries


class Building(msgspec.Struct, frozen=True):
    """An audience that is being built: `after` is the last profile asked (empty: none yet)."""

    audience_id: int
    account: int
    version: int
    after: str
    done: int
    total: int


def next_building(conn: Connection) -> Building | None:
    """Return the audience that waits longest, locked until the transaction ends; None: none waits.

    Call it behind the fence, so that the definition stays as it is.
    """
    return find_one(conn, load_queries("building").next_building, {}, row=Building)


class Emptying(msgspec.Struct, frozen=True):
    """An archived audience that still holds members."""

    audience_id: int
    account: int


def next_archived(conn: Connection) -> Emptying | None:
    """Return an archived audience that still holds members in the generation that is entered."""
    return find_one(conn, load_queries("building").next_archived, {}, row=Emptying)


def save_building(conn: Connection, audience_id: int, *, after: str, done: int, total: int) -> None:
    """Keep how far the building has come."""
    values = {"audience_id": audience_id, "after": after, "done": done, "total": total}
    run(conn, load_queries("building").save_building, values)


def set_live(conn: Connection, audience_id: int, *, now: datetime) -> None:
    """Note that every profile has been asked."""
    run(conn, load_queries("building").set_live, {"audience_id": audience_id, "now": now})
