"""Identifiers that join nobody: which they are, and which of their edges are kept.

A hub is an identifier with more distinct stronger neighbours than its limit: a shared device, a
test address. Whether it is one depends on the set of edges alone, and edges are never taken away,
so it does not depend on their order either. Edges of a hub grow without bound, so the hub itself
keeps its first `limit + 1` stronger neighbours by first seen; how often it met them is kept by
those neighbours, which note every edge of their own.

What is kept stays the same in any order: an edge that was dropped was later than `limit + 1`
others, and those can only become earlier.
"""

from collections import Counter
from collections.abc import Collection, Iterable

from coterie.flow.identity.graph import Graph, fuller
from coterie.flow.identity.rules import IdentityRules, Pair
from coterie.model.mapped import Identifier
from coterie.model.profile import Edge, RefusedEdge


def find_hubs(
    graph: Graph, rules: IdentityRules, among: Collection[Identifier] | None = None
) -> set[Identifier]:
    """Return the nodes of `graph` that are hubs and not yet known as such.

    `among`: look at these only.
    """
    if len(graph.edges) + len(graph.apart) <= rules.least_limit:
        return set()
    counts = Counter(
        weaker
        for stronger, weaker in graph.edges.keys() | graph.apart.keys()
        if (among is None or weaker in among) and rules.is_stronger(stronger, weaker)
    )
    return {
        node
        for node, count in counts.items()
        if count > rules.limit(node) and node in graph.nodes and node not in graph.hubs
    }


def set_apart(graph: Graph, rules: IdentityRules) -> list[Edge]:
    """Find new hubs, set the edges of all that join nobody apart; return the other edges."""
    graph.hubs |= find_hubs(graph, rules)
    hubs, blocked = graph.hubs, rules.pins.blocked
    if not hubs and not blocked:
        return list(graph.edges.values())
    live: list[Edge] = []
    for pair, edge in graph.edges.items():
        if any(end in hubs or end in blocked for end in pair):
            graph.apart[pair] = fuller(graph.apart.get(pair), edge)
        else:
            live.append(edge)
    return live


def kept_apart(
    nodes: Collection[Identifier], graph: Graph, rules: IdentityRules
) -> list[RefusedEdge]:
    """Return the edges that join nobody and are to be stored with the profile of `nodes`."""
    if not graph.apart:
        return []
    kept: list[RefusedEdge] = []
    of_hubs: dict[Identifier, list[tuple[int, Identifier, Pair]]] = {}
    whole: set[Pair] = set()
    for pair, edge in graph.apart.items():
        stronger, weaker = pair
        if any(end in nodes and end not in graph.hubs for end in pair):
            whole.add(pair)
            kept.append(_refuse(edge, nodes, graph, rules))
        if weaker in nodes and weaker in graph.hubs and rules.is_stronger(stronger, weaker):
            of_hubs.setdefault(weaker, []).append((edge.first_us, stronger, pair))
    for hub, found in of_hubs.items():
        for first_us, _, pair in sorted(found)[: rules.limit(hub) + 1]:
            if pair not in whole:
                stream = graph.apart[pair].stream
                noted = Edge(*pair[0], *pair[1], first_us, first_us, 0, stream)
                kept.append(_refuse(noted, nodes, graph, rules))
    return kept


def _refuse(
    edge: Edge, nodes: Collection[Identifier], graph: Graph, rules: IdentityRules
) -> RefusedEdge:
    loners = [end for end in (edge.b, edge.a) if end in graph.hubs or end in rules.pins.blocked]
    loner = _first_inside(loners, nodes)
    return RefusedEdge(edge, "hub" if loner in graph.hubs else "blocked", (loner,))


def _first_inside(ends: Iterable[Identifier], nodes: Collection[Identifier]) -> Identifier:
    return min(ends, key=lambda end: end not in nodes)
