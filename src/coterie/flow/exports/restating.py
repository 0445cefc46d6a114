"""What the recipients of a destination hold on behalf of whom, read to be stated anew."""

from collections.abc import Sequence

import msgspec

from coterie.flow.exports.claims import DestinationRecipient, Exporter, Wish, Wishes
from coterie.flow.exports.claims import claim as make_claim
from coterie.flow.exports.ledger import SHADOWED, Claim
from coterie.flow.exports.rules import Snapshot
from coterie.model.changes import ClaimChange
from coterie.store import Connection, load_queries

SQL = load_queries("exports")

_decode = msgspec.msgpack.Decoder(tuple[Claim, ...]).decode


class Claimed(msgspec.Struct, frozen=True):
    """A recipient with all that profiles claim there."""

    recipient: str
    claims: tuple[Claim, ...]


def recipients_after(
    conn: Connection, destination: int, after: str, *, limit: int
) -> list[Claimed]:
    """Return the next recipients of a destination, without a lock."""
    asked = {"destination": destination, "after": after, "limit": limit}
    with conn.cursor(binary=True) as rows:
        found = rows.execute(SQL.recipients_after, asked).fetchall()
    return [Claimed(recipient, _decode(packed) if packed else ()) for recipient, packed in found]


def restated(
    exporter: Exporter,
    place: DestinationRecipient,
    was: Claim,
    now: tuple[Snapshot, Wishes] | None,
) -> ClaimChange | None:
    """Return how a claim changes, None if it stays; `now` is the profile with what is wanted."""
    if now is None:
        gone = Snapshot(was.profile_id, was.first_us, {}, {})
        return make_claim(place, gone, None)
    profile, wishes = now
    wish = wishes.claims.get(place)
    standing = Wish(was.items, was.job_ids)
    kept = exporter.kept_items(standing, wishes, profile) if exporter.keeps_leavers else {}
    if kept:
        known = wish or Wish({}, ())
        job_ids = tuple(dict.fromkeys((*was.job_ids, *known.job_ids)))
        wish = Wish(kept | known.items, job_ids)
    if wish is not None and wish.items == was.items and wish.job_ids == was.job_ids:
        return None
    return make_claim(place, profile, wish)


def question_omissions(conn: Connection, job_id: int) -> None:
    """Note that whom a job omits is found anew."""
    conn.execute(SQL.question_omissions, {"job_id": job_id, "kept_reason": SHADOWED})


def forget_questioned(conn: Connection, job_id: int) -> None:
    """Forget whom a job omitted and was not found again."""
    conn.execute(SQL.forget_questioned, {"job_id": job_id})


def count_recipients(conn: Connection, destination: int) -> int:
    """Return how many users a destination has."""
    found = conn.execute(SQL.count_recipients, {"destination": destination}).fetchone()
    return int(found[0]) if found else 0


def count_traces(conn: Connection, destination: int, values: Sequence[str]) -> tuple[int, int]:
    """Return how many users still hold `values` in vain, and how many refused to let go."""
    asked = {"destination": destination, "keys": list(values)}
    found = conn.execute(SQL.count_traces, asked).fetchone()
    return (int(found[0]), int(found[1])) if found else (0, 0)
