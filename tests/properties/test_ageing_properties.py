"""Between two ageing instants a profile shows the same; at each of them it shows less."""

from datetime import UTC, datetime
from functools import reduce
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coterie.base.clock import to_us
from coterie.flow.profiles.ageing import DAY_US
from coterie.flow.profiles.operators import operator
from coterie.flow.profiles.view import Viewer
from coterie.model.merging import AGEING_OPS, OPS
from coterie.model.profile import Fragment
from coterie.model.schema import Field, Schema

START_US = to_us(datetime(2026, 1, 1, tzinfo=UTC))
ONLY = frozenset({"f"})
words = st.sampled_from(["a", "b", "c"])
keyed = st.dictionaries(words, st.integers(-5, 5), min_size=1, max_size=3)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "[]string": st.lists(words, min_size=1, max_size=2),
    "[]time": st.lists(
        st.integers(1, 3).map(lambda day: datetime(2020, 1, day, tzinfo=UTC)), min_size=1
    ),
    "ts[]string": st.lists(words, min_size=1, max_size=2),
    "[]timebucket": st.dictionaries(
        st.integers(0, 100).map(lambda hour: START_US // 3_600_000_000 + hour),
        st.integers(1, 3),
        min_size=1,
        max_size=3,
    ),
}
CASES = [(op, kind) for kind, ops in OPS.items() for op in ops if op in AGEING_OPS]
# Hours and odd microseconds, so that instants fall together and apart.
instants = st.one_of(
    st.integers(0, 5 * DAY_US), st.integers(0, 120).map(lambda hour: hour * 3_600_000_000)
).map(lambda after: START_US + after)


@pytest.mark.parametrize("capacity", [None, 2])
@pytest.mark.parametrize(("op", "kind"), CASES)
@given(data=st.data())
@settings(max_examples=20, deadline=None)
def test_what_is_shown_changes_at_the_foretold_instants_and_at_no_others(
    op: Any, kind: str, capacity: int | None, data: st.DataObject
) -> None:
    field = Field(id=1, name="f", kind=kind, op=op, capacity=capacity, keep_days=2)
    viewer = Viewer(
        Schema(
            version=1, published_at=datetime(2026, 1, 1, tzinfo=UTC), fields=(field,), mappings=()
        )
    )
    said = st.lists(st.tuples(VALUES.get(kind, keyed), instants), max_size=4)
    fragments = [fragment_of(field, data.draw(said)) for _ in range(2)]
    now = START_US + data.draw(st.integers(0, 6 * DAY_US))
    last = now

    for _ in range(40):
        flip = viewer.next_ageing(fragments, now, ONLY)
        shown = viewer.facts(fragments, now, ONLY)
        if flip is None:
            break
        then = to_us(flip)
        between = data.draw(st.integers(now, then - 1))
        assert viewer.facts(fragments, between, ONLY) == shown
        assert viewer.facts(fragments, then - 1, ONLY) == shown
        assert viewer.facts(fragments, then, ONLY) != shown
        now = last = then

    assert viewer.facts(fragments, last + 1_000 * DAY_US, ONLY) == {}


def fragment_of(field: Field, said: list[tuple[Any, int]]) -> Fragment:
    merge = operator(field)
    states = [merge.fold(None, value, at_us) for value, at_us in said]
    return Fragment("user_id", "u", 0, 0, {field.id: reduce(merge.combine, states)} if said else {})
