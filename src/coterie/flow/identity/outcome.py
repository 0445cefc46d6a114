"""Collects what identity resolution decides, group by group."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

import msgspec

from coterie.flow.identity.cluster import Cluster, cluster
from coterie.flow.identity.graph import Graph, Times
from coterie.flow.identity.groups import Group
from coterie.flow.identity.known import Known
from coterie.flow.identity.loners import kept_apart, set_apart
from coterie.flow.identity.rules import IdentityRules
from coterie.model.mapped import Identifier, MappedEvent
from coterie.model.profile import (
    Edge,
    HeldEdges,
    ProfileId,
    RefusedEdge,
    Resolution,
    ResolvedProfile,
    Standing,
)

NameProfile = Callable[[Identifier], ProfileId]


class Outcome:
    """What is decided about the groups of a batch; `at_us` counts where no event says when."""

    def __init__(
        self, known: Known, rules: IdentityRules, name: NameProfile, at_us: int = 0
    ) -> None:
        self._known = known
        self._rules = rules
        self._name = name
        self._at_us = at_us
        self._profiles: list[ResolvedProfile] = []
        self._dissolved: dict[ProfileId, ProfileId] = {}
        self._split_from: dict[ProfileId, ProfileId] = {}
        self._owners: dict[Identifier, ProfileId] = {}
        self._passengers: dict[Identifier, Identifier] = {}
        self._carriers: dict[Identifier, ProfileId] = {}
        self._unsettled: set[Identifier] = set()

    def resolution(self) -> Resolution:
        """Return all that was decided."""
        return Resolution(
            tuple(self._profiles),
            self._dissolved,
            self._split_from,
            self._owners,
            self._passengers,
            self._carriers,
            frozenset(self._unsettled),
        )

    def take_passengers(self, carriers: Mapping[Identifier, Identifier]) -> None:
        """Let identifiers resolve to the profile of their carrier from now on."""
        self._passengers.update(carriers)

    def go_on(self, group: Group, nodes: dict[Identifier, Times], edges: HeldEdges) -> None:
        """Go on with the one stored profile, whose identifiers were only seen again."""
        source = group.sources[0]
        events = tuple(group.events)
        self._profiles.append(
            ResolvedProfile(
                source, nodes, edges, (), (source,), events, regrouped=False, is_known=True
            )
        )

    def keep(self, group: Group, graph: Graph) -> None:
        """Go on with the one stored profile, perhaps with more identifiers."""
        refused = graph.refused
        edges = tuple(graph.edges.values())
        still_refused: tuple[RefusedEdge, ...] = ()
        if refused:
            edges = tuple(edge for pair, edge in graph.edges.items() if pair not in refused)
            still_refused = tuple(_renewed(graph))
        source = group.sources[0]
        stored = self._known.stored[source].body.fragments
        if _first_arrival(group) <= min([item.first_us for item in stored]):
            # Perhaps another identifier is the first-seen one now, which names the profile.
            found = Cluster(tuple(graph.nodes), edges, still_refused)
            self._add_all(group, graph, [found], is_unsettled=graph.is_unsettled)
            return
        if graph.apart:
            still_refused += tuple(kept_apart(graph.nodes, graph, self._rules))
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
                standing=_standing(graph.nodes, graph, is_unsettled=graph.is_unsettled),
                at_us=max([event.received_us for _, event in group.touched], default=0),
            )
        )

    def begin(self, group: Group, graph: Graph) -> None:
        """Make one profile of identifiers that nobody knew."""
        nodes = graph.nodes
        profile_id = self._name(self._first(nodes, graph))
        self._owners.update(dict.fromkeys(nodes, profile_id))
        self._profiles.append(
            ResolvedProfile(
                profile_id,
                nodes,
                tuple(graph.edges.values()),
                (),
                (),
                tuple(group.events),
                regrouped=True,
                standing=_standing(nodes, graph, is_unsettled=False),
                at_us=self._at_us,
            )
        )

    def begin_with(self, event: MappedEvent, edges: tuple[Edge, ...], *, first: Identifier) -> None:
        """Make one profile, named by `first`, of one event's identifiers, which nobody knew."""
        times = (event.seen_us, event.seen_us)
        nodes = dict.fromkeys(event.identifiers, times)
        profile_id = self._name(first)
        self._owners.update(dict.fromkeys(nodes, profile_id))
        self._profiles.append(
            ResolvedProfile(
                profile_id, nodes, edges, (), (), (event,), regrouped=True, at_us=self._at_us
            )
        )

    def regroup(self, group: Group, graph: Graph) -> None:
        """Cluster the whole component again."""
        live = set_apart(graph, self._rules)
        self._add_all(group, graph, cluster(graph.nodes, live, self._rules), is_unsettled=False)

    def postpone(self, group: Group, graph: Graph) -> None:
        """Leave stored profiles as they are, and everything new beside them, until maintenance.

        Nothing of what was said is lost: new edges are kept as pending ones.
        """
        places = {
            (part.field, part.value): source
            for source in group.sources
            for part in self._known.stored[source].body.fragments
        }
        for node in graph.nodes:
            places.setdefault(node, self._name(node))
        inner, border = _divide(graph, places)
        named = group.named
        for profile_id in sorted({places[node] for node in named}):
            nodes = tuple(node for node, place in places.items() if place == profile_id)
            found = Cluster(nodes, tuple(inner.get(profile_id, ())), tuple(border[profile_id]))
            self._add(group, graph, found, profile_id, is_unsettled=True)
            self._unsettled.add(min(nodes))

    def _add_all(
        self, group: Group, graph: Graph, found: Sequence[Cluster], *, is_unsettled: bool
    ) -> None:
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
            self._add(group, graph, person, profile_id, is_unsettled=is_unsettled)

    def _add(
        self,
        group: Group,
        graph: Graph,
        person: Cluster,
        profile_id: ProfileId,
        *,
        is_unsettled: bool,
    ) -> None:
        inside = set(person.nodes)
        sources: set[ProfileId] = set()
        lost_a_part = False
        for source in group.sources:
            held = [item.identifier in inside for item in self._known.stored[source].body.fragments]
            if any(held):
                sources.add(source)
                lost_a_part = lost_a_part or not all(held)
        self._hand_over(inside, graph, profile_id)
        events = tuple([event for event in group.events if event.identifiers[0] in inside])
        at_us = self._at_us
        if group.touched or len(events) < len(group.events):
            # It is named by events whose data another profile gets, and is asked as late as those.
            at_us = max([at_us, *_arrivals(group, inside)])
        profile = ResolvedProfile(
            profile_id,
            {node: graph.nodes[node] for node in person.nodes},
            person.edges,
            (*person.refused, *kept_apart(inside, graph, self._rules)),
            tuple(sorted(sources, key=lambda source: (source != profile_id, source))),
            events,
            regrouped=lost_a_part or sources != {profile_id},
            standing=_standing(person.nodes, graph, is_unsettled=is_unsettled),
            at_us=at_us,
        )
        if not self._is_as_stored(profile):
            self._profiles.append(profile)

    def _hand_over(
        self, nodes: Collection[Identifier], graph: Graph, profile_id: ProfileId
    ) -> None:
        """Give identifiers with their passengers to their profile, where it is another one."""
        for node in nodes:
            if self._known.owners.get(node) != profile_id:
                self._owners[node] = profile_id
                if node in graph.carriers:
                    self._carriers[node] = profile_id

    def _is_as_stored(self, profile: ResolvedProfile) -> bool:
        """Say whether a profile that was only looked at need not be written."""
        stored = self._known.stored.get(profile.profile_id)
        if stored is None or profile.regrouped or profile.events:
            return False
        body = stored.body
        return (
            body.standing == profile.standing
            and len(body.fragments) == len(profile.nodes)
            and all(
                profile.nodes.get(part.identifier) == (part.first_us, part.last_us)
                for part in body.fragments
            )
            and set(body.edges) == set(profile.edges)
            and set(body.refused) == set(profile.refused)
        )

    def _first(self, nodes: Iterable[Identifier], graph: Graph) -> Identifier:
        return self._rules.first_seen((node, graph.nodes[node][0]) for node in nodes)

    def _first_stored(self, source: ProfileId) -> Identifier:
        body = self._known.stored[source].body
        return self._rules.first_seen((item.identifier, item.first_us) for item in body.fragments)


