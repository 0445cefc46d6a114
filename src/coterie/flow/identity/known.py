"""What the store says about the identifiers of a batch."""

from collections.abc import Collection, Iterator, Mapping

import msgspec

from coterie.flow.identity.rules import IdentityRules
from coterie.model.mapped import Identifier
from coterie.model.profile import ProfileId, RefusedEdge, StoredProfile


class Known(msgspec.Struct, frozen=True):
    """What the store says about some identifiers, and about all others of their profiles.

    `hubs` are those of the loaded profiles; `passengers` maps an identifier that takes no part in
    clustering to the one that carries it; `absent` are those that belong to nobody yet. Make it
    with `know`.
    """

    owners: Mapping[Identifier, ProfileId]
    stored: Mapping[ProfileId, StoredProfile]
    hubs: frozenset[Identifier] = frozenset()
    passengers: Mapping[Identifier, Identifier] = {}
    absent: Collection[Identifier] = frozenset()


def know(
    owners: Mapping[Identifier, ProfileId],
    stored: Mapping[ProfileId, StoredProfile],
    *,
    passengers: Mapping[Identifier, Identifier] | None = None,
    absent: Collection[Identifier] = frozenset(),
) -> Known:
    """Return what the owners of some identifiers and their profiles say together."""
    held = {
        (part.field, part.value): profile_id
        for profile_id, profile in stored.items()
        for part in profile.body.fragments
    }
    hubs = [
        hub
        for profile in stored.values()
        if profile.body.standing is not None
        for hub in profile.body.standing.hubs
    ]
    return Known({**owners, **held}, stored, frozenset(hubs), passengers or {}, absent)


def joins_nobody(conflict: RefusedEdge, known: Known, rules: IdentityRules) -> bool:
    """Say whether a stored edge is one of a hub or of a blocked value, and still is.

    Hubs are hubs until a replay; a value that was blocked may have been set free since.
    """
    if conflict.rule == "blocked":
        return any(end in known.hubs or end in rules.pins.blocked for end in conflict.witness)
    return conflict.rule == "hub"


def neighbours(known: Known, rules: IdentityRules) -> Iterator[tuple[ProfileId, ProfileId]]:
    """Yield the loaded profiles that have a refused edge or a pin between them."""
    for profile_id, profile in known.stored.items():
        for conflict in profile.body.refused:
            if joins_nobody(conflict, known, rules):
                continue
            for end in (conflict.edge.a, conflict.edge.b):
                owner = known.owners.get(end)
                if owner is not None and owner in known.stored:
                    yield profile_id, owner
