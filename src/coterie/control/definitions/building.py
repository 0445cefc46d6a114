"""How far the building of an audience has come."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from coterie.control.rows import find_one, run
from coterie.store import Connection, load_queries


class Building(msgspec.Struct, frozen=True):
    """An audience that is being built."""

    audience_id: int
    account: int
    version: int


class Bucket(msgspec.Struct, frozen=True):
    """A part of the profiles that one process at a time asks about an audience.

    Those whose ids lie between `after`, the last that was asked, and `upto`, which is the last.
    """

    audience_id: int
    account: int
    version: int
    bucket: int
    after: str
    upto: str


def next_unsplit(conn: Connection) -> Building | None:
    """Return an audience that has no buckets yet, locked until the transaction ends.

    Call it behind the fence, so that the definition stays as it is.
    """
    return find_one(conn, load_queries("building").next_unsplit, {}, row=Building)


def split_building(
    conn: Connection, building: Building, *, ends: Sequence[tuple[str, str]], total: int
) -> None:
    """Make an audience's buckets: ranges of profile ids after the one and up to the other."""
    values = {
        "audience_id": building.audience_id,
        "version": building.version,
        "total": total,
        "afters": [after for after, _ in ends],
        "uptos": [upto for _, upto in ends],
    }
    run(conn, load_queries("building").split_building, values)


def next_bucket(conn: Connection) -> Bucket | None:
    """Return the next bucket that nobody works on, locked until the transaction ends."""
    return find_one(conn, load_queries("building").next_bucket, {}, row=Bucket)


def save_bucket(conn: Connection, bucket: Bucket, *, after: str, count: int) -> None:
    """Keep how far a bucket has come, by so many profiles."""
    values = {**_place(bucket), "after": after, "count": count}
    run(conn, load_queries("building").save_bucket, values)


def end_bucket(conn: Connection, bucket: Bucket) -> None:
    """Note that everybody in a bucket has been asked."""
    run(conn, load_queries("building").end_bucket, _place(bucket))


def next_built(conn: Connection) -> Building | None:
    """Return an audience all of whose buckets are done, locked until the transaction ends."""
    return find_one(conn, load_queries("building").next_built, {}, row=Building)


class Emptying(msgspec.Struct, frozen=True):
    """An archived audience that still holds members."""

    audience_id: int
    account: int


def next_archived(conn: Connection) -> Emptying | None:
    """Return an archived audience that still holds members in the generation that is entered."""
    return find_one(conn, load_queries("building").next_archived, {}, row=Emptying)


def set_live(conn: Connection, audience_id: int, *, now: datetime) -> None:
    """Note that every profile has been asked."""
    run(conn, load_queries("building").set_live, {"audience_id": audience_id, "now": now})


def _place(bucket: Bucket) -> dict[str, int]:
    return {
        "audience_id": bucket.audience_id,
        "version": bucket.version,
        "bucket": bucket.bucket,
    }
