"""A store of profiles without a database: the shell around the pure core of identity."""

from collections.abc import Collection, Iterable, Sequence

import msgspec

from coterie.base.clock import from_us
from coterie.base.ids import keyed_hash
from coterie.flow.identity.known import Known, know
from coterie.flow.identity.resolve import (
    USUAL_LIMITS,
    Limits,
    NeedsNeighbours,
    resolve,
    resolve_again,
)
from coterie.flow.identity.rules import IdentityRules, make_pins
from coterie.model.mapped import Identifier, MappedEvent
from coterie.model.profile import Body, Edge, Fragment, ProfileId, Resolution, StoredProfile

Said = tuple[int, Sequence[Identifier]]
Pair = tuple[Identifier, Identifier]

RANKS = {"user_id": 0, "card": 1, "email": 2, "cookie": 3}
RULES = IdentityRules(RANKS, frozenset({"user_id", "card"}))
NARROW = IdentityRules(
    RANKS, frozenset({"user_id"}), {"email": 2, "cookie": 1, "card": 2}, least_limit=1
)
STREAM = "default"


class Decisions(msgspec.Struct, frozen=True):
    """Operators' decisions in force."""

    together: frozenset[Pair] = frozenset()
    apart: frozenset[Pair] = frozenset()
    blocked: frozenset[Identifier] = frozenset()


NOTHING_DECIDED = Decisions()


def with_decisions(rules: IdentityRules, decisions: Decisions) -> IdentityRules:
    pins = make_pins(together=decisions.together, apart=decisions.apart, blocked=decisions.blocked)
    return msgspec.structs.replace(rules, pins=pins)


def name(identifier: Identifier) -> ProfileId:
    return keyed_hash(b"k" * 32, *identifier).hex()


def as_events(said: Iterable[Said]) -> list[MappedEvent]:
    return [event(seq, at, who) for seq, (at, who) in enumerate(said)]


def event(seq: int, seen_us: int, identifiers: Iterable[Identifier]) -> MappedEvent:
    ordered = tuple(sorted(set(identifiers), key=RULES.strength))
    return MappedEvent(0, seq, STREAM, seen_us, seen_us, seen_us, ordered, ())


class Memory:
    """Profiles as events and decisions leave them. `folded` says where each event's data went."""

    def __init__(self, rules: IdentityRules = RULES, limits: Limits = USUAL_LIMITS) -> None:
        self.rules = rules
        self.limits = limits
        self.owners: dict[Identifier, ProfileId] = {}
        self.passengers: dict[Identifier, Identifier] = {}
        self.stored: dict[ProfileId, StoredProfile] = {}
        self.unsettled: set[Identifier] = set()
        self.folded: dict[int, Identifier] = {}

    def take(self, events: Sequence[MappedEvent]) -> Resolution:
        wanted = {identifier for one in events for identifier in one.identifiers}
        for _ in range(1_000):
            known = self._know(wanted)
            answer = resolve(events, known, self.rules, name, limits=self.limits)
            if not isinstance(answer, NeedsNeighbours):
                self._save(answer)
                return answer
            assert not answer.identifiers <= wanted, "asked again for what it was told"
            wanted |= answer.identifiers
        raise AssertionError("no end")

    def settle(self, identifiers: Collection[Identifier]) -> None:
        wanted = set(identifiers)
        while True:
            answer = resolve_again(identifiers, self._know(wanted), self.rules, name, at_us=0)
            if not isinstance(answer, NeedsNeighbours):
                self._save(answer)
                return
            assert not answer.identifiers <= wanted, "asked again for what it was told"
            wanted |= answer.identifiers

    def settle_all(self) -> None:
        """Do what maintenance does."""
        for identifier in sorted(self.unsettled):
            self.settle([identifier])
        self.unsettled.clear()

    def _know(self, wanted: set[Identifier]) -> Known:
        passengers = {item: self.passengers[item] for item in wanted if item in self.passengers}
        ordinary = (wanted - passengers.keys()) | set(passengers.values())
        owners = {item: self.owners[item] for item in ordinary if item in self.owners}
        stored = {owner: self.stored[owner] for owner in owners.values()}
        absent = ordinary - owners.keys()
        return know(owners, stored, passengers=passengers, absent=absent)

    def _save(self, resolution: Resolution) -> None:
        for gone in resolution.dissolved:
            del self.stored[gone]
        for profile in resolution.profiles:
            nodes = profile.nodes
            if profile.is_known:
                before = self.stored[profile.profile_id].body.fragments
                nodes = {part.identifier: (part.first_us, part.last_us) for part in before} | nodes
            fragments = tuple(
                Fragment(*node, first, last, {}) for node, (first, last) in nodes.items()
            )
            body = Body(fragments, profile.edges, profile.refused, (), profile.standing)
            self.stored[profile.profile_id] = StoredProfile(
                profile.profile_id, 1, from_us(0), None, (), body
            )
            for one in profile.events:
                assert one.seq not in self.folded, "an event's data counts twice"
                self.folded[one.seq] = one.identifiers[0]
                assert one.identifiers[0] in nodes
        unchanged = [
            item for item, owner in resolution.owners.items() if self.owners.get(item) == owner
        ]
        assert not unchanged, "an identifier is written that did not change hands"
        self.owners.update(resolution.owners)
        self.passengers.update(resolution.passengers)
        self.unsettled |= resolution.unsettled

    def people(self) -> dict[ProfileId, list[Identifier]]:
        """Return who holds which identifiers."""
        return {
            profile_id: sorted(part.identifier for part in one.body.fragments)
            for profile_id, one in self.stored.items()
        }

    def state(self) -> object:
        """Return everything that identity decides, in a form that can be compared."""
        return {
            profile_id: (
                sorted(
                    (part.identifier, part.first_us, part.last_us) for part in one.body.fragments
                ),
                sorted((edge.a, edge.b, *edge_facts(edge)) for edge in one.body.edges),
                sorted(
                    (
                        item.edge.a,
                        item.edge.b,
                        *edge_facts(item.edge),
                        # Which of both reasons is noted beyond a hub that is blocked too is stale
                        # until it is touched.
                        "alone" if item.rule in ("hub", "blocked") else item.rule,
                        item.witness,
                    )
                    for item in one.body.refused
                ),
                one.body.standing.hubs if one.body.standing else (),
            )
            for profile_id, one in self.stored.items()
        }


def edge_facts(edge: Edge) -> tuple[int, int, int]:
    return edge.first_us, edge.last_us, edge.count