def _renewed(graph: Graph) -> Iterator[RefusedEdge]:
    """Yield the stored conflicts with what was seen of their edges since."""
    for pair, conflict in graph.refused.items():
        yield msgspec.structs.replace(conflict, edge=graph.edges[pair])


def _divide(
    graph: Graph, places: dict[Identifier, ProfileId]
) -> tuple[dict[ProfileId, list[Edge]], dict[ProfileId, list[RefusedEdge]]]:
    inner: dict[ProfileId, list[Edge]] = {}
    border: dict[ProfileId, list[RefusedEdge]] = {place: [] for place in places.values()}
    for pair, edge in graph.edges.items():
        ends = {places[end] for end in pair if end in places}
        conflict = graph.refused.get(pair)
        if conflict is None and len(ends) == 1:
            inner.setdefault(min(ends), []).append(edge)
            continue
        for place in ends:
            known = conflict or RefusedEdge(edge, "pending", ())
            border[place].append(RefusedEdge(edge, known.rule, known.witness))
    return inner, border


def _standing(nodes: Iterable[Identifier], graph: Graph, *, is_unsettled: bool) -> Standing | None:
    if not graph.hubs and not graph.carriers and not is_unsettled:
        return None
    inside = set(nodes)
    hubs, carriers = sorted(graph.hubs & inside), sorted(graph.carriers & inside)
    if not hubs and not carriers and not is_unsettled:
        return None
    return Standing(tuple(hubs), tuple(carriers), is_unsettled)


def _first_arrival(group: Group) -> int:
    """Return the earliest time that counts for identity among what a group saw."""
    return min(
        [
            *[event.seen_us for event in group.events],
            *[event.seen_us for _, event in group.touched],
        ]
    )


def _arrivals(group: Group, nodes: Collection[Identifier]) -> Iterator[int]:
    for event in group.events:
        if any(item in nodes for item in event.identifiers):
            yield event.received_us
    for node, event in group.touched:
        if node in nodes:
            yield event.received_us
