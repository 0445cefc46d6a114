"""The raw keys of events, counted."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from coterie.flow.inspect.keys import EVENTS, MOST_KEYS_AN_EVENT, KeyCount, count_keys, kind_of

NOW = datetime(2026, 3, 14, tzinfo=UTC)


def count(*bodies: dict[str, Any], weight: int = 1) -> dict[str, KeyCount]:
    return count_keys([(body, NOW + timedelta(n)) for n, body in enumerate(bodies)], weight=weight)


def test_keys_are_counted_with_kinds_times_and_different_values() -> None:
    found = count({"city": "Oslo", "n": 1}, {"city": "Bergen"}, {"city": "Oslo", "n": 2.5})

    city, number = found["city"], found["n"]
    assert (city.times, dict(city.kinds), city.uniques.count()) == (3, {"string": 3}, 2)
    assert (city.first_seen, city.last_seen) == (NOW, NOW + timedelta(2))
    assert dict(number.kinds) == {"int": 1, "number": 1}
    assert found[EVENTS].times == 3


def test_objects_are_followed_and_arrays_are_not() -> None:
    found = count({"a": {"b": {"c": 1}}, "tags": ["x", "y"], "orders": [{"id": 1}], "none": {}})

    assert found.keys() == {EVENTS, "a.b.c", "tags", "orders", "none"}
    assert dict(found["tags"].kinds) == {"array": 1}
    assert dict(found["orders"].kinds) == {"objects": 1}


def test_a_sampled_event_stands_for_several() -> None:
    assert count({"city": "Oslo"}, weight=20)["city"].times == 20


@pytest.mark.parametrize(
    ("value", "kind"),
    [(True, "bool"), (1, "int"), (1.5, "number"), ("", "empty"), (None, "null"),
     ("12.5", "numeric"),
     ("2026-01-01", "date"), ("2026-01-01T10:00:00Z", "date"), ("a@b.org", "email"),
     ("Oslo", "string"), ([], "array")],
)  # fmt: skip
def test_kinds_are_guessed_from_values(value: Any, kind: str) -> None:
    assert kind_of(value) == kind


def test_what_is_hostile_costs_a_bounded_amount() -> None:
    many = {f"k{n}": n for n in range(10_000)}
    deep: dict[str, Any] = {}
    for _ in range(100):
        deep = {"d": deep}

    assert len(count(many)) == MOST_KEYS_AN_EVENT + 1
    assert len(count(deep)) == 2
    assert count({"\0": 1, "x" * 500: 1, "": 1}).keys() == {EVENTS}
