"""Cluster a graph of identifiers into persons, as a function of the graph and the rules alone.

What operators pinned together is joined first. Then edges are taken in canonical order (strength of
the two ranks, first seen, then the identifiers themselves); each joins its two sides unless the
result would hold two values of a unique field, or two identifiers that are pinned apart. Such an
edge is refused: a conflict, kept with its witness (DESIGN §5).
"""

from collections.abc import Collection, Iterable

import msgspec

from coterie.flow.identity.rules import IdentityRules
from coterie.model.mapped import Identifier
from coterie.model.profile import Edge, RefusalRule, RefusedEdge

Obstacle = tuple[RefusalRule, tuple[Identifier, ...]]


class Cluster(msgspec.Struct, frozen=True):
    """The identifiers of one person, the edges that joined them, those refused at its border."""

    nodes: tuple[Identifier, ...]
    edges: tuple[Edge, ...]
    refused: tuple[RefusedEdge, ...]


class _Sets:
    """Disjoint sets that know what each holds of every unique field, and of what is pinned apart.

    Of a unique field a set notes the least of its values: more than one is there only where an
    operator pinned them together.
    """

    def __init__(self, nodes: Iterable[Identifier], rules: IdentityRules) -> None:
        self._apart = rules.pins.apart
        self._parent: dict[Identifier, Identifier] = {}
        self._held: dict[Identifier, dict[str, str]] = {}
        self._pinned: dict[Identifier, set[Identifier]] = {}
        self._size: dict[Identifier, int] = {}
        for node in nodes:
            self._parent[node] = node
            self._size[node] = 1
            self._held[node] = {node[0]: node[1]} if node[0] in rules.unique else {}
            if node in self._apart:
                self._pinned[node] = {node}

    def __contains__(self, node: Identifier) -> bool:
        return node in self._parent

    def root(self, node: Identifier) -> Identifier:
        while (parent := self._parent[node]) != node:
            self._parent[node] = self._parent[parent]
            node = parent
        return node

    def obstacle(self, one: Identifier, other: Identifier) -> Obstacle | None:
        """Return what keeps two sets from being joined."""
        held = self._held[other]
        clashes = [
            ((field, value), (field, held[field]))
            for field, value in self._held[one].items()
            if field in held
        ]
        if clashes:
            return "unique", tuple(sorted(min(clashes)))
        return self.pinned_apart(one, other)

    def pinned_apart(self, one: Identifier, other: Identifier) -> Obstacle | None:
        """Return the least pair of which each of the two sets holds one."""
        pairs = [
            tuple(sorted((here, there)))
            for here in self._pinned.get(one, ())
            for there in self._apart[here]
            if there in self._parent and self.root(there) == other
        ]
        return ("apart", min(pairs)) if pairs else None

    def join(self, one: Identifier, other: Identifier) -> None:
        if self._size[one] < self._size[other]:
            one, other = other, one
        self._parent[other] = one
        self._size[one] += self._size[other]
        held = self._held[one]
        for field, value in self._held.pop(other).items():
            held[field] = min(value, held.get(field, value))
        if other in self._pinned:
            self._pinned.setdefault(one, set()).update(self._pinned.pop(other))


def cluster(
    nodes: Collection[Identifier], edges: Iterable[Edge], rules: IdentityRules
) -> tuple[Cluster, ...]:
    """Return the persons in a graph; every end of an edge must be among `nodes`.

    The answer does not depend on the order of `nodes` and `edges`, and is sorted. Edges of what
    joins nobody (hubs, blocked values) must not be among `edges`.
    """
    ordered_nodes = sorted(nodes, key=rules.strength)
    sets = _Sets(ordered_nodes, rules)
    _join_pinned(sets, rules)
    accepted: list[Edge] = []
    refused: list[RefusedEdge] = []
    for edge in sorted(edges, key=lambda edge: canonical_order(edge, rules)):
        one, other = sets.root(edge.a), sets.root(edge.b)
        if one != other:
            obstacle = sets.obstacle(one, other)
            if obstacle is not None:
                refused.append(RefusedEdge(edge, *obstacle))
                continue
            sets.join(one, other)
        accepted.append(edge)
    return _collect(ordered_nodes, accepted, refused, sets)


def canonical_order(
    edge: Edge, rules: IdentityRules
) -> tuple[int, int, int, Identifier, Identifier]:
    """Sort key of an edge: both ranks, first seen, the identifiers."""
    return (
        rules.strength(edge.a)[0],
        rules.strength(edge.b)[0],
        edge.first_us,
        edge.a,
        edge.b,
    )


def _join_pinned(sets: _Sets, rules: IdentityRules) -> None:
    for one, others in sorted(rules.pins.together.items()):
        for other in others:
            if one < other and one in sets and other in sets:
                here, there = sets.root(one), sets.root(other)
                # An operator's word counts more than a unique field, but not than another's.
                if here != there and sets.pinned_apart(here, there) is None:
                    sets.join(here, there)


def _collect(
    nodes: list[Identifier], accepted: list[Edge], refused: list[RefusedEdge], sets: _Sets
) -> tuple[Cluster, ...]:
    members: dict[Identifier, list[Identifier]] = {}
    for node in nodes:
        members.setdefault(sets.root(node), []).append(node)
    inner: dict[Identifier, list[Edge]] = {}
    for edge in accepted:
        inner.setdefault(sets.root(edge.a), []).append(edge)
    border: dict[Identifier, list[RefusedEdge]] = {}
    for conflict in refused:
        for end in (conflict.edge.a, conflict.edge.b):
            border.setdefault(sets.root(end), []).append(conflict)
    return tuple(
        Cluster(tuple(found), tuple(inner.get(root, ())), tuple(border.get(root, ())))
        for root, found in members.items()
    )
