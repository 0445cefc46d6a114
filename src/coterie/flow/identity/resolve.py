"""Decide which profiles the events of a batch belong to."""

from collections.abc import Collection, Sequence

import msgspec

from coterie.flow.identity.graph import Graph, add_group, first_edges, seen_again, stored_graph
from coterie.flow.identity.groups import Group, group_events, group_stored
from coterie.flow.identity.known import Known
from coterie.flow.identity.loners import find_hubs
from coterie.flow.identity.outcome import NameProfile, Outcome
from coterie.flow.identity.passengers import seat_passengers
from coterie.flow.identity.rules import IdentityRules, Pair
from coterie.model.mapped import Identifier, MappedEvent
from coterie.model.profile import Resolution


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How large things may become.

    A group of more than `at_once` identifiers, and more to come, is left to maintenance; a profile
    of `in_profile` takes new leaves as passengers.
    """

    at_once: int = 1_000
    in_profile: int = 500


USUAL_LIMITS = Limits()


class NeedsNeighbours(msgspec.Struct, frozen=True):
    """Identifiers beyond a refused edge, whose profiles must be loaded for an exact answer."""

    identifiers: frozenset[Identifier]


def resolve(
    events: Sequence[MappedEvent],
    known: Known,
    rules: IdentityRules,
    name: NameProfile,
    *,
    limits: Limits = USUAL_LIMITS,
) -> Resolution | NeedsNeighbours:
    """Return the profiles of `events`, or what else must be known first.

    Equal to clustering the whole graph from scratch: a clustering depends on one connected
    component at a time, and a group is widened over its refused edges until it is one component.
    A group that is too large for that is left to maintenance, and flagged.
    """
    outcome = Outcome(known, rules, name)
    missing: set[Identifier] = set()
    for group in group_events(events, known, rules):
        if _is_one_event(group, known, rules, outcome):
            continue
        if _is_seen_again(group, known, rules, outcome):
            continue
        graph = stored_graph(group.sources, known, rules)
        if _stays_simple(group, graph, rules, outcome, limits):
            continue
        beyond = _beyond(graph, known, rules)
        if not beyond:
            outcome.regroup(group, graph)
        elif graph.is_unsettled or len(graph.nodes) > limits.at_once:
            outcome.postpone(group, graph)
        else:
            missing |= beyond
    if missing:
        return NeedsNeighbours(frozenset(missing))
    return outcome.resolution()


def _is_one_event(group: Group, known: Known, rules: IdentityRules, outcome: Outcome) -> bool:
    """Make one profile of identifiers that nobody knew and one event names; say whether they are.

    What an import of new people is like: it says what `_stays_simple` would, without a graph.
    """
    if group.sources or group.touched or group.apart or len(group.events) != 1:
        return False
    event = group.events[0]
    nodes = event.identifiers
    if len(nodes) - 1 > rules.least_limit or not known.hubs.isdisjoint(nodes):
        return False
    if not _fit_together(nodes, rules):
        return False
    ranked = rules.strengths(nodes)
    # All were first seen at once, so the strongest names the profile.
    outcome.begin_with(event, first_edges(event, ranked), first=min(ranked)[1])
    return True


def _is_seen_again(group: Group, known: Known, rules: IdentityRules, outcome: Outcome) -> bool:
    """Go on with a stored profile of which a group tells nothing new; say whether that is all."""
    if len(group.sources) != 1 or group.touched or group.apart:
        return False
    same = seen_again(known.stored[group.sources[0]].body, group.events, rules)
    if same is not None:
        outcome.go_on(group, *same)
    return same is not None


def _stays_simple(
    group: Group, graph: Graph, rules: IdentityRules, outcome: Outcome, limits: Limits
) -> bool:
    """Add a group's events to its graph; say whether it is one profile without clustering."""
    held = frozenset(graph.nodes)
    noted = frozenset(graph.apart)
    moved = add_group(graph, group, rules)
    if not group.sources:
        if is_one := _is_one(group, graph, rules):
            outcome.begin(group, graph)
        return is_one
    if len(group.sources) > 1:
        return False
    if len(graph.nodes) > len(held) >= limits.in_profile:
        seated = seat_passengers(group, graph, held, rules)
        outcome.take_passengers(seated)
        moved -= {(carrier, passenger) for passenger, carrier in seated.items()}
    fresh = moved | (graph.apart.keys() - noted)
    is_whole = _stays_whole(graph, held, moved, rules) and not _makes_hub(graph, fresh, rules)
    if is_whole:
        outcome.keep(group, graph)
    return is_whole


def resolve_again(
    wanted: Collection[Identifier],
    known: Known,
    rules: IdentityRules,
    name: NameProfile,
    *,
    at_us: int,
) -> Resolution | NeedsNeighbours:
    """Cluster all that is connected with `wanted` from scratch, or say what must be loaded first.

    `at_us` is the instant at which the profiles that come of it are asked about.
    """
    outcome = Outcome(known, rules, name, at_us)
    missing: set[Identifier] = set()
    for group in group_stored(wanted, known, rules):
        graph = stored_graph(group.sources, known, rules)
        beyond = _beyond(graph, known, rules)
        missing |= beyond
        if not beyond:
            outcome.regroup(group, graph)
    if missing:
        return NeedsNeighbours(frozenset(missing))
    return outcome.resolution()


def _is_one(group: Group, graph: Graph, rules: IdentityRules) -> bool:
    """Say whether identifiers that nobody knew are one person, without clustering them.

    Events connect them all, so they are unless a rule could stand in the way.
    """
    if group.touched or group.apart or len(graph.edges) > rules.least_limit:
        return False
    return _fit_together(graph.nodes, rules)


def _fit_together(nodes: Collection[Identifier], rules: IdentityRules) -> bool:
    """Say whether no unique field has two values among `nodes`, and no decision names any."""
    fields = [node[0] for node in nodes if node[0] in rules.unique]
    return len(fields) == len(set(fields)) and rules.pins.named.isdisjoint(nodes)


def _stays_whole(
    graph: Graph, held: frozenset[Identifier], moved: set[Pair], rules: IdentityRules
) -> bool:
    """Say whether one stored profile stays one profile, so that it need not be clustered again.

    With nothing refused in a connected component everything in it is joined, whatever the order;
    only a new value of a unique field, or one that a decision is about, could change that.
    """
    if graph.refused:
        return not moved and len(graph.nodes) == len(held)
    if len(graph.nodes) == len(held):
        return True
    return all(
        node[0] not in rules.unique and node not in rules.pins.named
        for node in graph.nodes
        if node not in held
    )


def _makes_hub(graph: Graph, fresh: Collection[Pair], rules: IdentityRules) -> bool:
    """Say whether new edges give one of their weaker ends too many stronger neighbours."""
    return bool(fresh) and bool(find_hubs(graph, rules, {weaker for _, weaker in fresh}))


def _beyond(graph: Graph, known: Known, rules: IdentityRules) -> set[Identifier]:
    """Return the identifiers that an exact answer depends on and that are not in the graph."""
    nodes = graph.nodes
    found = {end for pair in graph.edges for end in pair if end not in nodes}
    together = rules.pins.together
    if together:
        found.update(
            partner
            for node in nodes
            for partner in together.get(node, ())
            if partner not in nodes
            and partner not in known.absent
            and partner not in known.passengers
        )
    return found
