"""Write what profiles want destinations to hold into the outbox."""

import base64
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from coterie.base.errors import TransientError
from coterie.flow.exports.claims import ClaimPlan, DestinationRecipient
from coterie.flow.exports.ledger import Claim, OutboxState, apply_claim, omissions_of
from coterie.model.changes import ClaimChange, OmissionChange
from coterie.model.delivery import Told
from coterie.store import Bell, Connection, load_queries, locks_by_update, ring

SQL = load_queries("exports")

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[Claim, ...]).decode
_read_wanted = msgspec.json.Decoder(dict[str, Any]).decode
_read_told = msgspec.json.Decoder(dict[str, Told]).decode
_encode_rows = msgspec.json.Encoder().encode


class StaleOutboxError(TransientError):
    """Another worker made the outbox row of a recipient meanwhile; the batch must run again."""

    code = "stale_outbox"

    def __init__(self) -> None:
        super().__init__(
            "Another worker wrote to the same new recipient. Run the batch again.", retry_after=0.0
        )


def save_plan(
    conn: Connection,
    account: int,
    plan: ClaimPlan,
    *,
    now: datetime,
    is_backfill: bool = False,
) -> None:
    """Write the claims and omissions of a plan. Raises StaleOutboxError.

    What a backfill claims is delivered behind what changes meanwhile.
    """
    omissions = list(plan.omissions)
    if plan.claims:
        omissions += _save_claims(conn, account, plan.claims, now=now, is_backfill=is_backfill)
    _save_omissions(conn, account, omissions, now)


def _save_claims(
    conn: Connection,
    account: int,
    claims: Sequence[ClaimChange],
    *,
    now: datetime,
    is_backfill: bool,
) -> list[OmissionChange]:
    before = _lock(conn, claims)
    after = dict(before)
    for change in claims:
        place = (change.destination, change.recipient)
        after[place] = apply_claim(after.get(place, OutboxState()), change)
    new = {place: state for place, state in after.items() if place not in before and state.touched}
    old = {place: state for place, state in after.items() if state != before.get(place)}
    old = {place: state for place, state in old.items() if place in before}
    written = {"backfill": is_backfill, "now": now}
    if new:
        values = {"account": account, "rows": _rows(new), **written}
        made = conn.execute(SQL.insert_recipients, values)
        if made.rowcount != len(new):
            raise StaleOutboxError
    if old:
        conn.execute(SQL.update_recipients, {"rows": _rows(old), **written})
    if any(state.touched for state in (*new.values(), *old.values())):
        ring(conn, Bell.OUTBOX)
    return [
        omission
        for place, state in sorted(after.items())
        for omission in omissions_of(before.get(place, OutboxState()), state)
    ]


def _lock(
    conn: Connection, claims: Sequence[ClaimChange]
) -> dict[DestinationRecipient, OutboxState]:
    places = sorted({(change.destination, change.recipient) for change in claims})
    asked = {
        "destinations": [destination for destination, _ in places],
        "recipients": [recipient for _, recipient in places],
    }
    lock = SQL.lock_spread_recipients if locks_by_update(conn) else SQL.lock_recipients
    with conn.cursor(binary=True) as rows:
        found = rows.execute(lock, asked).fetchall()
    return {
        (destination, recipient): OutboxState(
            _decode(packed), _read_wanted(wanted), _read_told(in_doubt)
        )
        for destination, recipient, packed, wanted, in_doubt in found
    }


def _rows(states: dict[DestinationRecipient, OutboxState]) -> str:
    rows: list[dict[str, Any]] = [
        {
            "destination": destination,
            "recipient": recipient,
            "claims": base64.b64encode(_encode(state.claims)).decode(),
            "wanted": state.wanted,
            "in_doubt": state.in_doubt,
            "touched": state.touched,
        }
        for (destination, recipient), state in sorted(states.items())
    ]
    return _encode_rows(rows).decode()


def _save_omissions(
    conn: Connection, account: int, omissions: Sequence[OmissionChange], now: datetime
) -> None:
    # A row is named once in a statement. A reason that came up outweighs one that fell away, since
    # it is of another place or of another kind.
    ordered = sorted(omissions, key=lambda item: item.reason is not None)
    last = {(item.job_id, item.profile_id): item.reason for item in ordered}
    gone = sorted(key for key, reason in last.items() if reason is None)
    here = sorted(key for key, reason in last.items() if reason is not None)
    if gone:
        conn.execute(
            SQL.remove_omissions,
            {"job_ids": [job for job, _ in gone], "profile_ids": [item for _, item in gone]},
        )
    if here:
        conn.execute(
            SQL.add_omissions,
            {
                "account": account,
                "job_ids": [job for job, _ in here],
                "profile_ids": [item for _, item in here],
                "reasons": [last[key] for key in here],
                "since": now,
            },
        )
