"""Merge operators do not care about order, grouping or batches."""

import random
from datetime import UTC, datetime, timedelta
from functools import reduce
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coterie.flow.mapping.coerce import coercion
from coterie.flow.profiles.ageing import DAY_US
from coterie.flow.profiles.fold import Folder
from coterie.flow.profiles.operators import Step, begin_values, first_folds, fold_values, operator
from coterie.flow.profiles.scan import LazyFacts, parts_of
from coterie.flow.profiles.view import Viewer
from coterie.model.mapped import Identifier, MappedEvent
from coterie.model.profile import Body, Edge, Fragment, Resolution, ResolvedProfile, StoredProfile
from coterie.model.schema import Field, Schema

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
numbers = st.one_of(
    st.integers(-(10**9), 10**9),
    st.floats(-(10**9), 10**9, allow_nan=False).map(lambda x: round(x, 6)),
)
words = st.sampled_from(["a", "b", "c", "dd", "é"])
instants = st.integers(0, 5).map(lambda days: EPOCH + timedelta(days=days))
VALUES: dict[tuple[str, str], st.SearchStrategy[Any]] = {
    ("latest", "string"): words,
    ("oldest", "string"): words,
    ("latest", "date"): instants,
    ("max", "number"): numbers.map(float),
    ("min", "number"): numbers.map(float),
    ("max", "date"): instants,
    ("sum", "number"): numbers,
    ("sum", "int"): st.integers(-(10**12), 10**12),
    ("count", "int"): words,
    ("merge", "[]string"): st.lists(words, min_size=1, max_size=3),
    ("merge", "[]time"): st.lists(instants, min_size=1, max_size=3),
    ("latest", "[]string"): st.lists(words, min_size=1, max_size=3),
    ("oldest", "[]time"): st.lists(instants, min_size=1, max_size=3),
    ("merge", "ts[]string"): st.lists(words, min_size=1, max_size=3),
    ("merge", "[]timebucket"): st.dictionaries(
        st.integers(490_900, 491_050), st.integers(1, 3), min_size=1, max_size=4
    ),
    ("latest", "geolocation"): st.tuples(st.integers(-90, 90), st.integers(-180, 180)).map(
        lambda place: coercion("geolocation")(place)
    ),
    ("oldest", "dynamic"): st.one_of(
        words,
        numbers,
        st.booleans(),
        instants,
        st.lists(words, min_size=1, max_size=2),
        st.dictionaries(words, numbers, min_size=1, max_size=2),
    ).map(lambda value: coercion("dynamic")(value)),
    ("latestmap", "map[string]string"): st.dictionaries(words, words, min_size=1, max_size=3),
    ("oldestmap", "map[string]string"): st.dictionaries(words, words, min_size=1, max_size=3),
    ("mapmax", "map[string]number"): st.dictionaries(words, numbers.map(float), min_size=1),
    ("mapmin", "map[string]number"): st.dictionaries(words, numbers.map(float), min_size=1),
    ("mapsum", "map[string]intsum"): st.dictionaries(words, st.integers(-9, 9), min_size=1),
}


def stored(state: Any) -> Any:
    """A state after a visit to the database."""
    return msgspec.msgpack.decode(msgspec.msgpack.encode(state), strict=False)


def sorted_face(face: Any, kind: str) -> Any:
    """Return what audiences tell apart: the order of a set says nothing, but in `ts[]string`."""
    return sorted(face) if isinstance(face, list) and kind in ("[]string", "[]time") else face


@pytest.mark.parametrize("capacity", [None, 2])
@pytest.mark.parametrize(("op", "kind"), VALUES)
@given(data=st.data(), seed=st.integers(0, 1_000))
@settings(max_examples=40, deadline=None)
def test_order_and_grouping_of_values_do_not_matter(
    op: Any, kind: str, capacity: int | None, data: st.DataObject, seed: int
) -> None:
    merge = operator(Field(id=1, name="f", kind=kind, op=op, capacity=capacity))
    said = data.draw(
        st.lists(st.tuples(VALUES[(op, kind)], st.integers(0, 4)), min_size=1, max_size=7)
    )
    shuffled = said.copy()
    chance = random.Random(seed)
    chance.shuffle(shuffled)

    in_order: Any = None
    for value, at_us in said:
        in_order = merge.fold(in_order, value, at_us)
    parts = [merge.fold(None, value, at_us) for value, at_us in shuffled]
    cut = chance.randint(1, len(parts))
    grouped = [reduce(merge.combine, part) for part in (parts[:cut], parts[cut:]) if part]
    combined = reduce(merge.combine, map(stored, grouped))

    assert merge.view(stored(in_order)) == merge.view(stored(combined))
    assert sorted_face(merge.face(stored(in_order)), kind) == sorted_face(
        merge.face(stored(combined)), kind
    )


