"""Forgets a person: the profile and all that mentions it, then, step by step, the log."""

from collections.abc import Collection, Mapping
from datetime import datetime

import msgspec

from coterie.base.clock import to_us
from coterie.flow.audiences.evaluate import Affected
from coterie.flow.changes.record import DECISION_LANE, take_place
from coterie.flow.collect.refused import drop_refused, read_refused
from coterie.flow.eventlog.erase import NOTHING, read_exceptions, rewrite_events
from coterie.flow.eventlog.outcomes import record_outcomes
from coterie.flow.eventlog.read import read_places
from coterie.flow.exports.forget import count_forgotten, drop_forgotten, names_of
from coterie.flow.identity.maintenance import drop_unsettled_of
from coterie.flow.identity.owners import delete_owners, find_owners, list_passengers
from coterie.flow.identity.suppression import suppress
from coterie.flow.imports.files import drop_rejects, read_rejects
from coterie.flow.mapping.mapper import RejectedMapping
from coterie.flow.profiles.storage import lock_profiles
from coterie.flow.profiles.timeline import drop_mentions, take_mentions
from coterie.flow.run.conclude import Conclusion, conclude, snapshot_of, write
from coterie.flow.run.context import AccountContext
from coterie.flow.run.scrub import Scrubber
from coterie.flow.run.suppress import erased, without
from coterie.lang.identifiers import normalise
from coterie.model.changes import Change
from coterie.model.erasure import Forgotten
from coterie.model.events import EventOutcome, LoggedEvent
from coterie.model.mapped import Identifier, can_identify
from coterie.model.profile import (
    FoldedProfile,
    ProfileId,
    RefusedEdge,
    Resolution,
    StoredProfile,
)
from coterie.store import Connection

MOST_PASSENGERS = 100_000
EVENTS_AT_ONCE = 500
REFUSED_AT_ONCE = 500


class Gone(msgspec.Struct, frozen=True):
    """A person whose profile was deleted; `profile_id` None: nobody had the identifier."""

    profile_id: ProfileId | None
    forgotten: Forgotten


def forget_profile(
    conn: Connection,
    context: AccountContext,
    identifier: Identifier,
    *,
    until: datetime,
    now: datetime,
) -> Gone | None:
    """Delete the profile of an identifier, in any spelling, in the live generation.

    Its audiences are left, destinations are to be told, and events that were received before
    `until` will not bring it back. Call it behind the closed fence. None if the field identifies
    nobody.
    """
    node = _spell(context, identifier)
    if node is None:
        return None
    owner = find_owners(conn, context.number, [node]).get(node)
    if owner is None:
        gone = Gone(None, Forgotten(identifiers=(node,), recipients=tuple(names_of([node[1]]))))
    else:
        gone = _delete(conn, context, owner, node, now)
    names = [context.name_node(item) for item in gone.forgotten.identifiers]
    suppress(conn, context.number, names, until=until)
    return gone


def forget_events(
    conn: Connection, context: AccountContext, forgotten: Forgotten, *, now: datetime
) -> int | None:
    """Erase the next events that mention a person; return how many, None if there are no more.

    Events of others that mention the person keep everything else.
    """
    gone = frozenset(forgotten.identifiers)
    names = [context.name_node(item) for item in forgotten.identifiers]
    places = take_mentions(conn, context.number, names, limit=EVENTS_AT_ONCE)
    if not places:
        return None
    events = read_places(conn, places)
    bodies: dict[LoggedEvent, str] = {}
    outcomes: list[EventOutcome] = []
    for event in events:
        mapped = context.mapper.map(event)
        if isinstance(mapped, RejectedMapping):
            bodies[event] = NOTHING
            continue
        bodies[event], left = without(context, event, mapped, gone)
        if left is None:
            outcomes.append(erased(event))
    rewrite_events(conn, bodies)
    record_outcomes(conn, outcomes, decided_at=now)
    drop_mentions(conn, context.number, names, places)
    return len(events)


def forget_exceptions(
    conn: Connection,
    account: int,
    forgotten: Forgotten,
    after: tuple[int, int],
    *,
    now: datetime,
) -> tuple[int, tuple[int, int] | None]:
    """Erase those of the next events that were set aside which name a person.

    Returns how many, and how far that reached; None if there are no more.
    """
    scrubber = Scrubber(value for _, value in forgotten.identifiers)
    events, last = read_exceptions(conn, account, after, limit=EVENTS_AT_ONCE)
    theirs = [event for event in events if scrubber.is_in(event.body)]
    rewrite_events(conn, dict.fromkeys(theirs, NOTHING))
    record_outcomes(conn, [erased(event) for event in theirs], decided_at=now)
    return len(theirs), last


