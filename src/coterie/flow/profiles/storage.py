"""Load profiles for a batch; write them back."""

import struct
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from itertools import accumulate
from typing import Any

import msgspec

from coterie.base.clock import to_us
from coterie.base.errors import PermanentError
from coterie.model.profile import Body, EvaluatedProfile, FoldedProfile, ProfileId, StoredProfile
from coterie.store import (
    NULL,
    PG_EPOCH_US,
    BigintArray,
    BytesArray,
    Connection,
    IntArray,
    MicrosArray,
    PlaceArray,
    TimeArray,
    UuidArray,
    bigints,
    copy_packed,
    load_queries,
    locks_by_update,
)

SQL = load_queries("profiles")

LAST_PROFILE: ProfileId = "f" * 32
FIRST_VERSION = 1

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Body).decode

# How many columns a new row has, then the first five, each with its length before it: account, id,
# version, first seen, updated.
_HEAD = struct.Struct("!hiqi16siqiqiq").pack
_INSTANT = struct.Struct("!iq").pack
_LENGTH = struct.Struct("!i").pack

# With the place of the row, if it is locked.
_Row = tuple[Any, ...]


class LostProfileError(PermanentError):
    """A row that this transaction has locked was not there to be written."""

    code = "lost_profile"

    def __init__(self, *, asked: int, written: int) -> None:
        super().__init__(
            f"{asked} locked profiles were to be written, and {written} were found. Nothing was "
            "written; run `coterie doctor`, and report it if it says that all is well."
        )


def lock_profiles(
    conn: Connection, account: int, profile_ids: Collection[ProfileId]
) -> dict[ProfileId, StoredProfile]:
    """Return the profiles that exist, locked until the transaction ends."""
    if not profile_ids:
        return {}
    asked = {"account": account, "profile_ids": UuidArray(sorted(profile_ids))}
    with conn.cursor(binary=True) as rows:
        if locks_by_update(conn):
            found = sorted(rows.execute(SQL.lock_spread_profiles, asked).fetchall())
        else:
            found = rows.execute(SQL.lock_profiles, asked).fetchall()
    return {profile.profile_id: profile for profile in map(load_profile, found)}


def get_profile(conn: Connection, account: int, profile_id: ProfileId) -> StoredProfile | None:
    """Return one profile, without a lock."""
    asked = {"account": account, "profile_id": profile_id}
    with conn.cursor(binary=True) as rows:
        row = rows.execute(SQL.get_profile, asked).fetchone()
    return None if row is None else load_profile(row)


def read_profiles(
    conn: Connection, account: int, profile_ids: Collection[ProfileId]
) -> list[StoredProfile]:
    """Return the profiles that exist, in id order and without a lock."""
    asked = {"account": account, "profile_ids": UuidArray(sorted(profile_ids))}
    with conn.cursor(binary=True) as rows:
        found = rows.execute(SQL.read_profiles, asked).fetchall()
    return [load_profile(row) for row in found]


def save_profiles(
    conn: Connection,
    account: int,
    profiles: Sequence[EvaluatedProfile],
    stored: Mapping[ProfileId, StoredProfile],
) -> None:
    """Write `profiles`: those in `stored`, which are locked, are updated, the others made.

    Raises LostProfileError.
    """
    old = [profile for profile in profiles if profile.folded.profile_id in stored]
    new = [profile for profile in profiles if profile.folded.profile_id not in stored]
    if new:
        copy_packed(conn, SQL.copy_profiles, (_row(account, profile) for profile in new))
    if old:
        _update(conn, account, old, stored)


def _update(
    conn: Connection,
    account: int,
    profiles: Sequence[EvaluatedProfile],
    stored: Mapping[ProfileId, StoredProfile],
) -> None:
    columns = _columns(account, profiles)
    if locks_by_update(conn):
        written = conn.execute(SQL.update_spread_profiles, columns).rowcount
    else:
        columns["places"] = PlaceArray([stored[one.folded.profile_id].place for one in profiles])
        written = conn.execute(SQL.update_profiles, columns).rowcount
    if written != len(profiles):
        raise LostProfileError(asked=len(profiles), written=written)


def delete_profiles(conn: Connection, account: int, profile_ids: Collection[ProfileId]) -> None:
    """Delete profiles that were merged into others."""
    if profile_ids:
        asked = {"account": account, "profile_ids": UuidArray(sorted(profile_ids))}
        conn.execute(SQL.delete_profiles, asked)


