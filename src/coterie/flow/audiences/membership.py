"""The list of who is in which audience, kept in step with the profiles."""

import struct
from collections.abc import Sequence
from datetime import datetime

from coterie.model.profile import EvaluatedProfile, ProfileId, StoredProfile
from coterie.store import (
    PG_EPOCH_US,
    AlreadyThereError,
    BigintArray,
    Connection,
    MicrosArray,
    UuidArray,
    copy_packed,
    load_queries,
)

SQL = load_queries("audiences")

_Row = tuple[int, ProfileId]
# Four columns, each with its length before it: account, audience, profile, since.
_ROW = struct.Struct("!hiqiqi16siq").pack


def save_memberships(
    conn: Connection,
    account: int,
    profiles: Sequence[EvaluatedProfile],
    stored: dict[ProfileId, StoredProfile],
    dissolved: Sequence[ProfileId],
) -> None:
    """Write the difference between the stored audiences of the profiles and their new ones."""
    added: list[tuple[int, ProfileId, int]] = []
    removed: list[_Row] = []
    for profile in profiles:
        profile_id = profile.folded.profile_id
        before = stored[profile_id].audiences if profile_id in stored else ()
        if before == profile.audiences:
            continue
        for audience_id, since in zip(profile.audiences, profile.since_us, strict=True):
            if audience_id not in before:
                added.append((audience_id, profile_id, since))
        removed += [(item, profile_id) for item in before if item not in profile.audiences]
    for profile_id in dissolved:
        removed += [(item, profile_id) for item in stored[profile_id].audiences]
    if removed:
        removed.sort()
        conn.execute(
            SQL.remove_members,
            {
                "account": account,
                "audience_ids": BigintArray([item for item, _ in removed]),
                "profile_ids": UuidArray([profile_id for _, profile_id in removed]),
            },
        )
    if added:
        added.sort()
        _add(conn, account, added)


def _add(conn: Connection, account: int, added: Sequence[tuple[int, ProfileId, int]]) -> None:
    rows = [
        _ROW(4, 8, account, 8, item, 16, bytes.fromhex(profile_id), 8, since - PG_EPOCH_US)
        for item, profile_id, since in added
    ]
    try:
        with conn.transaction():
            copy_packed(conn, SQL.copy_members, rows)
    except AlreadyThereError:
        columns = {
            "account": account,
            "audience_ids": BigintArray([item for item, _, _ in added]),
            "profile_ids": UuidArray([profile_id for _, profile_id, _ in added]),
            "since": MicrosArray([since for _, _, since in added]),
        }
        conn.execute(SQL.add_members, columns)


def members_after(
    conn: Connection, account: int, audience_ids: Sequence[int], after: ProfileId, *, limit: int
) -> list[ProfileId]:
    """Return the next members of any of the audiences, in id order, each once."""
    # Asked of each, so that an index finds the next: to sort all that follow costs more with
    # every member.
    found: set[ProfileId] = set()
    for audience_id in audience_ids:
        asked = {"account": account, "audience_id": audience_id, "after": after, "limit": limit}
        found.update(row[0] for row in conn.execute(SQL.members_after, asked))
    return sorted(found)[:limit]


def count_members(conn: Connection, account: int, audience_ids: Sequence[int]) -> int:
    """Return how many profiles are in at least one of the audiences."""
    asked = {"account": account, "audience_ids": list(audience_ids)}
    row = conn.execute(SQL.count_members, asked).fetchone()
    return int(row[0]) if row else 0


def sample_members(
    conn: Connection, account: int, audience_id: int, *, limit: int
) -> list[tuple[ProfileId, datetime]]:
    """Return who entered last, with since when."""
    asked = {"account": account, "audience_id": audience_id, "limit": limit}
    return conn.execute(SQL.sample_members, asked).fetchall()


def count_overlaps(
    conn: Connection, account: int, audience_id: int, others: Sequence[int]
) -> dict[int, int]:
    """Return how many members of an audience each of the others holds too.

    In a time that grows with the members of them all; further statements of the transaction join
    without loops.
    """
    asked = {"account": account, "audience_id": audience_id, "others": list(others)}
    conn.execute(SQL.join_in_one_pass)
    return dict(conn.execute(SQL.count_overlaps, asked).fetchall())


def draw_overlaps(
    conn: Connection, account: int, audience_id: int, others: Sequence[int], *, most: int
) -> tuple[int, dict[int, int]]:
    """Return how many members of an audience were drawn, and how many of those each other holds.

    The time grows with the draw, of at most so many, and with the number of the others.
    """
    asked = {"account": account, "audience_id": audience_id, "limit": most}
    with conn.cursor(binary=True) as rows:
        drawn = [row[0] for row in rows.execute(SQL.first_members, asked)]
    held = {"account": account, "profile_ids": drawn, "others": list(others)}
    return len(drawn), dict(conn.execute(SQL.count_held, held).fetchall())
