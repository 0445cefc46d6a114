"""State anew what an export wants, after it was changed: recipient by recipient."""

from datetime import datetime

import msgspec

from coterie.flow.exports.claims import ClaimPlan
from coterie.flow.exports.restating import recipients_after, restated
from coterie.flow.exports.wishes import save_plan
from coterie.flow.profiles.storage import lock_profiles
from coterie.flow.run.conclude import snapshot_of
from coterie.flow.run.context import Contexts
from coterie.store import Connection
from coterie.store.fences import share_fence


class Restated(msgspec.Struct, frozen=True):
    """How far recipients were gone over; `denied` claims fell because their people do not agree."""

    last: str
    seen: int
    denied: int


def restate_recipients(
    conn: Connection,
    contexts: Contexts,
    destination: tuple[int, int],
    after: str,
    *,
    now: datetime,
    limit: int,
) -> Restated | None:
    """Let the claims of the next recipients of (account, destination) say what is wanted now.

    None when there are no more. Who has no recipient there yet is none of this: members are claimed
    for one by one.
    """
    account, destination_id = destination
    share_fence(conn)
    contexts.refresh(conn)
    context = contexts.get(account)
    rows = recipients_after(conn, destination_id, after, limit=limit)
    if not rows:
        return None
    ids = {claim.profile_id for row in rows for claim in row.claims}
    # Profiles first, then recipients, as every batch does it.
    stored = lock_profiles(conn, account, ids)
    known = {}
    for profile_id, profile in stored.items():
        snapshot = snapshot_of(context, profile)
        known[profile_id] = (snapshot, context.exporter.wishes(snapshot))
    changes = []
    denied = 0
    for row in rows:
        place = (destination_id, row.recipient)
        for claim in row.claims:
            now_wanted = known.get(claim.profile_id)
            change = restated(context.exporter, place, claim, now_wanted)
            if change is None:
                continue
            changes.append(change)
            is_denied = now_wanted is not None and not now_wanted[1].denied.isdisjoint(
                claim.job_ids
            )
            denied += is_denied and change.items is None
    save_plan(conn, account, ClaimPlan(tuple(changes), ()), now=now, is_backfill=True)
    return Restated(rows[-1].recipient, len(rows), denied)
