"""Identity resolution does not depend on order, batches or repetition of what it is told."""

import random
from collections.abc import Iterable, Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from coterie.base.clock import from_us
from coterie.base.ids import keyed_hash
from coterie.flow.identity.cluster import cluster
from coterie.flow.identity.graph import add_events, know, stored_graph
from coterie.flow.identity.resolve import NeedsNeighbours, resolve
from coterie.flow.identity.rules import IdentityRules
from coterie.model.mapped import Identifier, MappedEvent
from coterie.model.profile import Body, Fragment, ProfileId, Resolution, StoredProfile

RULES = IdentityRules({"user_id": 0, "email": 1, "cookie": 2}, frozenset({"user_id"}))
STREAM = "default"


def name(identifier: Identifier) -> ProfileId:
    return keyed_hash(b"k" * 32, *identifier).hex()


def event(seq: int, seen_us: int, identifiers: Iterable[Identifier]) -> MappedEvent:
    ordered = tuple(sorted(set(identifiers), key=RULES.strength))
    return MappedEvent(0, seq, STREAM, seen_us, seen_us, seen_us, ordered, ())


identifiers = st.tuples(
    st.sampled_from(["user_id", "email", "cookie"]), st.sampled_from(["1", "2", "3", "4"])
)
told = st.lists(
    st.tuples(st.integers(1, 6), st.lists(identifiers, min_size=1, max_size=3)),
    min_size=1,
    max_size=14,
)


class Memory:
    """A store of profiles without a database: the shell around the pure core."""

    def __init__(self) -> None:
        self.owners: dict[Identifier, ProfileId] = {}
        self.stored: dict[ProfileId, StoredProfile] = {}

    def take(self, events: Sequence[MappedEvent]) -> Resolution:
        wanted = {identifier for one in events for identifier in one.identifiers}
        while True:
            owners = {item: self.owners[item] for item in wanted if item in self.owners}
            stored = {owner: self.stored[owner] for owner in owners.values()}
            answer = resolve(events, know(owners, stored), RULES, name)
            if not isinstance(answer, NeedsNeighbours):
                self._save(answer)
                return answer
            assert not answer.identifiers <= wanted, "asked again for what it was told"
            wanted |= answer.identifiers

    def _save(self, resolution: Resolution) -> None:
        for gone in resolution.dissolved:
            del self.stored[gone]
        for profile in resolution.profiles:
            fragments = tuple(
                Fragment(*node, first, last, {}) for node, (first, last) in profile.nodes.items()
            )
            body = Body(fragments, profile.edges, profile.refused, ())
            self.stored[profile.profile_id] = StoredProfile(
                profile.profile_id, 1, from_us(0), None, (), body
            )
        unchanged = [
            item for item, owner in resolution.owners.items() if self.owners.get(item) == owner
        ]
        assert not unchanged, "an identifier is written that did not change hands"
        self.owners.update(resolution.owners)

    def state(self) -> object:
        """Everything that identity decides, in a form that can be compared."""
        return {
            profile_id: (
                sorted(
                    (part.identifier, part.first_us, part.last_us) for part in one.body.fragments
                ),
                sorted(
                    (edge.a, edge.b, edge.first_us, edge.last_us, edge.count)
                    for edge in one.body.edges
                ),
                sorted(
                    (
                        item.edge.a,
                        item.edge.b,
                        item.edge.count,
                        item.witness_field,
                        item.witness_values,
                    )
                    for item in one.body.refused
                ),
            )
            for profile_id, one in self.stored.items()
        }


def in_batches(events: Sequence[MappedEvent], sizes: random.Random) -> Memory:
    memory = Memory()
    at = 0
    while at < len(events):
        size = sizes.randint(1, 5)
        memory.take(events[at : at + size])
        at += size
    return memory


def from_scratch(events: Sequence[MappedEvent]) -> object:
    graph = stored_graph([], know({}, {}))
    add_events(graph, events, RULES)
    return {
        name(RULES.first_seen((node, graph.nodes[node][0]) for node in person.nodes)): sorted(
            person.nodes
        )
        for person in cluster(graph.nodes, graph.edges.values(), RULES)
    }


@given(told, st.integers(0, 1_000))
@settings(max_examples=400, deadline=None)
def test_batches_in_any_order_give_the_clustering_from_scratch(
    said: list[tuple[int, list[Identifier]]], seed: int
) -> None:
    events = [event(seq, at, who) for seq, (at, who) in enumerate(said)]
    shuffled = events.copy()
    chance = random.Random(seed)
    chance.shuffle(shuffled)

    one = in_batches(events, chance)
    other = in_batches(shuffled, chance)

    assert one.state() == other.state()
    assert from_scratch(events) == {
        profile_id: sorted(part.identifier for part in profile.body.fragments)
        for profile_id, profile in one.stored.items()
    }


@given(told)
@settings(max_examples=200, deadline=None)
def test_no_profile_holds_two_values_of_a_unique_field(
    said: list[tuple[int, list[Identifier]]],
) -> None:
    memory = Memory()

    memory.take([event(seq, at, who) for seq, (at, who) in enumerate(said)])

    for profile in memory.stored.values():
        users = [part for part in profile.body.fragments if part.field == "user_id"]
        assert len(users) <= 1


@given(told)
@settings(max_examples=200, deadline=None)
def test_every_identifier_belongs_to_the_profile_that_holds_its_fragment(
    said: list[tuple[int, list[Identifier]]],
) -> None:
    memory = in_batches(
        [event(seq, at, who) for seq, (at, who) in enumerate(said)], random.Random(1)
    )

    held = {
        part.identifier: profile_id
        for profile_id, profile in memory.stored.items()
        for part in profile.body.fragments
    }
    assert held == memory.owners
