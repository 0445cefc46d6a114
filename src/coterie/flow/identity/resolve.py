"""Decide which profiles the events of a batch belong to."""

from collections.abc import Callable, Iterable, Sequence

import msgspec

from coterie.flow.identity.cluster import Cluster, cluster
from coterie.flow.identity.graph import (
    Graph,
    Group,
    Known,
    Pair,
    add_events,
    group_events,
    stored_graph,
)
from coterie.flow.identity.rules import IdentityRules
from coterie.model.mapped import Identifier, MappedEvent
from coterie.model.profile import ProfileId, RefusedEdge, Resolution, ResolvedProfile

NameProfile = Callable[[Identifier], ProfileId]


class NeedsNeighbours(msgspec.Struct, frozen=True):
    """Identifiers beyond a refused edge, whose profiles must be loaded for an exact answer."""

    identifiers: frozenset[Identifier]


def resolve(
    events: Sequence[MappedEvent], known: Known, rules: IdentityRules, name: NameProfile
) -> Resolution | NeedsNeighbours:
    """Return the profiles of `events`, or what else must be known first.

    Equal to clustering the whole graph from scratch: a clustering depends on one connected
    component at a time, and a group is widened over its refused edges until it is one component.
    """
    outcome = _Outcome(known, rules, name)
    missing: set[Identifier] = set()
    for group in group_events(events, known):
        graph = stored_graph(group.sources, known)
        held = frozenset(graph.nodes)
        moved = add_events(graph, group.events, rules)
        if len(group.sources) == 1 and _stays_whole(graph, held, moved, rules):
            outcome.keep(group, graph)
        elif beyond := {end for pair in graph.edges for end in pair if end not in graph.nodes}:
            missing |= beyond
        else:
            outcome.regroup(group, graph)
    if missing:
        return NeedsNeighbours(frozenset(missing))
    return outcome.resolution()


def _stays_whole(
    graph: Graph, held: frozenset[Identifier], moved: set[Pair], rules: IdentityRules
) -> bool:
    """Say whether one stored profile stays one profile, so that it need not be clustered again.

    With nothing refused in a connected component everything in it is joined, whatever the order;
    only a new value of a unique field could change that.
    """
    if graph.refused:
        return not moved and len(graph.nodes) == len(held)
    return all(node[0] not in rules.unique for node in graph.nodes if node not in held)


class _Outcome:
    """Collects what is decided, group by group."""

    def __init__(self, known: Known, rules: IdentityRules, name: NameProfile) -> None:
        self._known = known
        self._rules = rules
        self._name = name
        self._profiles: list[ResolvedProfile] = []
        self._dissolved: dict[ProfileId, ProfileId] = {}
        self._split_from: dict[ProfileId, ProfileId] = {}
        self._owners: dict[Identifier, ProfileId] = {}

    def resolution(self) -> Resolution:
        return Resolution(tuple(self._profiles), self._dissolved, self._split_from, self._owners)

    def keep(self, group: Group, graph: Graph) -> None:
        """Go on with the one stored profile, perhaps with more identifiers."""
        refused = graph.refused
        edges = tuple(graph.edges.values())
        still_refused: tuple[RefusedEdge, ...] = ()
        if refused:
            edges = tuple(edge for pair, edge in graph.edges.items() if pair not in refused)
            still_refused = tuple(
                RefusedEdge(graph.edges[pair], conflict.witness_field, conflict.witness_values)
                for pair, conflict in refused.items()
            )
        source = group.sources[0]
        stored = self._known.stored[source].body.fragments
        seen_us = min([event.seen_us for event in group.events])
        if seen_us <= min([item.first_us for item in stored]):
            # Perhaps another identifier is the first-seen one now, which names the profile.
            self._add_all(group, graph, [Cluster(tuple(graph.nodes), edges, still_refused)])
            return
        if len(graph.nodes) > len(stored):
            owners = self._known.owners
            self._owners.update({node: source for node in graph.nodes if node not in owners})
        self._profiles.append(
            ResolvedProfile(
                source,
                graph.nodes,
                edges,
                still_refused,
                (source,),
                tuple(group.events),
                regrouped=False,
            )
        )

    def regroup(self, group: Group, graph: Graph) -> None:
        """Cluster the whole component again."""
        self._add_all(group, graph, cluster(graph.nodes, graph.edges.values(), self._rules))

    def _add_all(self, group: Group, graph: Graph, found: Sequence[Cluster]) -> None:
        named = {self._name(self._first(person.nodes, graph)): person for person in found}
        holder = {node: profile_id for profile_id, person in named.items() for node in person.nodes}
        for source in group.sources:
            first = self._first_stored(source)
            if source not in named:
                self._dissolved[source] = holder[first]
        for profile_id, person in named.items():
            if profile_id not in self._known.stored:
                origin = self._known.owners.get(self._first(person.nodes, graph))
                if origin in named:
                    self._split_from[profile_id] = origin
            self._add(group, graph, person, profile_id)

    def _add(self, group: Group, graph: Graph, person: Cluster, profile_id: ProfileId) -> None:
        inside = set(person.nodes)
        sources: set[ProfileId] = set()
        lost_a_part = False
        for source in group.sources:
            held = [item.identifier in inside for item in self._known.stored[source].body.fragments]
            if any(held):
                sources.add(source)
                lost_a_part = lost_a_part or not all(held)
        for node in inside:
            if self._known.owners.get(node) != profile_id:
                self._owners[node] = profile_id
        self._profiles.append(
            ResolvedProfile(
                profile_id,
                {node: graph.nodes[node] for node in person.nodes},
                person.edges,
                person.refused,
                tuple(sorted(sources, key=lambda source: (source != profile_id, source))),
                tuple(event for event in group.events if event.identifiers[0] in inside),
                regrouped=lost_a_part or sources != {profile_id},
            )
        )

    def _first(self, nodes: Iterable[Identifier], graph: Graph) -> Identifier:
        return self._rules.first_seen((node, graph.nodes[node][0]) for node in nodes)

    def _first_stored(self, source: ProfileId) -> Identifier:
        body = self._known.stored[source].body
        return self._rules.first_seen((item.identifier, item.first_us) for item in body.fragments)
