"""Give profiles the history of trackers that are younger than they are.

What happened up to a tracker's boundary was processed without it, what came later with it; so the
two never overlap, and a fragment's history is whole once both are in it. Whoever loads profiles to
ask them something loads them filled.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from coterie.flow.eventlog.read import read_places
from coterie.flow.identity.owners import list_passengers
from coterie.flow.mapping.mapper import RejectedMapping
from coterie.flow.profiles.histories import history_of
from coterie.flow.profiles.storage import lock_profiles
from coterie.flow.profiles.timeline import find_mentions
from coterie.flow.run.context import AccountContext
from coterie.lang.behaviour import History
from coterie.model.config import TrackerSpec
from coterie.model.mapped import Identifier, MappedEvent
from coterie.model.profile import Fragment, ProfileId, StoredProfile, unpack
from coterie.store import Connection

# So many identifiers are looked up at once.
NODES_AT_ONCE = 500
MOST_PASSENGERS = 100_000

Histories = dict[Identifier, dict[int, History]]
"""The unfilled histories of fragments, by hidden field."""


def lock_filled(
    conn: Connection, context: AccountContext, profile_ids: Collection[ProfileId]
) -> dict[ProfileId, StoredProfile]:
    """Return the profiles that exist, locked, with the history of all trackers in them.

    They are filled in memory: whoever writes a profile writes that too.
    """
    return fill(conn, context, lock_profiles(conn, context.number, profile_ids))


def fill(
    conn: Connection, context: AccountContext, stored: dict[ProfileId, StoredProfile]
) -> dict[ProfileId, StoredProfile]:
    """Return profiles with the history of all trackers in them; nothing is written."""
    if not context.unfilled:
        return stored
    waiting: Histories = {}
    for profile in stored.values():
        for fragment in profile.body.fragments:
            histories = _unfilled(fragment, context.unfilled)
            if histories:
                waiting[fragment.identifier] = histories
    if not waiting:
        return stored
    carriers = _carriers(conn, context, stored.values())
    nodes = list(waiting)
    for start in range(0, len(nodes), NODES_AT_ONCE):
        chunk = nodes[start : start + NODES_AT_ONCE]
        _fill(conn, context, {node: waiting[node] for node in chunk}, carriers)
    return {profile_id: _with_histories(profile, waiting) for profile_id, profile in stored.items()}


def _unfilled(fragment: Fragment, trackers: Iterable[TrackerSpec]) -> dict[int, History]:
    ids = [tracker.field_id for tracker in trackers]
    found = {field_id: history_of(unpack(fragment.states.get(field_id))) for field_id in ids}
    return {field_id: history for field_id, history in found.items() if not history.is_filled}


def _carriers(
    conn: Connection, context: AccountContext, profiles: Iterable[StoredProfile]
) -> dict[Identifier, Identifier]:
    """Return the carrier of each passenger: what is said under a passenger goes there."""
    known = {
        carrier
        for profile in profiles
        if profile.body.standing is not None
        for carrier in profile.body.standing.carriers
    }
    return dict(list_passengers(conn, context.number, known, limit=MOST_PASSENGERS))


def _fill(
    conn: Connection,
    context: AccountContext,
    waiting: Histories,
    carriers: Mapping[Identifier, Identifier],
) -> None:
    """Fold what happened before each tracker into the histories, in place."""
    passengers = [node for node, carrier in carriers.items() if carrier in waiting]
    names = [context.name_node(node) for node in (*waiting, *passengers)]
    boundary = _furthest(context.unfilled)
    boundaries = {tracker.field_id: tracker.boundary for tracker in context.unfilled}
    for event in _events(conn, context, names, boundary):
        # An event counts once, for the node that has its data: its mention is found with that node.
        histories = waiting.get(_home(event, carriers))
        if histories is None:
            continue
        for field_id, value in event.values:
            history = histories.get(field_id)
            if history is not None and event.seq <= boundaries[field_id].get(event.lane, 0):
                histories[field_id] = context.histories.fold(history, value, event.occurred_us)
    for histories in waiting.values():
        for field_id, history in histories.items():
            histories[field_id] = msgspec.structs.replace(history, is_filled=True)


def _home(event: MappedEvent, carriers: Mapping[Identifier, Identifier]) -> Identifier:
    """Return the node whose fragment has the event's data: its strongest, or what carries that."""
    strongest = event.identifiers[0]
    return carriers.get(strongest, strongest)


def _events(
    conn: Connection,
    context: AccountContext,
    names: Sequence[bytes],
    boundary: Mapping[int, int],
) -> Iterator[MappedEvent]:
    """Yield the events that mention one of the nodes, each once, mapped as they were then."""
    mentions = find_mentions(conn, context.number, names, boundary)
    for places in mentions:
        for event in read_places(conn, places):
            mapped = context.mapper.map(event)
            if not isinstance(mapped, RejectedMapping):
                yield mapped


def _furthest(trackers: Iterable[TrackerSpec]) -> dict[int, int]:
    furthest: dict[int, int] = {}
    for tracker in trackers:
        for lane, seq in tracker.boundary.items():
            furthest[lane] = max(seq, furthest.get(lane, 0))
    return furthest


def _with_histories(profile: StoredProfile, filled: Histories) -> StoredProfile:
    fragments = tuple(
        _with_states(fragment, filled[fragment.identifier])
        if fragment.identifier in filled
        else fragment
        for fragment in profile.body.fragments
    )
    body = msgspec.structs.replace(profile.body, fragments=fragments)
    return msgspec.structs.replace(profile, body=body)


def _with_states(fragment: Fragment, histories: Mapping[int, History]) -> Fragment:
    states: dict[int, Any] = {**fragment.states, **histories}
    return msgspec.structs.replace(fragment, held_states=states)
