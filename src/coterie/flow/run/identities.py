"""Answers who belongs to a profile and why, from one consistent look at the store."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date

import msgspec

from coterie.base.clock import from_us
from coterie.base.words import counted
from coterie.flow.identity.explain import (
    path_between,
    refusals_between,
    show_edge,
    spell,
)
from coterie.flow.identity.owners import find_carriers, find_owners, list_passengers
from coterie.flow.identity.rules import IdentityRules, pins_of, shown_rules
from coterie.flow.identity.shown import show_body
from coterie.flow.profiles.storage import get_profile
from coterie.flow.run.context import ConfigAt
from coterie.flow.run.generations import enter_live_generation
from coterie.flow.run.lookup import is_unicode
from coterie.flow.run.names import Names
from coterie.lang.identifiers import normalise
from coterie.model.config import AccountConfig
from coterie.model.decisions import Decision
from coterie.model.identifier_names import IdentifierNames, show_decision
from coterie.model.identities import (
    GraphEdge,
    GraphNode,
    IdentityGraph,
    NodeFlag,
    PathStep,
    Relation,
)
from coterie.model.mapped import Identifier, can_identify
from coterie.model.profile import Body, Fragment, StoredProfile
from coterie.store import BigintArray, Connection, IntArray, Store, load_queries

SQL = load_queries("lookup")

MOST_PASSENGERS = 500
EVENTS_A_NODE = 200


class IdentityExplainer:
    """Explains identities; `hash_key` is what names the nodes of the timeline."""

    def __init__(self, store: Store, config_at: ConfigAt, hash_key: bytes) -> None:
        self._store = store
        self._config_at = config_at
        self._hash_key = hash_key

    def graph(self, account: int, identifier: Identifier) -> IdentityGraph | None:
        """Return the graph of the profile that an identifier belongs to, None if there is none."""
        with self._look(account) as look:
            found = look.find(identifier)
            if found is None:
                return None
            profile, _ = found
            streams = look.streams(profile, Names(self._hash_key))
            return look.graph(profile, streams)

    def relation(self, account: int, one: Identifier, other: Identifier) -> Relation:
        """Say whether two identifiers are one person, and why."""
        with self._look(account) as look:
            return look.relation(one, other)

    @contextmanager
    def _look(self, account: int) -> Iterator["_Look"]:
        with self._store.transaction() as conn:
            enter_live_generation(conn)
            yield _Look(conn, self._config_at(conn).accounts[account])


class _Look:
    """One account as it is in one transaction."""

    def __init__(self, conn: Connection, config: AccountConfig) -> None:
        self._conn = conn
        self._account = config.number
        schema = config.schemas[-1]
        self._names = IdentifierNames(schema.fields)
        self._decisions = [show_decision(item, self._names) for item in config.decisions]
        self._fields = {field.name: field.identifier for field in schema.fields}
        self._rules: IdentityRules = shown_rules(schema, pins_of(self._decisions))

    def find(self, identifier: Identifier) -> tuple[StoredProfile, Identifier] | None:
        """Return a profile with the node that the identifier is there, in its normal spelling.

        For a passenger that is its carrier.
        """
        asked = self._spell(identifier)
        if asked is None:
            return None
        node = self._names.stored(asked)
        owner = find_owners(self._conn, self._account, [node]).get(node)
        profile = get_profile(self._conn, self._account, owner) if owner else None
        if profile is None:
            return None
        if all(part.identifier != node for part in profile.body.fragments):
            node = find_carriers(self._conn, self._account, [node]).get(node, node)
        body = show_body(profile.body, self._names)
        return msgspec.structs.replace(profile, body=body), self._names.shown(node)

    def graph(
        self, profile: StoredProfile, streams: Mapping[Identifier, list[str]]
    ) -> IdentityGraph:
        body = profile.body
        parts = sorted(body.fragments, key=lambda part: self._rules.strength(part.identifier))
        passengers = self._passengers(body)
        nodes = {part.identifier for part in parts}
        return IdentityGraph(
            profile_id=profile.profile_id,
            is_unsettled=body.standing is not None and body.standing.is_unsettled,
            is_cut=len(passengers) > MOST_PASSENGERS,
            nodes=(
                *[self._node(part, body, streams) for part in parts],
                *[self._passenger(*pair) for pair in passengers[:MOST_PASSENGERS]],
            ),
            edges=(
                *[show_edge(edge) for edge in body.edges],
                *[show_edge(item.edge, item) for item in body.refused],
            ),
            decisions=self._about(nodes),
        )

    def relation(self, one: Identifier, other: Identifier) -> Relation:
        """Say whether two identifiers are one person, and why."""
        for field, _ in (one, other):
            if self._fields.get(field) is None:
                return Relation(verdict="unknown", said=f"No field {field!r} identifies people.")
        here, there = self.find(one), self.find(other)
        if here is None or there is None:
            missing = one if here is None else other
            return Relation(verdict="unknown", said=f"Nobody has {spell(missing)}.")
        (profile, start), (beside, goal) = here, there
        if profile.profile_id == beside.profile_id:
            path = (
                *self._boarding(one, start),
                *path_between(profile.body, start, goal, self._rules.pins),
                *self._boarding(other, goal),
            )
            said = f"{spell(one)} and {spell(other)} are one person, {_count(path)}."
            return Relation(verdict="together", said=said, path=path)
        refused = refusals_between(profile.body, beside.body)
        edges = tuple(show_edge(item.edge, item) for item in refused)
        decisions = self._between(profile.body, beside.body, edges)
        reason = edges[0].said if edges else "No event names an identifier of each."
        said = f"{spell(one)} and {spell(other)} are two people. {reason}"
        return Relation(verdict="apart", said=said, refused=edges, decisions=decisions)

    def streams(self, profile: StoredProfile, names: Names) -> dict[Identifier, list[str]]:
        """Return the streams of each identifier's newest events."""
        name = names.node(self._account)
        places = [
            (number, *place)
            for number, part in enumerate(profile.body.fragments)
            for place in self._newest(name(self._names.stored(part.identifier)))
        ]
        found: dict[Identifier, list[str]] = {}
        if not places:
            return found
        numbers, lanes, seqs, days = zip(*places, strict=True)
        asked = {
            "numbers": IntArray(numbers),
            "lanes": IntArray(lanes),
            "seqs": BigintArray(seqs),
            "days": list(days),
        }
        for number, stream in self._conn.execute(SQL.streams_of_places, asked):
            found.setdefault(profile.body.fragments[number].identifier, []).append(stream)
        return found

    def _newest(self, node: bytes) -> list[tuple[int, int, date]]:
        asked = {"account": self._account, "node": node.hex(), "events": EVENTS_A_NODE}
        return self._conn.execute(SQL.node_places, asked).fetchall()

    def _spell(self, identifier: Identifier) -> Identifier | None:
        field, value = identifier
        rule = self._fields.get(field)
        if rule is None or not is_unicode(value) or not can_identify(value):
            return None
        return field, normalise(rule, value)

    def _node(
        self, part: Fragment, body: Body, streams: Mapping[Identifier, list[str]]
    ) -> GraphNode:
        node = part.identifier
        flags: list[NodeFlag] = []
        if body.standing is not None and node in body.standing.hubs:
            flags.append("hub")
        if node in self._rules.pins.blocked:
            flags.append("blocked")
        return GraphNode(
            field=part.field,
            value=part.value,
            rank=self._rules.strength(node)[0],
            is_unique=part.field in self._rules.unique,
            first_seen=from_us(part.first_us),
            last_seen=from_us(part.last_us),
            streams=tuple(streams.get(node, ())),
            flags=tuple(flags),
        )

    def _passengers(self, body: Body) -> list[tuple[Identifier, Identifier]]:
        """Return the passengers of a profile, each with its carrier; one more than are shown."""
        shown, stored = self._names.shown, self._names.stored
        carriers = [stored(item) for item in body.standing.carriers] if body.standing else []
        found = list_passengers(self._conn, self._account, carriers, limit=MOST_PASSENGERS + 1)
        return [(shown(node), shown(carrier)) for node, carrier in found]

    def _passenger(self, node: Identifier, carrier: Identifier) -> GraphNode:
        return GraphNode(
            field=node[0],
            value=node[1],
            rank=self._rules.strength(node)[0],
            is_unique=node[0] in self._rules.unique,
            first_seen=None,
            last_seen=None,
            flags=("passenger",),
            carrier=carrier,
        )

    def _boarding(self, identifier: Identifier, node: Identifier) -> tuple[PathStep, ...]:
        asked = self._spell(identifier)
        if asked is None or asked == node:
            return ()
        said = f"{spell(asked)} is a passenger: it goes where {spell(node)} goes."
        return (PathStep(a=node, b=asked, by="passenger", said=said),)

    def _between(
        self, one: Body, other: Body, refused: tuple[GraphEdge, ...]
    ) -> tuple[Decision, ...]:
        """Return the decisions that keep two profiles apart."""
        witnesses = {item for edge in refused for item in edge.witness}
        found: list[Decision] = []
        for item in self._decisions:
            if item.b is None:
                parts = item.a in witnesses
            else:
                parts = item.kind == "pin_apart" and any(
                    _holds(one, here) and _holds(other, there)
                    for here, there in ((item.a, item.b), (item.b, item.a))
                )
            if parts:
                found.append(item)
        return tuple(found)

    def _about(self, nodes: set[Identifier]) -> tuple[Decision, ...]:
        return tuple(
            item for item in self._decisions if item.a in nodes or (item.b and item.b in nodes)
        )


def _holds(body: Body, identifier: Identifier) -> bool:
    return any(part.identifier == identifier for part in body.fragments)


def _count(path: tuple[PathStep, ...]) -> str:
    return f"joined by {counted(len(path), 'step')}" if path else "being the same identifier"
