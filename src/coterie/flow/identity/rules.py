"""How strong each identifying field is, which hold one value a profile, what operators decided."""

from collections.abc import Iterable, Mapping

import msgspec

from coterie.model.decisions import Decision
from coterie.model.mapped import Identifier
from coterie.model.schema import Field, Schema

WEAKEST = 1_000_000
USUAL_LIMIT = 10

Pair = tuple[Identifier, Identifier]
Ranked = tuple[int, Identifier]
"""Sorts stronger first, then by the identifier itself."""


class Pins(msgspec.Struct, frozen=True):
    """Operators' decisions in force. Make them with `make_pins`.

    `together` and `apart` hold each pair under both of its ends; `blocked` join nobody; `named` are
    all identifiers that a decision is about.
    """

    together: Mapping[Identifier, tuple[Identifier, ...]] = {}
    apart: Mapping[Identifier, frozenset[Identifier]] = {}
    blocked: frozenset[Identifier] = frozenset()
    named: frozenset[Identifier] = frozenset()


NO_PINS = Pins()


class IdentityRules(msgspec.Struct, frozen=True):
    """The identity part of a schema, ready for use. `ranks`: stored name to rank, 0 strongest.

    `limits` gives the number of distinct stronger neighbours beyond which a field's value is a hub,
    `least_limit` the least of them.
    """

    ranks: dict[str, int]
    unique: frozenset[str]
    limits: dict[str, int] = {}
    pins: Pins = NO_PINS
    least_limit: int = USUAL_LIMIT

    def strength(self, identifier: Identifier) -> Ranked:
        """Sort key: stronger first, then by the identifier itself."""
        return self.ranks.get(identifier[0], WEAKEST), identifier

    def strengths(self, identifiers: Iterable[Identifier]) -> list[Ranked]:
        """Return the `strength` of each identifier, in their order."""
        ranks = self.ranks
        return [(ranks.get(item[0], WEAKEST), item) for item in identifiers]

    def first_seen(self, nodes: Iterable[tuple[Identifier, int]]) -> Identifier:
        """Return the identifier that names the profile: first seen, then strongest."""
        ranks = self.ranks
        return min([(at, ranks.get(node[0], WEAKEST), node) for node, at in nodes])[2]

    def limit(self, identifier: Identifier) -> int:
        """Return how many distinct stronger neighbours the identifier may have."""
        return self.limits.get(identifier[0], USUAL_LIMIT)

    def is_stronger(self, one: Identifier, other: Identifier) -> bool:
        """Say whether `one` is of a stronger field than `other`."""
        return self.ranks.get(one[0], WEAKEST) < self.ranks.get(other[0], WEAKEST)


def identity_rules(schema: Schema, pins: Pins = NO_PINS) -> IdentityRules:
    """Take the identity rules out of a published schema, for identifiers as they are stored."""
    fields = [field for field in schema.fields if field.identifier]
    return _rules({field.stored_name: field for field in fields}, pins)


def shown_rules(schema: Schema, pins: Pins = NO_PINS) -> IdentityRules:
    """Take the identity rules out of a schema, for identifiers as people name them."""
    return _rules({field.name: field for field in schema.fields if field.identifier}, pins)


def _rules(fields: Mapping[str, Field], pins: Pins) -> IdentityRules:
    marked = [(name, field.identifier) for name, field in fields.items() if field.identifier]
    return IdentityRules(
        {name: rule.rank for name, rule in marked},
        frozenset(name for name, rule in marked if rule.unique),
        {name: rule.neighbour_limit for name, rule in marked},
        pins,
        min([rule.neighbour_limit for _, rule in marked], default=USUAL_LIMIT),
    )


def make_pins(
    *,
    together: Iterable[Pair] = (),
    apart: Iterable[Pair] = (),
    blocked: Iterable[Identifier] = (),
) -> Pins:
    """Return what is pinned and what is blocked, ready for use."""
    beside, against = _both_ways(together), _both_ways(apart)
    shut = frozenset(blocked)
    return Pins(
        {end: tuple(sorted(others)) for end, others in beside.items()},
        {end: frozenset(others) for end, others in against.items()},
        shut,
        frozenset(beside) | frozenset(against) | shut,
    )


def pins_of(decisions: Iterable[Decision]) -> Pins:
    """Return decisions in force, ready for use."""
    kinds: dict[str, list[Pair]] = {"pin_together": [], "pin_apart": []}
    blocked: list[Identifier] = []
    for decision in decisions:
        if decision.b is None:
            blocked.append(decision.a)
        else:
            kinds[decision.kind].append((decision.a, decision.b))
    return make_pins(together=kinds["pin_together"], apart=kinds["pin_apart"], blocked=blocked)


def _both_ways(pairs: Iterable[Pair]) -> dict[Identifier, set[Identifier]]:
    found: dict[Identifier, set[Identifier]] = {}
    for one, other in pairs:
        found.setdefault(one, set()).add(other)
        found.setdefault(other, set()).add(one)
    return found