ADDING = {("sum", "number"), ("sum", "int"), ("count", "int"), ("mapsum", "map[string]intsum"),
          ("merge", "[]timebucket")}  # fmt: skip


@pytest.mark.parametrize("capacity", [None, 2])
@pytest.mark.parametrize(("op", "kind"), [each for each in VALUES if each not in ADDING])
@given(data=st.data(), seed=st.integers(0, 1_000))
@settings(max_examples=20, deadline=None)
def test_what_does_not_add_up_may_be_said_again_and_again(
    op: Any, kind: str, capacity: int | None, data: st.DataObject, seed: int
) -> None:
    merge = operator(Field(id=1, name="f", kind=kind, op=op, capacity=capacity))
    said = data.draw(
        st.lists(st.tuples(VALUES[(op, kind)], st.integers(0, 4)), min_size=1, max_size=6)
    )
    again = random.Random(seed).choices(said, k=4)

    once: Any = None
    for value, at_us in said:
        once = merge.fold(once, value, at_us)
    repeated = stored(once)
    for value, at_us in again:
        repeated = merge.fold(repeated, value, at_us)
    doubled = merge.combine(stored(once), stored(repeated))

    assert merge.view(stored(repeated)) == merge.view(stored(once))
    assert merge.view(stored(doubled)) == merge.view(stored(once))


@pytest.mark.parametrize("keep_days", [None, 2])
@pytest.mark.parametrize("capacity", [None, 2])
@pytest.mark.parametrize(("op", "kind"), VALUES)
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_a_field_that_did_not_change_looks_as_before(
    op: Any, kind: str, capacity: int | None, keep_days: int | None, data: st.DataObject
) -> None:
    field = Field(id=1, name="f", kind=kind, op=op, capacity=capacity, keep_days=keep_days)
    said = st.lists(st.tuples(VALUES[(op, kind)], st.integers(0, 6)), max_size=3)
    nodes = [("user_id", "u"), ("email", "e")]
    fragments = [fragment_of(field, node, data.draw(said)) for node in nodes]
    before = StoredProfile("p", 1, EPOCH, None, (), Body(tuple(fragments), (), (), ()))
    events = [
        MappedEvent(0, 1, "s", day * DAY_US, day * DAY_US, 0, (node,), ((1, value),))
        for node in nodes
        for value, day in data.draw(said)
    ]
    resolved = ResolvedProfile(
        "p", dict.fromkeys(nodes, (0, 0)), (), (), ("p",), tuple(events), regrouped=False
    )
    schema = Schema(version=1, published_at=EPOCH, fields=(field,), mappings=())

    [after] = Folder(schema).fold(Resolution((resolved,), {}, {}, {}), {"p": before})

    assert after.changed is not None
    if 1 not in after.changed:
        viewer, now_us = Viewer(schema), 6 * DAY_US
        faces = [
            viewer.facts(one, now_us, frozenset({"f"})).get("f")
            for one in (fragments, after.fragments)
        ]
        assert sorted_face(faces[0], kind) == sorted_face(faces[1], kind)


@pytest.mark.parametrize("keep_days", [None, 2])
@pytest.mark.parametrize(("op", "kind"), VALUES)
@given(data=st.data())
@settings(max_examples=20, deadline=None)
def test_a_packed_profile_shows_audiences_what_it_shows_when_it_is_loaded(
    op: Any, kind: str, keep_days: int | None, data: st.DataObject
) -> None:
    field = Field(id=1, name="f", kind=kind, op=op, keep_days=keep_days)
    said = st.lists(st.tuples(VALUES[(op, kind)], st.integers(0, 6)), max_size=3)
    nodes = [("user_id", "u"), ("email", "e")]
    fragments = tuple(fragment_of(field, node, data.draw(said)) for node in nodes)
    viewer = Viewer(Schema(version=1, published_at=EPOCH, fields=(field,), mappings=()))
    packed = msgspec.msgpack.encode(Body(fragments, (), (), ()))
    loaded = msgspec.msgpack.decode(packed, type=Body)
    only, now_us = frozenset({"f", "other"}), 6 * DAY_US

    facts = LazyFacts(viewer.read_steps(only), now_us)
    facts.turn_to(parts_of(packed))

    assert dict(facts) == viewer.facts(loaded.fragments, now_us, only)
    assert facts.get("other") is None


