"""Groups the events of a batch by what may become one person."""

from collections.abc import Collection, Sequence

import msgspec

from coterie.flow.identity.known import Known, neighbours
from coterie.flow.identity.rules import IdentityRules, Pair
from coterie.model.mapped import Identifier, MappedEvent
from coterie.model.profile import ProfileId

Key = str | Identifier


class Group(msgspec.Struct):
    """Events that may concern one person, with the stored profiles they touch.

    `events` name only what they may join. `touched` are identifiers of the group that an event of
    another group names, and `apart` the pairs with an end that joins nobody.
    """

    events: list[MappedEvent]
    sources: list[ProfileId]
    touched: list[tuple[Identifier, MappedEvent]] = []
    apart: list[tuple[Pair, MappedEvent]] = []

    @property
    def named(self) -> frozenset[Identifier]:
        """All identifiers that were seen."""
        whole = [item for event in self.events for item in event.identifiers]
        return frozenset([*whole, *[item for item, _ in self.touched]])


def group_events(events: Sequence[MappedEvent], known: Known, rules: IdentityRules) -> list[Group]:
    """Group events that share an identifier or a stored profile, directly or through others.

    Stored profiles with a refused edge between them belong together where both are loaded. What
    joins nobody (hubs, blocked values, passengers) links nothing.
    """
    loners = _loners(events, known, rules)
    if loners or known.passengers:
        return _Parted(events, known, rules, loners).groups()
    if not known.owners and not rules.pins.together and _are_strangers(events):
        return [Group([event], []) for event in events]
    links = _Links()
    keys: list[Key] = []
    owners = known.owners
    for event in events:
        first, *others = event.identifiers
        key = owners.get(first, first)
        for other in others:
            beside = owners.get(other, other)
            if beside != key:
                links.link(key, beside)
        keys.append(key)
    _link_known(links, known, rules)
    groups: dict[Key, Group] = {}
    for event, key in zip(events, keys, strict=True):
        groups.setdefault(links.root(key), Group([], [])).events.append(event)
    _add_sources(groups, links, known)
    return list(groups.values())


def group_stored(wanted: Collection[Identifier], known: Known, rules: IdentityRules) -> list[Group]:
    """Group the loaded profiles that hold `wanted` with all that are linked to them."""
    links = _Links()
    _link_known(links, known, rules)
    groups: dict[Key, Group] = {}
    for identifier in wanted:
        owner = known.owners.get(identifier)
        if owner is not None:
            groups.setdefault(links.root(owner), Group([], []))
    _add_sources(groups, links, known)
    return list(groups.values())


def _are_strangers(events: Sequence[MappedEvent]) -> bool:
    """Say whether no two events name the same identifier, as where each is of another person."""
    named = [item for event in events for item in event.identifiers]
    return len(set(named)) == len(named)


def _loners(
    events: Sequence[MappedEvent], known: Known, rules: IdentityRules
) -> frozenset[Identifier]:
    """Return what joins nobody among the identifiers of a batch, and perhaps others."""
    blocked = rules.pins.blocked
    if not blocked:
        return known.hubs
    named = (item for event in events for item in event.identifiers)
    return known.hubs.union(item for item in named if item in blocked)


class _Links:
    """Disjoint sets of profile ids with identifiers that no profile has yet."""

    def __init__(self) -> None:
        self._parent: dict[Key, Key] = {}

    def root(self, key: Key) -> Key:
        # Most keys are alone and stand for themselves, so only linked ones are noted.
        parent = self._parent
        while (above := parent.get(key)) is not None:
            key = above
        return key

    def link(self, one: Key, other: Key) -> None:
        above, below = self.root(one), self.root(other)
        if above != below:
            self._parent[below] = above


def _link_known(links: _Links, known: Known, rules: IdentityRules) -> None:
    for profile_id, neighbour in neighbours(known, rules):
        links.link(profile_id, neighbour)
    for one, others in rules.pins.together.items():
        for other in others:
            links.link(known.owners.get(one, one), known.owners.get(other, other))


def _add_sources(groups: dict[Key, Group], links: _Links, known: Known) -> None:
    for profile_id in sorted(known.stored):
        group = groups.get(links.root(profile_id))
        if group is not None:
            group.sources.append(profile_id)


class _Parted:
    """Groups events of which parts join nobody, so that an event may be of several groups."""

    def __init__(
        self,
        events: Sequence[MappedEvent],
        known: Known,
        rules: IdentityRules,
        loners: frozenset[Identifier],
    ) -> None:
        self._known = known
        self._rules = rules
        self._loners = loners
        self._links = _Links()
        self._groups: dict[Key, Group] = {}
        parts = [(event, *self._divide(event)) for event in events]
        for _, home, _ in parts:
            for other in home.identifiers[1:]:
                self._links.link(self._key(home.identifiers[0]), self._key(other))
        _link_known(self._links, known, rules)
        for event, home, others in parts:
            self._group(home.identifiers[0]).events.append(home)
            for other in others:
                self._group(other).touched.append((other, event))
                self._set_apart(event, other)

    def groups(self) -> list[Group]:
        _add_sources(self._groups, self._links, self._known)
        return list(self._groups.values())

    def _key(self, identifier: Identifier) -> Key:
        return self._known.owners.get(identifier, identifier)

    def _group(self, identifier: Identifier) -> Group:
        return self._groups.setdefault(
            self._links.root(self._key(identifier)), Group([], [], [], [])
        )

    def _divide(self, event: MappedEvent) -> tuple[MappedEvent, list[Identifier]]:
        """Return what the event says at home, and the identifiers that it joins to nothing."""
        passengers = self._known.passengers
        first, *rest = event.identifiers
        others = [item for item in rest if item not in passengers]
        carrier = passengers.get(first)
        if carrier is not None or first in self._loners:
            home: tuple[Identifier, ...] = (carrier or first,)
            return _renamed(event, home), [item for item in others if item not in home]
        home = (first, *[item for item in others if item not in self._loners])
        return _renamed(event, home), [item for item in others if item in self._loners]

    def _set_apart(self, event: MappedEvent, other: Identifier) -> None:
        """Note a pair at both of its ends; a passenger makes none."""
        first = event.identifiers[0]
        if first in self._known.passengers:
            return
        in_order = self._rules.strength(first) <= self._rules.strength(other)
        pair = (first, other) if in_order else (other, first)
        here, there = self._group(first), self._group(other)
        here.apart.append((pair, event))
        if there is not here:
            there.apart.append((pair, event))


def _renamed(event: MappedEvent, identifiers: tuple[Identifier, ...]) -> MappedEvent:
    if identifiers == event.identifiers:
        return event
    return msgspec.structs.replace(event, identifiers=identifiers)
