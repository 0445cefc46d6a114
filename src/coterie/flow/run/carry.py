"""Carry people over into a replay of whom a trimmed log says nothing any more.

Of everybody else the replay knows what is left of the log, and nothing of what was dropped: a sum
cannot be told apart into events that are still there and events that are not.
"""

from collections.abc import Collection, Mapping
from datetime import datetime

import msgspec

from coterie.base.clock import to_us
from coterie.flow.changes.record import Place
from coterie.flow.identity.maintenance import note_unsettled
from coterie.flow.identity.owners import (
    find_owners,
    list_passengers,
    save_owners,
    save_passengers,
)
from coterie.flow.profiles.storage import profiles_after, read_profiles
from coterie.flow.profiles.timeline import mentioned_nodes
from coterie.flow.run.conclude import conclude, write
from coterie.flow.run.context import AccountContext, Contexts
from coterie.flow.run.generations import enter_generation, live_generation
from coterie.model.mapped import Identifier
from coterie.model.profile import FoldedProfile, ProfileId, Resolution, StoredProfile
from coterie.store import Connection

PROFILES_AT_ONCE = 1_000
MOST_PASSENGERS = 100_000
NOWHERE = Place(0, 0)


class Carried(msgspec.Struct, frozen=True):
    """What became of a page of live profiles that ends with `last`.

    `carried` are as they were; `shortened` are rebuilt from what is left of the log, and were known
    before that begins.
    """

    last: ProfileId
    carried: int
    shortened: int


def carry(
    conn: Connection,
    contexts: Contexts,
    generation: int,
    account: int,
    after: ProfileId,
    *,
    log_from: datetime,
) -> Carried | None:
    """Carry those over of the next live profiles of an account; None if there are no more.

    `contexts` are silent and ask no audiences. Nobody of whom the log has an event left is carried,
    whether that event still says anything of them or not.
    """
    enter_generation(conn, live_generation(conn))
    contexts.refresh(conn)
    context = contexts.get(account)
    ids = profiles_after(conn, account, after, limit=PROFILES_AT_ONCE)
    if not ids:
        return None
    profiles = read_profiles(conn, account, ids)
    passengers = _passengers(conn, account, profiles)
    named = {item for profile in profiles for item in _all_named(profile)} | passengers.keys()
    nodes = {context.name_node(item): item for item in named}
    heard = {nodes[node] for node in mentioned_nodes(conn, account, list(nodes))}
    enter_generation(conn, generation)
    known = find_owners(conn, account, named)
    moved = shortened = 0
    for profile in profiles:
        own = {part.identifier for part in profile.body.fragments}
        riders = {item: home for item, home in passengers.items() if home in own}
        if not (own | riders.keys()) & (heard | known.keys()):
            _save(conn, context, profile, riders, lost=heard - known.keys())
            moved += 1
        elif min(part.first_us for part in profile.body.fragments) < to_us(log_from):
            shortened += 1
    return Carried(ids[-1], moved, shortened)


def _save(
    conn: Connection,
    context: AccountContext,
    profile: StoredProfile,
    riders: Mapping[Identifier, Identifier],
    *,
    lost: Collection[Identifier],
) -> None:
    """Write a profile as it is; refused edges to `lost` identifiers, which nobody holds, go."""
    body = profile.body
    folded = FoldedProfile(
        profile.profile_id,
        None,
        body.fragments,
        body.held_edges,
        tuple(
            edge
            for edge in body.refused
            if not {edge.edge.a, edge.edge.b, *edge.witness} & set(lost)
        ),
        None,
        to_us(profile.updated_at),
        standing=body.standing,
    )
    owners = {part.identifier: profile.profile_id for part in body.fragments}
    save_owners(conn, context.number, owners, {})
    if riders:
        resolution = Resolution((), {}, {}, owners, passengers=dict(riders))
        save_passengers(conn, context.number, resolution, {})
    write(conn, context, conclude(context, [folded], {}, "backfill"), {}, NOWHERE)
    if body.standing is not None and body.standing.is_unsettled:
        first = body.fragments[0].identifier
        note_unsettled(conn, context.number, frozenset([first]), now=profile.updated_at)


def _passengers(
    conn: Connection, account: int, profiles: Collection[StoredProfile]
) -> dict[Identifier, Identifier]:
    carriers = {
        item
        for profile in profiles
        if profile.body.standing is not None
        for item in profile.body.standing.carriers
    }
    return dict(list_passengers(conn, account, carriers, limit=MOST_PASSENGERS))


def _all_named(profile: StoredProfile) -> set[Identifier]:
    found = {part.identifier for part in profile.body.fragments}
    for refused in profile.body.refused:
        found |= {refused.edge.a, refused.edge.b, *refused.witness}
    return found
