"""The part of the identity graph that one group of events touches, before it is clustered."""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from coterie.flow.identity.groups import Group
from coterie.flow.identity.known import Known, joins_nobody
from coterie.flow.identity.rules import IdentityRules, Pair, Ranked
from coterie.model.mapped import Identifier, MappedEvent
from coterie.model.profile import (
    Body,
    Edge,
    Fragment,
    HeldEdges,
    ProfileId,
    RefusedEdge,
    find_place,
)

Times = tuple[int, int]


class Graph(msgspec.Struct):
    """Nodes with first and last seen, and edges, of one group.

    `refused` are the stored conflicts; their edges stand in `edges` too. `apart` are edges that
    join nobody, for one of their ends is a hub or blocked. `hubs` may be nodes or beyond;
    `carriers` have passengers.
    """

    nodes: dict[Identifier, Times]
    edges: dict[Pair, Edge]
    refused: dict[Pair, RefusedEdge]
    apart: dict[Pair, Edge]
    hubs: set[Identifier]
    carriers: set[Identifier]
    is_unsettled: bool = False


def stored_graph(sources: Sequence[ProfileId], known: Known, rules: IdentityRules) -> Graph:
    """Put together the stored graph of `sources`, refused edges included."""
    graph = Graph({}, {}, {}, {}, set(known.hubs), set())
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
            if joins_nobody(conflict, known, rules):
                graph.apart[pair] = fuller(graph.apart.get(pair), conflict.edge)
                if conflict.rule == "hub":
                    graph.hubs.update(conflict.witness)
            else:
                graph.edges[pair] = conflict.edge
                graph.refused[pair] = conflict
        if body.standing is not None:
            graph.hubs.update(body.standing.hubs)
            graph.carriers.update(body.standing.carriers)
            graph.is_unsettled = graph.is_unsettled or body.standing.is_unsettled
    return graph


def seen_again(
    body: Body, events: Sequence[MappedEvent], rules: IdentityRules
) -> tuple[dict[Identifier, Times], HeldEdges] | None:
    """Return nodes and edges of a stored profile after events that tell nothing new about it.

    The nodes are those that the events name.

    That is what nearly all events are like: they name identifiers and pairs that it holds, not
    earlier than these were seen first, so that neither its clustering nor its name can change.
    None if there is more to it, or anything out of the ordinary to care for.
    """
    if body.refused or body.standing is not None:
        return None
    nodes = _nodes_again(body.fragments, events)
    if nodes is None:
        return None
    linking = [event for event in events if len(event.identifiers) > 1]
    if not linking:
        return nodes, body.held_edges
    edges = _edges_again(body.edges, linking, rules)
    return None if edges is None else (nodes, edges)


def _nodes_again(
    fragments: Sequence[Fragment], events: Iterable[MappedEvent]
) -> dict[Identifier, Times] | None:
    nodes: dict[Identifier, Times] = {}
    for event in events:
        at_us = event.seen_us
        for identifier in event.identifiers:
            times = nodes.get(identifier)
            if times is None:
                place = find_place(fragments, identifier)
                if place is None:
                    return None
                part = fragments[place]
                nodes[identifier] = times = (part.first_us, part.last_us)
            if at_us < times[0]:
                return None
            if at_us > times[1]:
                nodes[identifier] = (times[0], at_us)
    return nodes


def _edges_again(
    edges: Iterable[Edge], events: Iterable[MappedEvent], rules: IdentityRules
) -> tuple[Edge, ...] | None:
    pairs = {((edge.a_field, edge.a_value), (edge.b_field, edge.b_value)): edge for edge in edges}
    for event in events:
        for pair in _pairs_of(event, rules):
            edge = pairs.get(pair)
            if edge is None or event.seen_us < edge.first_us:
                return None
            pairs[pair] = _see(edge, pair, event)
    return tuple(pairs.values())


def first_edges(event: MappedEvent, ranked: Sequence[Ranked]) -> tuple[Edge, ...]:
    """Return the edges that an event makes between identifiers of which nothing was known.

    `ranked` are the strengths of its identifiers: the pairs are those of `_pairs_of`.
    """
    at, stream = event.seen_us, event.stream
    first, *others = ranked
    edges: list[Edge] = []
    for other in others:
        a, b = (first[1], other[1]) if first <= other else (other[1], first[1])
        # Spelled out: unpacking both ends takes twice as long.
        edges.append(Edge(a[0], a[1], b[0], b[1], at, at, 1, stream))
    return tuple(edges)


def add_group(graph: Graph, group: Group, rules: IdentityRules) -> set[Pair]:
    """Add what a group's events say; return the edges that are new or were seen earlier."""
    moved = add_events(graph, group.events, rules)
    for node, event in group.touched:
        _touch(graph, node, event.seen_us)
    for pair, event in group.apart:
        # A value that was blocked a moment ago may still be joined to others.
        edges = graph.edges if pair in graph.edges else graph.apart
        before = edges.get(pair)
        edges[pair] = _see(before, pair, event)
        if before is not None and edges is graph.edges and event.seen_us < before.first_us:
            moved.add(pair)
    return moved


def add_events(graph: Graph, events: Sequence[MappedEvent], rules: IdentityRules) -> set[Pair]:
    """Add what `events` say to `graph`; return the edges that are new or were seen earlier.

    An event's other identifiers each get an edge to its strongest one.
    """
    moved: set[Pair] = set()
    for event in events:
        for identifier in event.identifiers:
            _touch(graph, identifier, event.seen_us)
        for pair in _pairs_of(event, rules):
            before = graph.edges.get(pair)
            after = _see(before, pair, event)
            if before is None or after.first_us < before.first_us:
                moved.add(pair)
            graph.edges[pair] = after
    return moved


def fuller(one: Edge | None, other: Edge) -> Edge:
    """Return which of two notes of an edge knows how often it was seen: a hub's does not."""
    return other if one is None or other.count > one.count else one


def _touch(graph: Graph, node: Identifier, at_us: int) -> None:
    times = graph.nodes.get(node)
    if times is None:
        graph.nodes[node] = (at_us, at_us)
    elif at_us > times[1]:
        graph.nodes[node] = (times[0], at_us)
    elif at_us < times[0]:
        graph.nodes[node] = (at_us, times[1])


def _pairs_of(event: MappedEvent, rules: IdentityRules) -> Iterator[Pair]:
    """Yield the ends of the edges that an event adds to, the stronger one first."""
    strongest, *others = event.identifiers
    if not others:
        return
    first = rules.strength(strongest)
    for other in others:
        # The ranks in force now may be others than when the event was mapped.
        yield (strongest, other) if first <= rules.strength(other) else (other, strongest)


def _see(edge: Edge | None, pair: Pair, event: MappedEvent) -> Edge:
    at = event.seen_us
    if edge is None:
        return Edge(*pair[0], *pair[1], at, at, 1, event.stream)
    first, stream = min((edge.first_us, edge.stream), (at, event.stream))
    return Edge(*pair[0], *pair[1], first, max(edge.last_us, at), edge.count + 1, stream)
