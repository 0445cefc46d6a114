"""Graphs built to hurt: households, public devices about the hub limit, chains, late old edges."""

import random
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.properties.identity_scratch import from_scratch
from tests.properties.identity_world import (
    RULES,
    Decisions,
    Memory,
    Said,
    as_events,
    with_decisions,
)

from coterie.flow.identity.resolve import Limits
from coterie.model.mapped import Identifier

LIMIT = 10
Shape = Callable[[random.Random], Iterator[list[Identifier]]]


def households(chance: random.Random) -> Iterator[list[Identifier]]:
    """People of one address who share a device and now and then each other's mail."""
    for house in range(3):
        for person in range(3):
            user = ("user_id", f"u{house}.{person}")
            yield [user, ("email", f"e{house}.{chance.randrange(3)}")]
            yield [user, ("cookie", f"c{house}.{chance.randrange(2)}")]
            yield [("email", f"e{house}.{person}"), ("cookie", f"c{house}.{chance.randrange(2)}")]


def public_device(chance: random.Random) -> Iterator[list[Identifier]]:
    """A device in a library, with just under, at and over its limit of people."""
    for visitor in range(LIMIT + chance.choice([-1, 0, 1, 4])):
        yield [("user_id", f"v{visitor}"), ("cookie", "library")]
        yield [("email", f"m{chance.randrange(4)}"), ("cookie", "library")]
        yield [("user_id", f"v{visitor}"), ("email", f"m{visitor}"), ("cookie", f"d{visitor}")]


def shared_mail(chance: random.Random) -> Iterator[list[Identifier]]:
    """An address that a shop's staff types for everybody, with devices below it."""
    for customer in range(LIMIT + chance.choice([0, 1, 3])):
        yield [("card", f"k{customer}"), ("email", "shop")]
        yield [("email", "shop"), ("cookie", f"s{chance.randrange(4)}")]
        yield [("card", f"k{customer}"), ("cookie", f"s{chance.randrange(4)}")]


def chain(chance: random.Random) -> Iterator[list[Identifier]]:
    """Conflicts in a row: each refused edge depends on the one before."""
    for link in range(8):
        yield [("user_id", f"l{link}"), ("email", f"x{link}")]
        yield [("user_id", f"l{link + 1}"), ("email", f"x{link}")]
        yield [("email", f"x{link}"), ("cookie", f"y{chance.randrange(3)}")]


SHAPES: list[Shape] = [households, public_device, shared_mail, chain]


def world(chance: random.Random) -> list[Said]:
    """Return what the shapes say, in any order, at times that have nothing to do with it."""
    shapes = chance.sample(SHAPES, chance.randint(1, 3))
    said: list[Said] = [(chance.randint(1, 40), who) for shape in shapes for who in shape(chance)]
    chance.shuffle(said)
    return said


def decide(chance: random.Random, said: list[Said]) -> Decisions:
    seen = sorted({item for _, who in said for item in who})

    def pairs(count: int) -> frozenset[tuple[Identifier, Identifier]]:
        drawn = [sorted(chance.sample(seen, 2)) for _ in range(count)]
        return frozenset((one, other) for one, other in drawn)

    blocked = frozenset(chance.sample(seen, chance.randrange(3)))
    return Decisions(pairs(chance.randrange(3)), pairs(chance.randrange(3)), blocked)


def tell(memory: Memory, said: list[Said], chance: random.Random, first: int = 0) -> None:
    events = as_events(said)[first:]
    while events:
        size = chance.randint(1, 6)
        memory.take(events[:size])
        events = events[size:]


@given(st.integers(0, 10**9))
@settings(max_examples=60, deadline=None)
def test_any_order_gives_the_clustering_from_scratch(seed: int) -> None:
    chance = random.Random(seed)
    said = world(chance)
    memory = Memory()

    tell(memory, said, chance)

    assert memory.state() == from_scratch(said, RULES)


@given(st.integers(0, 10**9))
@settings(max_examples=60, deadline=None)
def test_decisions_made_and_undone_among_events_leave_no_trace(seed: int) -> None:
    chance = random.Random(seed)
    said = world(chance)
    decisions, kept = decide(chance, said), decide(chance, said)
    memory, half = Memory(), len(said) // 2
    tell(memory, said[:half], chance)

    for decided in (decisions, kept):
        changed = with_decisions(RULES, decided).pins.named | memory.rules.pins.named
        memory.rules = with_decisions(RULES, decided)
        for identifier in sorted(changed):
            memory.settle([identifier])
    tell(memory, said, chance, first=half)

    assert memory.state() == from_scratch(said, RULES, kept)


@given(st.integers(0, 10**9), st.integers(1, 12))
@settings(max_examples=60, deadline=None)
def test_maintenance_settles_exactly_what_batches_left_aside(seed: int, at_once: int) -> None:
    chance = random.Random(seed)
    said = world(chance)
    memory, half = Memory(limits=Limits(at_once=at_once)), len(said) // 2

    tell(memory, said[:half], chance)
    if chance.random() < 0.5:
        memory.settle_all()
    tell(memory, said, chance, first=half)
    memory.settle_all()

    assert memory.state() == from_scratch(said, RULES)


@pytest.mark.parametrize("visitors", [LIMIT - 1, LIMIT, LIMIT + 1, 50])
def test_a_device_joins_nobody_once_it_has_more_neighbours_than_its_limit(visitors: int) -> None:
    memory, device = Memory(), ("cookie", "library")
    said: list[Said] = [(n + 1, [("email", f"e{n}"), device]) for n in range(visitors)]

    memory.take(as_events(said))

    people = memory.people()
    if visitors <= LIMIT:
        assert len(people) == 1
        return
    assert len(people) == visitors + 1
    body = memory.stored[memory.owners[device]].body
    assert body.standing is not None
    assert body.standing.hubs == (device,)
    assert [item.edge.first_us for item in body.refused] == list(range(1, LIMIT + 2))


def test_a_hub_does_not_grow_and_is_not_widened() -> None:
    memory, device = Memory(), ("cookie", "library")
    said: list[Said] = [(n + 1, [("email", f"e{n}"), device]) for n in range(200)]
    *before, last = as_events([*said, (300, [("email", "e7"), device])])
    for event in before:
        memory.take([event])

    touched = memory.take([last])

    assert len(memory.stored[memory.owners[device]].body.refused) == LIMIT + 1
    assert {profile.profile_id for profile in touched.profiles} == {
        memory.owners[device],
        memory.owners["email", "e7"],
    }
