"""The stream of changes as readers follow it, lane by lane."""

from collections.abc import Mapping
from datetime import datetime
from itertools import zip_longest

import msgspec

from coterie.base.errors import UserError
from coterie.model.changes import Cause, ChangeKind
from coterie.model.profile import ProfileId
from coterie.store import Connection, load_queries

SQL = load_queries("changes")

Place = tuple[int, int]
"""Number and place within it of a change in its lane."""
Cursor = Mapping[int, Place]
"""Lane to the place of the change that was read last."""

FIRST: Place = (-1, -1)
LAST_N = 2**31 - 1
PREFIX = "coterie.changes"


class ForgottenChangesError(UserError):
    """A reader stands before changes that are no longer kept."""

    code = "forgotten_changes"

    def __init__(self, *, lane: int) -> None:
        super().__init__(
            f"Changes of lane {lane} that this reader has not seen were forgotten "
            "(COTERIE_CHANGE_DAYS). Read the members of the audiences again, then go on from now."
        )


class RecordedChange(msgspec.Struct, frozen=True):
    """A change as it is stored; `lane`, `seq` and `n` are its place in the stream."""

    lane: int
    seq: int
    n: int
    account: int
    profile_id: ProfileId
    kind: ChangeKind
    audience_id: int | None
    audience_version: int | None
    other_profile_id: ProfileId | None
    cause: Cause
    cause_seq: int | None
    changed_at: datetime

    @property
    def place(self) -> Place:
        """Where it stands in its lane."""
        return self.seq, self.n


def read_changes(conn: Connection, cursor: Cursor, *, limit: int) -> list[RecordedChange]:
    """Return the next changes of every lane after the cursor, `limit` of each at most.

    Those of one lane are in its order, and lanes take turns, so that a busy one cannot starve the
    others. They are on the disk once the caller's transaction is committed. Raises
    ForgottenChangesError.
    """
    lanes: list[list[RecordedChange]] = []
    for (lane,) in conn.execute(SQL.list_change_lanes).fetchall():
        seq, n = cursor.get(lane, FIRST)
        asked = {"lane": lane, "seq": seq, "n": n, "limit": limit}
        lanes.append([RecordedChange(*row) for row in conn.execute(SQL.changes_after, asked)])
    # Asked last: what was forgotten while this read is noticed too.
    for lane, floor in conn.execute(SQL.change_floors):
        if cursor.get(lane, FIRST)[0] < floor:
            raise ForgottenChangesError(lane=lane)
    found = [one for turn in zip_longest(*lanes) for one in turn if one is not None]
    if found:
        conn.execute(SQL.make_durable, {"prefix": PREFIX})
    return found


def first_places(conn: Connection) -> dict[int, Place]:
    """Return the cursor of whoever wants all that is kept; it names every lane."""
    floors: dict[int, int] = dict(conn.execute(SQL.change_floors).fetchall())
    return {
        lane: (floors[lane], LAST_N) if lane in floors else FIRST
        for (lane,) in conn.execute(SQL.list_change_lanes).fetchall()
    }


def last_places(conn: Connection) -> dict[int, Place]:
    """Return the cursor of whoever wants only changes to come; it names every lane."""
    found = first_places(conn)
    for (lane,) in conn.execute(SQL.list_change_lanes).fetchall():
        row = conn.execute(SQL.last_change, {"lane": lane}).fetchone()
        if row is not None:
            found[lane] = (row[0], row[1])
    return found


def changes_of(
    conn: Connection, account: int, profile_id: ProfileId, *, limit: int
) -> list[RecordedChange]:
    """Return what happened to a profile, newest first."""
    asked = {"account": account, "profile_id": profile_id, "limit": limit}
    return [RecordedChange(*row) for row in conn.execute(SQL.changes_of, asked)]
