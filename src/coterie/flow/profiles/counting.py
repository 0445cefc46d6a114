"""Counts the profiles of an account: exactly, or quickly.

Counting millions takes seconds. Ids are keyed hashes, so a range of them is a fair draw of all.
"""

import math

import msgspec

from coterie.model.profile import ProfileId
from coterie.store import Connection, load_queries

SQL = load_queries("profiles")

# A first look, which tells how wide a range holds about `COUNTED` of them.
LOOKED_AT = 1 / 256
COUNTED = 50_000
# Up to here everybody is counted.
EXACT_UP_TO = 200_000
ALL_IDS = 2**128
# The quantile of the normal distribution for 19 of 20.
Z = 1.959964


class Total(msgspec.Struct, frozen=True):
    """How many profiles there are: in 19 of 20 cases no further off than the share `doubt`."""

    profiles: int
    doubt: float = 0.0


def count_profiles(conn: Connection, account: int) -> int:
    """Return how many profiles an account has."""
    row = conn.execute(SQL.count_profiles, {"account": account}).fetchone()
    return int(row[0]) if row else 0


def estimate_profiles(conn: Connection, account: int) -> Total:
    """Return about how many profiles an account has, in a time that does not grow with them."""
    looked = _count_part(conn, account, LOOKED_AT) / LOOKED_AT
    if looked <= EXACT_UP_TO:
        return Total(count_profiles(conn, account))
    share = min(1.0, COUNTED / looked)
    counted = _count_part(conn, account, share)
    return Total(round(counted / share), Z * math.sqrt((1 - share) / max(counted, 1)))


def _count_part(conn: Connection, account: int, share: float) -> int:
    asked = {"account": account, "upto": _end_of(share)}
    row = conn.execute(SQL.count_profiles_upto, asked).fetchone()
    return int(row[0]) if row else 0


def _end_of(share: float) -> ProfileId:
    return f"{min(int(share * ALL_IDS), ALL_IDS - 1):032x}"
