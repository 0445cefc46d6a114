"""Where a value comes from follows what its merge operator keeps."""

import random
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coterie.flow.profiles.operators import operator
from coterie.flow.profiles.origins import Said, choose_origins
from coterie.model.merging import OPS
from coterie.model.schema import Field

words = st.sampled_from(["a", "b", "c"])
numbers = st.integers(-5, 5)
days = st.integers(1, 4).map(lambda day: datetime(2020, 1, day, tzinfo=UTC))
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "string": words,
    "bool": st.booleans(),
    "date": days,
    "int": numbers,
    "number": numbers,
    "[]string": st.lists(words, min_size=1, max_size=3),
    "[]time": st.lists(days, min_size=1, max_size=3),
    "ts[]string": st.lists(words, min_size=1, max_size=3),
    "map[string]string": st.dictionaries(words, words, min_size=1),
    "map[string]value": st.dictionaries(words, words, min_size=1),
    "map[string]bool": st.dictionaries(words, st.booleans(), min_size=1),
    "map[string]time": st.dictionaries(words, days, min_size=1),
    "map[string]int": st.dictionaries(words, numbers, min_size=1),
    "map[string]number": st.dictionaries(words, numbers, min_size=1),
    "map[string]intsum": st.dictionaries(words, numbers, min_size=1),
    "geolocation": st.builds(lambda at: {"lat": float(at), "lon": 0.0}, numbers),
    "dynamic": st.one_of(words, numbers),
    "[]timebucket": st.dictionaries(st.integers(438_000, 438_005), st.integers(1, 3), min_size=1),
}
ONE_EACH = frozenset({"latest", "oldest", "max", "min"})
CASES = [(op, kind) for kind, ops in OPS.items() for op in ops]


@pytest.mark.parametrize(("op", "kind"), CASES)
@given(data=st.data(), seed=st.integers(0, 1_000))
@settings(max_examples=25, deadline=None)
def test_each_part_that_is_shown_comes_from_an_event_that_said_it(
    op: Any, kind: str, data: st.DataObject, seed: int
) -> None:
    field = Field(id=1, name="f", kind=kind, op=op)
    pairs = data.draw(st.lists(st.tuples(VALUES[kind], st.integers(0, 5)), min_size=1, max_size=5))
    said = [Said(value, at_us, number) for number, (value, at_us) in enumerate(pairs)]
    merge, state = operator(field), None
    for one in said:
        state = merge.fold(state, one.value, one.at_us)
    random.Random(seed).shuffle(said)

    chosen, is_whole = choose_origins(field, said, merge.view(state))

    assert is_whole
    assert chosen
    if op in ONE_EACH:
        (best,) = chosen
        assert best.said.value == merge.view(state)
    elif op not in ("sum", "count"):
        assert len({one.part for one in chosen}) == len(merge.view(state))


@pytest.mark.parametrize(
    ("op", "kind"), [("latest", "string"), ("sum", "int"), ("merge", "[]string")]
)
def test_what_no_event_accounts_for_is_said_to_be_missing(op: Any, kind: str) -> None:
    field = Field(id=1, name="f", kind=kind, op=op)
    shown = {"string": "b", "int": 3, "[]string": ["a", "b"]}[kind]
    said = [Said({"string": "a", "int": 1, "[]string": ["a"]}[kind], 1, 0)]

    chosen, is_whole = choose_origins(field, said, shown)

    assert not is_whole
    assert [one.said.event for one in chosen] == ([] if op == "latest" else [0])
