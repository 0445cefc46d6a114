"""Identifiers that a profile takes along without letting them take part in clustering."""

import msgspec

from coterie.flow.identity.graph import Graph
from coterie.flow.identity.groups import Group
from coterie.flow.identity.rules import IdentityRules, Pair
from coterie.model.mapped import Identifier


def seat_passengers(
    group: Group, graph: Graph, held: frozenset[Identifier], rules: IdentityRules
) -> dict[Identifier, Identifier]:
    """Take new leaves out of the graph of a large profile; return each with its carrier.

    What events say under a passenger goes to its carrier. Who becomes a passenger depends on when
    it came, so it is remembered like a decision.
    """
    fresh = {
        node
        for node in graph.nodes
        if node not in held and node[0] not in rules.unique and node not in rules.pins.named
    }
    pairs: dict[Identifier, list[Pair]] = {}
    for pair in [*graph.edges, *graph.apart]:
        for end in pair:
            if end in fresh:
                pairs.setdefault(end, []).append(pair)
    carriers = {
        found[0][1]: found[0][0]
        for node, found in pairs.items()
        if len(found) == 1 and found[0] in graph.edges and found[0][1] == node
        if found[0][0] in held
    }
    for passenger, carrier in carriers.items():
        del graph.nodes[passenger]
        del graph.edges[carrier, passenger]
        graph.carriers.add(carrier)
    for place, event in enumerate(group.events):
        kept = tuple(item for item in event.identifiers if item not in carriers)
        if kept != event.identifiers:
            named = kept or (carriers[event.identifiers[0]],)
            group.events[place] = msgspec.structs.replace(event, identifiers=named)
    return carriers
