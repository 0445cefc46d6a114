"""Identity resolution does not depend on order, batches or repetition of what it is told."""

import random
from collections.abc import Sequence

import networkx as nx
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.properties.identity_scratch import from_scratch
from tests.properties.identity_world import (
    NARROW,
    RULES,
    Decisions,
    Memory,
    Said,
    as_events,
    with_decisions,
)

from coterie.flow.identity.resolve import Limits
from coterie.flow.identity.rules import IdentityRules
from coterie.model.mapped import Identifier, MappedEvent

identifiers = st.tuples(
    st.sampled_from(["user_id", "card", "email", "cookie"]), st.sampled_from(["1", "2", "3", "4"])
)
said_once = st.tuples(st.integers(1, 6), st.lists(identifiers, min_size=1, max_size=3))
told = st.lists(said_once, min_size=1, max_size=14)
pairs = st.tuples(identifiers, identifiers).filter(lambda pair: pair[0] < pair[1])
decided = st.builds(
    Decisions,
    st.frozensets(pairs, max_size=2),
    st.frozensets(pairs, max_size=2),
    st.frozensets(identifiers, max_size=2),
)


def in_batches(memory: Memory, events: Sequence[MappedEvent], chance: random.Random) -> Memory:
    at = 0
    while at < len(events):
        size = chance.randint(1, 5)
        memory.take(events[at : at + size])
        at += size
    return memory


def shuffled(events: Sequence[MappedEvent], chance: random.Random) -> list[MappedEvent]:
    return chance.sample(list(events), len(events))


@given(told, st.integers(0, 1_000), st.sampled_from([RULES, NARROW]))
@settings(max_examples=150, deadline=None)
def test_batches_in_any_order_give_the_clustering_from_scratch(
    said: list[Said], seed: int, rules: IdentityRules
) -> None:
    events, chance = as_events(said), random.Random(seed)

    one = in_batches(Memory(rules), events, chance)
    other = in_batches(Memory(rules), shuffled(events, chance), chance)

    assert one.state() == other.state()
    assert one.state() == from_scratch(said, rules)
    assert one.folded == other.folded


@given(told, decided, st.integers(0, 1_000), st.sampled_from([RULES, NARROW]))
@settings(max_examples=150, deadline=None)
def test_decisions_count_the_same_whenever_they_are_made(
    said: list[Said], decisions: Decisions, seed: int, rules: IdentityRules
) -> None:
    events, chance = as_events(said), random.Random(seed)
    events = shuffled(events, chance)
    made, applied = sorted(chance.randint(0, len(events)) for _ in range(2))
    memory = in_batches(Memory(rules), events[:made], chance)

    # Between the decision and its work, events are already clustered by it.
    memory.rules = with_decisions(rules, decisions)
    in_batches(memory, events[made:applied], chance)
    for identifier in sorted(memory.rules.pins.named):
        memory.settle([identifier])
    in_batches(memory, events[applied:], chance)

    assert memory.state() == from_scratch(said, rules, decisions)


@given(told, decided, st.integers(0, 1_000), st.sampled_from([RULES, NARROW]))
@settings(max_examples=150, deadline=None)
def test_a_decision_that_is_undone_leaves_no_trace(
    said: list[Said], decisions: Decisions, seed: int, rules: IdentityRules
) -> None:
    events, chance = as_events(said), random.Random(seed)
    made, undone = sorted(chance.randint(0, len(events)) for _ in range(2))
    memory = in_batches(Memory(rules), events[:made], chance)
    memory.rules = with_decisions(rules, decisions)
    named = memory.rules.pins.named
    memory.settle(named)
    in_batches(memory, events[made:undone], chance)

    memory.rules = rules
    memory.settle(named)
    in_batches(memory, events[undone:], chance)

    assert memory.state() == from_scratch(said, rules)


@given(told, decided, st.integers(0, 1_000), st.sampled_from([RULES, NARROW]))
@settings(max_examples=150, deadline=None)
def test_what_was_left_to_maintenance_is_exact_once_it_is_settled(
    said: list[Said], decisions: Decisions, seed: int, rules: IdentityRules
) -> None:
    events, chance = as_events(said), random.Random(seed)
    memory = Memory(with_decisions(rules, decisions), Limits(at_once=1))
    half = len(events) // 2

    in_batches(memory, events[:half], chance)
    if chance.random() < 0.5:
        memory.settle_all()
    in_batches(memory, events[half:], chance)
    memory.settle_all()

    assert memory.state() == from_scratch(said, rules, decisions)
    assert not any(
        one.body.standing is not None and one.body.standing.is_unsettled
        for one in memory.stored.values()
    )


@given(told, st.integers(0, 1_000))
@settings(max_examples=100, deadline=None)
def test_passengers_keep_their_data_with_their_carrier(said: list[Said], seed: int) -> None:
    events, chance = as_events(said), random.Random(seed)

    memory = in_batches(Memory(RULES, Limits(in_profile=2)), events, chance)

    assert memory.folded.keys() == {event.seq for event in events}
    assert not memory.passengers.keys() & memory.owners.keys()
    named = {item for event in events for item in event.identifiers}
    assert named == memory.owners.keys() | memory.passengers.keys()
    for event in events:
        strongest = event.identifiers[0]
        assert memory.folded[event.seq] in (strongest, memory.passengers.get(strongest))


@given(told)
@settings(max_examples=80, deadline=None)
def test_no_profile_holds_two_values_of_a_unique_field(said: list[Said]) -> None:
    memory = Memory()

    memory.take(as_events(said))

    for profile in memory.stored.values():
        users = [part for part in profile.body.fragments if part.field == "user_id"]
        assert len(users) <= 1


@given(told, st.sampled_from([RULES, NARROW]))
@settings(max_examples=80, deadline=None)
def test_every_identifier_belongs_to_the_profile_that_holds_its_fragment(
    said: list[Said], rules: IdentityRules
) -> None:
    memory = in_batches(Memory(rules), as_events(said), random.Random(1))

    held = {
        part.identifier: profile_id
        for profile_id, profile in memory.stored.items()
        for part in profile.body.fragments
    }
    assert held == memory.owners


@given(st.lists(st.tuples(st.integers(1, 9), st.lists(identifiers, min_size=1, max_size=3))))
@settings(max_examples=80, deadline=None)
def test_without_constraints_people_are_the_connected_components(said: list[Said]) -> None:
    free = IdentityRules(RULES.ranks, frozenset(), dict.fromkeys(RULES.ranks, 1_000))
    graph: nx.Graph[Identifier] = nx.Graph()
    for _, who in said:
        nx.add_star(graph, who)

    memory = in_batches(Memory(free), as_events(said), random.Random(2))

    people = {frozenset(person) for person in memory.people().values()}
    assert people == {frozenset(part) for part in nx.connected_components(graph)}