def due_profiles(conn: Connection, *, now: datetime, limit: int) -> list[tuple[int, ProfileId]]:
    """Return (account, profile) of those whose audiences may be others by `now`."""
    rows = conn.execute(SQL.due_profiles, {"now": now, "limit": limit})
    return [(account, profile_id) for account, profile_id in rows]


def postpone_flip(
    conn: Connection, account: int, profile_id: ProfileId, *, now: datetime, until: datetime
) -> None:
    """Make a profile that is due by `now` due at `until`, whatever its audiences say."""
    asked = {"account": account, "profile_id": profile_id, "now": now, "until": until}
    conn.execute(SQL.postpone_flip, asked)


def profiles_after(
    conn: Connection, account: int, after: ProfileId, *, limit: int, upto: ProfileId = LAST_PROFILE
) -> list[ProfileId]:
    """Return the next profiles of an account in id order, at most up to one."""
    asked = {"account": account, "after": after, "upto": upto, "limit": limit}
    return [row[0] for row in conn.execute(SQL.profiles_after, asked)]


def read_after(
    conn: Connection, account: int, after: ProfileId, *, limit: int, upto: ProfileId = LAST_PROFILE
) -> list[StoredProfile]:
    """Return the next profiles in id order without a lock, at most up to one."""
    asked = {"account": account, "after": after, "upto": upto, "limit": limit}
    with conn.cursor(binary=True) as rows:
        return [
            load_profile(row) for row in rows.execute(SQL.read_profiles_after, asked).fetchall()
        ]


def read_members_after(
    conn: Connection, account: int, audience_id: int, after: ProfileId, *, limit: int
) -> list[StoredProfile]:
    """Return the next members of an audience in id order, without a lock."""
    asked = {"account": account, "audience_id": audience_id, "after": after, "limit": limit}
    with conn.cursor(binary=True) as rows:
        return [load_profile(row) for row in rows.execute(SQL.read_members_after, asked).fetchall()]


def load_profile(row: _Row) -> StoredProfile:
    """Return a profile from the columns of `get_profile` in binary form."""
    profile_id, version, updated_at, next_flip, audiences, body, *place = row
    return StoredProfile(
        profile_id.hex(), version, updated_at, next_flip, tuple(audiences), _decode(body), *place
    )


def _columns(account: int, profiles: Sequence[EvaluatedProfile]) -> dict[str, object]:
    folded = [profile.folded for profile in profiles]
    # PostgreSQL cannot unnest arrays of different lengths, so all audiences travel in one.
    sizes = [len(profile.audiences) for profile in profiles]
    ends = list(accumulate(sizes))
    return {
        "account": account,
        "profile_ids": UuidArray([one.profile_id for one in folded]),
        "first_seen": MicrosArray([_first_seen(one) for one in folded]),
        "updated_at": MicrosArray([one.now_us for one in folded]),
        "next_flips": TimeArray([profile.next_flip for profile in profiles]),
        "audiences": BigintArray([item for profile in profiles for item in profile.audiences]),
        "starts": IntArray([1 + end - size for end, size in zip(ends, sizes, strict=True)]),
        "ends": IntArray(ends),
        "bodies": BytesArray([_pack(profile) for profile in profiles]),
    }


def _row(account: int, profile: EvaluatedProfile) -> bytes:
    folded, flip = profile.folded, profile.next_flip
    audiences, body = bigints(profile.audiences), _pack(profile)
    return b"".join(
        (
            _HEAD(
                *(8, 8, account, 16, bytes.fromhex(folded.profile_id), 8, FIRST_VERSION),
                *(8, _first_seen(folded) - PG_EPOCH_US, 8, folded.now_us - PG_EPOCH_US),
            ),
            NULL if flip is None else _INSTANT(8, to_us(flip) - PG_EPOCH_US),
            _LENGTH(len(audiences)),
            audiences,
            _LENGTH(len(body)),
            body,
        )
    )


def _first_seen(profile: FoldedProfile) -> int:
    return min([part.first_us for part in profile.fragments])


def _pack(profile: EvaluatedProfile) -> bytes:
    folded = profile.folded
    body = Body(folded.fragments, folded.edges, folded.refused, profile.since_us, folded.standing)
    return _encode(body)
