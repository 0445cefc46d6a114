"""The part of the identity graph that one batch touches, grouped by what may become one person."""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from coterie.flow.identity.rules import IdentityRules
from coterie.model.mapped import Identifier, MappedEvent
from coterie.model.profile import Edge, ProfileId, RefusedEdge, StoredProfile

Pair = tuple[Identifier, Identifier]
Times = tuple[int, int]


class Known(msgspec.Struct, frozen=True):
    """What the store says about the identifiers of a batch, and about all others of their profiles.

    Make it with `know`.
    """

    owners: Mapping[Identifier, ProfileId]
    stored: Mapping[ProfileId, StoredProfile]


def know(
    owners: Mapping[Identifier, ProfileId], stored: Mapping[ProfileId, StoredProfile]
) -> Known:
    """Return what the owners of some identifiers and their profiles say together."""
    held = {
        (part.field, part.value): profile_id
        for profile_id, profile in stored.items()
        for part in profile.body.fragments
    }
    return Known({**owners, **held}, stored)


class Group(msgspec.Struct):
    """Events that may concern one person, with the stored profiles they touch."""

    events: list[MappedEvent]
    sources: list[ProfileId]


class Graph(msgspec.Struct):
    """Nodes with first and last seen, and edges, of one group before clustering.

    `refused` are the stored conflicts; their edges stand in `edges` too.
    """

    nodes: dict[Identifier, Times]
    edges: dict[Pair, Edge]
    refused: dict[Pair, RefusedEdge]


def group_events(events: Sequence[MappedEvent], known: Known) -> list[Group]:
    """Group events that share an identifier or a stored profile, directly or through others.

    Stored profiles with a refused edge between them belong together where both are loaded.
    """
    sets = _Links()
    keys: list[str | Identifier] = []
    owners = known.owners
    for event in events:
        first, *others = event.identifiers
        key = owners.get(first, first)
        for other in others:
            beside = owners.get(other, other)
            if beside != key:
                sets.link(key, beside)
        keys.append(key)
    for profile_id, neighbour in _conflicts(known):
        sets.link(profile_id, neighbour)
    groups: dict[str | Identifier, Group] = {}
    for event, key in zip(events, keys, strict=True):
        groups.setdefault(sets.root(key), Group([], [])).events.append(event)
    for profile_id in sorted(known.stored):
        group = groups.get(sets.root(profile_id))
        if group is not None:
            group.sources.append(profile_id)
    return list(groups.values())


def _conflicts(known: Known) -> Iterator[tuple[ProfileId, ProfileId]]:
    """Yield the loaded profiles that have a refused edge between them."""
    for profile_id, profile in known.stored.items():
        for conflict in profile.body.refused:
            for end in (conflict.edge.a, conflict.edge.b):
                owner = known.owners.get(end)
                if owner is not None and owner in known.stored:
                    yield profile_id, owner


class _Links:
    """Disjoint sets of profile ids with identifiers that no profile has yet."""

    def __init__(self) -> None:
        self._parent: dict[str | Identifier, str | Identifier] = {}

    def root(self, key: str | Identifier) -> str | Identifier:
        # Most keys are alone and stand for themselves, so only linked ones are noted.
        parent = self._parent
        while (above := parent.get(key)) is not None:
            key = above
        return key

    def link(self, one: str | Identifier, other: str | Identifier) -> None:
        above, below = self.root(one), self.root(other)
        if above != below:
            self._parent[below] = above


def stored_graph(sources: Sequence[ProfileId], known: Known) -> Graph:
    """Put together the stored graph of `sources`, refused edges included."""
    graph = Graph({}, {}, {})
    for source in sources:
        body = known.stored[source].body
        for fragment in body.fragments:
            node = (fragment.field, fragment.value)
            graph.nodes[node] = (fragment.first_us, fragment.last_us)
        for edge in body.edges:
            pair = ((edge.a_field, edge.a_value), (edge.b_field, edge.b_value))
            graph.edges[pair] = edge
        for conflict in body.refused:
            pair = (conflict.edge.a, conflict.edge.b)
            graph.edges[pair] = conflict.edge
            graph.refused[pair] = conflict
    return graph


def add_events(graph: Graph, events: Sequence[MappedEvent], rules: IdentityRules) -> set[Pair]:
    """Add what `events` say to `graph`; return the edges that are new or were seen earlier.

    An event's other identifiers each get an edge to its strongest one.
    """
    moved: set[Pair] = set()
    nodes = graph.nodes
    for event in events:
        at_us = event.seen_us
        for identifier in event.identifiers:
            times = nodes.get(identifier)
            if times is None:
                nodes[identifier] = (at_us, at_us)
            elif at_us > times[1]:
                nodes[identifier] = (times[0], at_us)
            elif at_us < times[0]:
                nodes[identifier] = (at_us, times[1])
        strongest, *others = event.identifiers
        for other in others:
            # The ranks in force now may be others than when the event was mapped.
            in_order = rules.strength(strongest) <= rules.strength(other)
            pair = (strongest, other) if in_order else (other, strongest)
            before = graph.edges.get(pair)
            after = _see(before, pair, event)
            if before is None or after.first_us < before.first_us:
                moved.add(pair)
            graph.edges[pair] = after
    return moved


def _see(edge: Edge | None, pair: Pair, event: MappedEvent) -> Edge:
    at = event.seen_us
    if edge is None:
        return Edge(*pair[0], *pair[1], at, at, 1, event.stream)
    first, stream = min((edge.first_us, edge.stream), (at, event.stream))
    return Edge(*pair[0], *pair[1], first, max(edge.last_us, at), edge.count + 1, stream)
