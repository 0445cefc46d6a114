"""Cluster a graph of identifiers into persons, as a function of the graph alone.

Edges are taken in canonical order (strength of the two ranks, first seen, then the identifiers
themselves); each joins its two sides unless the result would hold two values of a unique field.
Such an edge is refused: a conflict, kept with its witness (DESIGN §5).
"""

from collections.abc import Iterable

import msgspec

from coterie.flow.identity.rules import IdentityRules
from coterie.model.mapped import Identifier
from coterie.model.profile import Edge, RefusedEdge


class Cluster(msgspec.Struct, frozen=True):
    """The identifiers of one person, the edges that joined them, those refused at its border."""

    nodes: tuple[Identifier, ...]
    edges: tuple[Edge, ...]
    refused: tuple[RefusedEdge, ...]


class _Sets:
    """Disjoint sets that know the one value each holds of every unique field."""

    def __init__(self, nodes: Iterable[Identifier], unique: frozenset[str]) -> None:
        self._parent: dict[Identifier, Identifier] = {}
        self._held: dict[Identifier, dict[str, str]] = {}
        self._size: dict[Identifier, int] = {}
        for node in nodes:
            self._parent[node] = node
            self._size[node] = 1
            self._held[node] = {node[0]: node[1]} if node[0] in unique else {}

    def root(self, node: Identifier) -> Identifier:
        while (parent := self._parent[node]) != node:
            self._parent[node] = self._parent[parent]
            node = parent
        return node

    def conflict(self, one: Identifier, other: Identifier) -> tuple[str, tuple[str, str]] | None:
        """Return the unique field of which the two hold different values, with these values."""
        held = self._held[other]
        clashes = [
            (field, (value, held[field]))
            for field, value in self._held[one].items()
            if field in held and held[field] != value
        ]
        return min(clashes) if clashes else None

    def join(self, one: Identifier, other: Identifier) -> None:
        if self._size[one] < self._size[other]:
            one, other = other, one
        self._parent[other] = one
        self._size[one] += self._size[other]
        self._held[one].update(self._held.pop(other))


def cluster(
    nodes: Iterable[Identifier], edges: Iterable[Edge], rules: IdentityRules
) -> tuple[Cluster, ...]:
    """Return the persons in a graph; every end of an edge must be among `nodes`.

    The answer does not depend on the order of `nodes` and `edges`, and is sorted.
    """
    ordered_nodes = sorted(nodes, key=rules.strength)
    sets = _Sets(ordered_nodes, rules.unique)
    accepted: list[Edge] = []
    refused: list[RefusedEdge] = []
    for edge in sorted(edges, key=lambda edge: canonical_order(edge, rules)):
        one, other = sets.root(edge.a), sets.root(edge.b)
        if one != other:
            clash = sets.conflict(one, other)
            if clash is not None:
                refused.append(RefusedEdge(edge, clash[0], tuple(sorted(clash[1]))))  # type: ignore[arg-type]
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
