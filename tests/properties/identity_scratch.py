"""What clustering from scratch says: the definition that the product is held to.

Written apart from the product, without a thought for speed.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

from tests.properties.identity_world import NOTHING_DECIDED, RANKS, Decisions, Pair, Said, name

from coterie.flow.identity.rules import IdentityRules
from coterie.model.mapped import Identifier

Person = set[Identifier]
Conflict = tuple[Pair, str, tuple[Identifier, ...]]


def from_scratch(
    said: Sequence[Said], rules: IdentityRules, decisions: Decisions = NOTHING_DECIDED
) -> object:
    """Return the `Memory.state` of a store that was told everything at once."""
    scratch = Scratch(said, rules, decisions)
    scratch.join_pinned()
    scratch.join_edges()
    return {scratch.name(person): scratch.show(person) for person in scratch.people}


class Scratch:
    """All that was said, and the people in it."""

    def __init__(self, said: Sequence[Said], rules: IdentityRules, decisions: Decisions) -> None:
        self.rules = rules
        self.decisions = decisions
        self.times: dict[Identifier, list[int]] = {}
        self.seen: dict[Pair, list[int]] = {}
        for at, who in said:
            ordered = sorted(set(who), key=lambda item: (RANKS[item[0]], item))
            for item in ordered:
                self.times.setdefault(item, []).append(at)
            for other in ordered[1:]:
                self.seen.setdefault((ordered[0], other), []).append(at)
        above = Counter(b for a, b in self.seen if RANKS[a[0]] < RANKS[b[0]])
        self.hubs = {node for node, count in above.items() if count > self.limit(node)}
        self.loners = self.hubs | (decisions.blocked & self.times.keys())
        self.people: list[Person] = [{node} for node in self.times]
        self.refused: list[Conflict] = []
        self.accepted: list[Pair] = []

    def limit(self, node: Identifier) -> int:
        return self.rules.limits.get(node[0], 10)

    def join_pinned(self) -> None:
        for one, other in sorted(self.decisions.together):
            if one in self.times and other in self.times:
                here, there = self.home(one), self.home(other)
                if here is not there and not self.pinned_apart(here, there):
                    self.join(here, there)

    def join_edges(self) -> None:
        live = [pair for pair in self.seen if not self.loners & set(pair)]
        for pair in sorted(live, key=self.canonical):
            here, there = self.home(pair[0]), self.home(pair[1])
            if here is not there:
                if clash := self.clash(here, there):
                    self.refused.append((pair, "unique", clash))
                    continue
                if pinned := self.pinned_apart(here, there):
                    self.refused.append((pair, "apart", pinned))
                    continue
                self.join(here, there)
            self.accepted.append(pair)

    def canonical(self, pair: Pair) -> tuple[object, ...]:
        a, b = pair
        return RANKS[a[0]], RANKS[b[0]], min(self.seen[pair]), a, b

    def home(self, node: Identifier) -> Person:
        return next(person for person in self.people if node in person)

    def join(self, one: Person, other: Person) -> None:
        self.people.remove(other)
        one |= other

    def clash(self, one: Person, other: Person) -> tuple[Identifier, ...]:
        for field in sorted(self.rules.unique):
            values = [sorted(node for node in side if node[0] == field) for side in (one, other)]
            if all(values):
                return tuple(sorted(found[0] for found in values))
        return ()

    def pinned_apart(self, one: Person, other: Person) -> tuple[Identifier, ...]:
        pairs = [
            pair
            for pair in self.decisions.apart
            if (pair[0] in one and pair[1] in other) or (pair[1] in one and pair[0] in other)
        ]
        return tuple(sorted(min(pairs))) if pairs else ()

    def name(self, person: Person) -> str:
        first = min(person, key=lambda node: (min(self.times[node]), RANKS[node[0]], node))
        return name(first)

    def show(self, person: Person) -> object:
        conflicts = [
            (*pair, *facts(self.seen[pair]), rule, witness)
            for pair, rule, witness in self.refused
            if person & set(pair)
        ]
        return (
            sorted((node, min(self.times[node]), max(self.times[node])) for node in person),
            sorted((*pair, *facts(self.seen[pair])) for pair in self.accepted if pair[0] in person),
            sorted([*conflicts, *self.alone(person)]),
            tuple(sorted(self.hubs & person)),
        )

    def alone(self, person: Person) -> Iterable[tuple[object, ...]]:
        """Return the edges of hubs and blocked values as the profile of `person` keeps them."""
        found: dict[Pair, tuple[object, ...]] = {}
        for hub in self.hubs & person:
            above = sorted(
                (min(times), pair)
                for pair, times in self.seen.items()
                if pair[1] == hub and RANKS[pair[0][0]] < RANKS[hub[0]]
            )
            for first, pair in above[: self.limit(hub) + 1]:
                found[pair] = (*pair, first, first, 0, "alone", (hub,))
        for pair, times in self.seen.items():
            ends = [end for end in reversed(pair) if end in self.loners]
            if ends and any(end in person and end not in self.hubs for end in pair):
                witness = next((end for end in ends if end in person), ends[0])
                found[pair] = (*pair, *facts(times), "alone", (witness,))
        return found.values()


def facts(times: Sequence[int]) -> tuple[int, int, int]:
    return min(times), max(times), len(times)
