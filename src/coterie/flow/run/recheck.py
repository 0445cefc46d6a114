"""Ask of queued events again whether they may leave, after a job asks more of their people."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from coterie.flow.eventlog.read import read_next_after, read_places
from coterie.flow.exports.queue import Queued, queued_after
from coterie.flow.exports.withdrawals import UNKNOWN_PERSON, Unconsented, drop_unconsented
from coterie.flow.mapping.mapper import RejectedMapping
from coterie.flow.profiles.storage import lock_profiles
from coterie.flow.run.context import AccountContext, Contexts
from coterie.flow.run.whose import find_actors
from coterie.flow.run.withdrawing import standing_of
from coterie.model.events import LoggedEvent
from coterie.model.profile import StoredProfile
from coterie.store import Connection
from coterie.store.fences import share_fence


class Rechecked(msgspec.Struct, frozen=True):
    """How far the items of a queue were asked about, and how many of them were dropped."""

    last: int
    seen: int
    dropped: int


def recheck_queued(
    conn: Connection,
    contexts: Contexts,
    job: tuple[int, int, int],
    after: int,
    *,
    now: datetime,
    limit: int,
) -> Rechecked | None:
    """Drop of the next items of (account, job, destination) what the job does not let leave now.

    None when there are no more. Whose an item is, its event says; if the log holds that no more,
    nobody can say that it may leave, and the item is dropped too.
    """
    account, job_id, destination = job
    share_fence(conn)
    contexts.refresh(conn)
    context = contexts.get(account)
    items = queued_after(conn, destination, after, limit=limit)
    if not items:
        return None
    mapped = [context.mapper.map(event) for event in _events(conn, items)]
    known = [event for event in mapped if not isinstance(event, RejectedMapping)]
    whose = find_actors(conn, account, known)
    # Profiles first, then the queue, as every batch does it.
    people = lock_profiles(conn, account, set(whose.values()))
    dropped = []
    for item in items:
        person = people.get(whose.get(item.place, ""))
        reason = _lack(context, job_id, person)
        if reason is not None:
            profile_id = None if person is None else person.profile_id
            dropped.append(Unconsented(item=item.id, profile_id=profile_id, reason=reason))
    count = drop_unconsented(conn, account, job_id, dropped, now=now)
    return Rechecked(items[-1].id, len(items), count)


def _lack(context: AccountContext, job_id: int, person: StoredProfile | None) -> str | None:
    if person is None:
        return UNKNOWN_PERSON
    return context.gates.lack(job_id, standing_of(context, person))


def _events(conn: Connection, items: Sequence[Queued]) -> list[LoggedEvent]:
    """Return the events of items; most were received on the day on which they were queued."""
    events = read_places(conn, [(*item.place, item.queued_at.date()) for item in items])
    found = {(event.lane, event.seq) for event in events}
    for lane, seq in sorted({item.place for item in items} - found):
        events += [
            event for event in read_next_after(conn, lane, seq - 1, limit=1) if event.seq == seq
        ]
    return events
