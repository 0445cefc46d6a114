"""Counts of different values in bounded memory."""

import random

import pytest

from coterie.base.sketch import MOST_EXACT, REGISTERS, Sketch


def sketch_of(values: range) -> Sketch:
    sketch = Sketch()
    sketch.add_all(map(str, values))
    return sketch


def test_few_values_are_counted_exactly() -> None:
    sketch = sketch_of(range(MOST_EXACT))
    sketch.add_all(["0", "1"])

    assert (sketch.count(), sketch.is_exact) == (MOST_EXACT, True)
    assert Sketch.unpack(sketch.pack()).count() == MOST_EXACT


@pytest.mark.parametrize("count", [300, 2_000, 50_000])
def test_many_values_are_estimated_within_a_tenth_in_a_kilobyte(count: int) -> None:
    sketch = sketch_of(range(count))

    assert not sketch.is_exact
    assert abs(sketch.count() - count) < count / 10
    assert len(sketch.pack()) == REGISTERS + 1


def test_merging_is_the_union_whatever_the_order() -> None:
    chance = random.Random(7)
    for _ in range(20):
        parts = [range(start, start + chance.choice([10, 200, 900])) for start in (0, 150, 700)]
        whole = Sketch()
        for part in parts:
            whole.add_all(map(str, part))
        chance.shuffle(parts)
        merged = Sketch()
        for part in parts:
            merged.merge(Sketch.unpack(sketch_of(part).pack()))

        assert merged.pack() == whole.pack()


def test_nothing_is_an_empty_sketch() -> None:
    assert Sketch.unpack(b"").count() == 0