@pytest.mark.parametrize(("op", "kind"), VALUES)
@given(data=st.data())
@settings(max_examples=20, deadline=None)
def test_a_profile_that_was_loaded_folds_as_one_in_memory(
    op: Any, kind: str, data: st.DataObject
) -> None:
    field = Field(id=1, name="f", kind=kind, op=op, capacity=2)
    said = st.lists(st.tuples(VALUES[(op, kind)], st.integers(0, 6)), max_size=3)
    nodes = [("user_id", "u"), ("email", "e")]
    edges = (Edge("user_id", "u", "email", "e", 0, 0, 1, "s"),)
    fragments = tuple(fragment_of(field, node, data.draw(said)) for node in nodes)
    in_memory = Body(fragments, edges, (), ())
    loaded = msgspec.msgpack.decode(msgspec.msgpack.encode(in_memory), type=Body)
    events = tuple(
        MappedEvent(0, 1, "s", day * DAY_US, day * DAY_US, 0, (nodes[0],), ((1, value),))
        for value, day in data.draw(said)
    )
    schema = Schema(version=1, published_at=EPOCH, fields=(field,), mappings=())

    folded = []
    for body in (in_memory, loaded):
        resolved = ResolvedProfile(
            "p", dict.fromkeys(nodes, (0, 0)), body.held_edges, (), ("p",), events, regrouped=False
        )
        before = StoredProfile("p", 1, EPOCH, None, (), body)
        folded += Folder(schema).fold(Resolution((resolved,), {}, {}, {}), {"p": before})

    one, other = folded
    assert loaded.edges == edges
    # What was stored may count as changed once too often, since a pair comes back as a list.
    assert one.changed is not None
    assert other.changed is not None
    assert one.changed <= other.changed
    assert stored((one.fragments, one.edges)) == stored((other.fragments, other.edges))
    views = [Viewer(schema).view(each.fragments, 6 * DAY_US) for each in folded]
    assert views[0] == views[1]


@pytest.mark.parametrize(("op", "kind"), VALUES)
@given(data=st.data())
@settings(max_examples=20, deadline=None)
def test_the_first_event_of_somebody_folds_as_any_event_does(
    op: Any, kind: str, data: st.DataObject
) -> None:
    field = Field(id=1, name="f", kind=kind, op=op, capacity=2)
    said = data.draw(st.lists(VALUES[(op, kind)], max_size=3))
    steps = {1: Step(operator(field).fold, None, is_timed=False)}
    values = [(1, value) for value in said]
    states: dict[int, Any] = {}
    fold_values(steps, states, values, DAY_US, set())

    assert stored(begin_values(steps, first_folds(steps), values, DAY_US)) == stored(states)


def fragment_of(field: Field, node: Identifier, said: list[tuple[Any, int]]) -> Fragment:
    merge = operator(field)
    state: Any = None
    for value, day in said:
        state = merge.fold(state, value, day * DAY_US)
    return Fragment(*node, 0, 0, {} if state is None else {field.id: state})


def test_only_fields_that_somebody_looks_at_are_told_as_changed() -> None:
    fields = tuple(Field(id=n, name=f"f{n}", kind="string", op="latest") for n in (1, 2))
    schema = Schema(version=1, published_at=EPOCH, fields=fields, mappings=())
    node: Identifier = ("user_id", "u")
    event = MappedEvent(0, 1, "s", 1, 1, 1, (node,), ((1, "a"), (2, "b")))
    resolved = ResolvedProfile("p", {node: (1, 1)}, (), (), (), (event,), regrouped=False)

    [folded] = Folder(schema, watched={"f2": None}).fold(Resolution((resolved,), {}, {}, {}), {})

    assert folded.changed == frozenset({2})
    assert Viewer(schema).view(folded.fragments, 1) == {"f1": "a", "f2": "b"}


@given(st.lists(numbers, min_size=1, max_size=50), st.integers(0, 1_000))
def test_sums_of_prices_are_exact_in_every_order(prices: list[float], seed: int) -> None:
    merge = operator(Field(id=1, name="spent", kind="number", op="sum"))
    shuffled = prices.copy()
    random.Random(seed).shuffle(shuffled)

    def total(values: list[float]) -> Any:
        state: Any = None
        for value in values:
            state = merge.fold(state, value, 0)
        return state

    assert total(prices) == total(shuffled)
