"""Sends events on: in the transaction that processes them, so each is queued exactly once."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from coterie.flow.exports.claims import ClaimPlan
from coterie.flow.exports.feeds import Arrival, save_feeding
from coterie.flow.exports.rules import Snapshot
from coterie.flow.exports.wishes import save_plan
from coterie.flow.run.conclude import Conclusion
from coterie.flow.run.context import AccountContext
from coterie.model.changes import OmissionChange
from coterie.model.events import LoggedEvent
from coterie.model.mapped import MappedEvent
from coterie.model.profile import EvaluatedProfile, ResolvedProfile
from coterie.store import Connection

Bodies = Mapping[tuple[int, int], str]
"""The texts of events that some job may send on, by lane and number."""

NO_BODIES: Bodies = MappingProxyType({})


def bodies_of(context: AccountContext, events: Iterable[LoggedEvent], rewritten: Bodies) -> Bodies:
    """Return the texts of those events that some job may send on, as they were `rewritten`."""
    feeder = context.feeder
    if feeder.is_idle:
        return NO_BODIES
    return {
        (event.lane, event.seq): rewritten.get((event.lane, event.seq), event.body)
        for event in events
        if event.account == context.number and feeder.may_want(event.stream)
    }


def feed(
    conn: Connection,
    context: AccountContext,
    bodies: Bodies,
    resolved: Sequence[ResolvedProfile],
    conclusion: Conclusion,
    *,
    now: datetime,
) -> None:
    """Queue events for the jobs that send them on, with their people as this batch leaves them."""
    known = {item.folded.profile_id: item for item in conclusion.profiles}
    pairs: list[tuple[Arrival, Snapshot]] = []
    for profile in resolved:
        chosen = [event for event in profile.events if (event.lane, event.seq) in bodies]
        evaluated = known.get(profile.profile_id)
        if chosen and evaluated is not None:
            person = _snapshot(context, evaluated)
            pairs += [(_arrival(event, bodies), person) for event in chosen]
    if not pairs:
        return
    pairs.sort(key=lambda pair: (pair[0].lane, pair[0].seq))
    feeding = context.feeder.plan(pairs)
    save_feeding(conn, context.number, feeding, now=now)
    omissions = tuple(
        OmissionChange(job_id=job_id, profile_id=profile_id, reason=reason)
        for (job_id, profile_id), reason in feeding.omissions.items()
    )
    save_plan(conn, context.number, ClaimPlan((), omissions), now=now)


def _arrival(event: MappedEvent, bodies: Bodies) -> Arrival:
    return Arrival(
        lane=event.lane,
        seq=event.seq,
        stream=event.stream,
        received_us=event.received_us,
        occurred_us=event.occurred_us,
        body=bodies[event.lane, event.seq],
    )


def _snapshot(context: AccountContext, profile: EvaluatedProfile) -> Snapshot:
    folded = profile.folded
    return Snapshot(
        folded.profile_id,
        min(part.first_us for part in folded.fragments),
        dict(zip(profile.audiences, profile.since_us, strict=True)),
        context.viewer.view(folded.fragments, folded.now_us, context.feeder.reads),
    )