def forget_refused(
    conn: Connection, account: int, forgotten: Forgotten, after: int
) -> tuple[int, int | None]:
    """Delete those of the next events that doors refused which name a person.

    Returns how many, and the last id that was looked at; None if there are no more.
    """
    scrubber = Scrubber(value for _, value in forgotten.identifiers)
    rows = read_refused(conn, account, after, limit=REFUSED_AT_ONCE)
    theirs = [number for number, body in rows if scrubber.is_in(body.decode(errors="replace"))]
    drop_refused(conn, account, theirs)
    return len(theirs), rows[-1][0] if rows else None


def forget_rows(conn: Connection, account: int, forgotten: Forgotten, after: int) -> int | None:
    """Delete those of the next rows that imports left out which name a person.

    Returns the last id that was looked at; None if there are no more.
    """
    scrubber = Scrubber(value for _, value in forgotten.identifiers)
    rows = read_rejects(conn, account, after, limit=REFUSED_AT_ONCE)
    drop_rejects(conn, [n for n, raw in rows if scrubber.is_in(raw.decode(errors="replace"))])
    return rows[-1][0] if rows else None


def forget_deliveries(
    conn: Connection,
    account: int,
    forgotten: Forgotten,
    *,
    deleting: Mapping[int, int],
    now: datetime,
) -> int:
    """Delete what destinations no longer have to be told; return how many rows must wait.

    `deleting` gives the authorization of each destination whose people are deleted there as well.
    """
    drop_forgotten(conn, account, forgotten.recipients, deleting=deleting, now=now)
    return count_forgotten(conn, account, forgotten.recipients)


def _delete(
    conn: Connection,
    context: AccountContext,
    owner: ProfileId,
    node: Identifier,
    now: datetime,
) -> Gone:
    account = context.number
    profile = lock_profiles(conn, account, [owner])[owner]
    nodes = {part.identifier for part in profile.body.fragments} | {node}
    carriers = profile.body.standing.carriers if profile.body.standing else ()
    passengers = list_passengers(conn, account, carriers, limit=MOST_PASSENGERS)
    nodes |= {passenger for passenger, _ in passengers}
    beside = _border(profile.body.refused, nodes)
    neighbours = set(find_owners(conn, account, beside).values()) - {owner}
    stored = {owner: profile, **lock_profiles(conn, account, neighbours)}
    folded = [_without_edges(stored[item], nodes, now) for item in sorted(neighbours)]
    # Nobody's audiences depend on who they were not joined with.
    nobody = Affected((), frozenset(), ())
    cleaned = conclude(context, folded, stored, "decision", only=nobody)
    leaving = snapshot_of(context, profile)
    plan = context.exporter.plan(leaving, None)
    conclusion = Conclusion(
        cleaned.profiles,
        (*cleaned.changes, *_farewell(context, profile, now)),
        msgspec.structs.replace(
            plan,
            claims=(*cleaned.plan.claims, *plan.claims),
            omissions=(
                *cleaned.plan.omissions,
                *plan.omissions,
                *context.feeder.forget([owner]),
            ),
        ),
    )
    dissolved = Resolution((), {owner: owner}, {}, {})
    write(conn, context, conclusion, stored, take_place(conn, DECISION_LANE), dissolved)
    delete_owners(conn, account, owner, nodes)
    drop_unsettled_of(conn, account, nodes)
    told = {name for _, name in context.exporter.wishes(leaving).recipients.values()}
    names = {*names_of({value for _, value in nodes}), *told}
    forgotten = Forgotten(identifiers=tuple(sorted(nodes)), recipients=tuple(sorted(names)))
    return Gone(owner, forgotten)


def _farewell(context: AccountContext, profile: StoredProfile, now: datetime) -> list[Change]:
    """Return the exits of a profile, and the change that says it is no more."""
    versions = context.evaluator.versions
    exits = [
        Change(
            profile_id=profile.profile_id,
            kind="exit",
            cause="decision",
            changed_at=now,
            audience_id=audience_id,
            audience_version=versions.get(audience_id),
        )
        for audience_id in profile.audiences
    ]
    gone = Change(profile_id=profile.profile_id, kind="erase", cause="decision", changed_at=now)
    return [*exits, gone]


def _border(refused: Collection[RefusedEdge], nodes: set[Identifier]) -> set[Identifier]:
    """Return the identifiers of others that refused edges name."""
    named = {end for item in refused for end in (item.edge.a, item.edge.b, *item.witness)}
    return named - nodes


def _without_edges(profile: StoredProfile, nodes: set[Identifier], now: datetime) -> FoldedProfile:
    refused = tuple(
        item
        for item in profile.body.refused
        if not nodes & {item.edge.a, item.edge.b, *item.witness}
    )
    return FoldedProfile(
        profile.profile_id,
        profile,
        profile.body.fragments,
        profile.body.held_edges,
        refused,
        frozenset(),
        max(to_us(now), to_us(profile.updated_at)),
        standing=profile.body.standing,
    )


def _spell(context: AccountContext, identifier: Identifier) -> Identifier | None:
    field, value = identifier
    known = next((one for one in context.schema.fields if one.name == field), None)
    if known is None or known.identifier is None or not can_identify(value):
        return None
    return known.stored_name, normalise(known.identifier, value)
