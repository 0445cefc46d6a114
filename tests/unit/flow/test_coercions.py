"""Values fit the kind of their field, or are none."""

from datetime import UTC, datetime
from typing import Any

import pytest

from coterie.flow.mapping.coerce import coercion
from coterie.model.hours import hour_of

NOON = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
HOUR = hour_of(NOON)


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("geolocation", "52.5, -13.4", {"lat": 52.5, "lon": -13.4}),
        ("geolocation", ["52.5", 13], {"lat": 52.5, "lon": 13.0}),
        ("geolocation", {"latitude": 1, "lng": 2}, {"lat": 1.0, "lon": 2.0}),
        ("geolocation", "91,0", None),
        ("geolocation", [1, 2, 3], None),
        ("geolocation", {"lat": True, "lon": 1}, None),
        ("[]timebucket", {"2026-03-01T12:00:00Z": 2, "no date": 1}, {HOUR: 2}),
        ("[]timebucket", [NOON, "2026-03-01T12:59:59Z", 5], {HOUR: 2}),
        ("[]timebucket", NOON, {HOUR: 1}),
        ("[]timebucket", {"2026-03-01T12:00:00Z": -2}, None),
        ("[]timebucket", [], None),
        ("ts[]string", ["b", "", "a"], ["b", "a"]),
        ("ts[]string", 5, ["5"]),
        ("dynamic", 1.0, 1),
        ("dynamic", 1.5, 1.5),
        ("dynamic", True, True),
        ("dynamic", "", None),
        ("dynamic", ["a", None, {"b": 1}, 2.0], ["a", 2]),
        ("dynamic", {"b": 2.0, "a": "x", "c": [1]}, {"a": "x", "b": 2}),
        ("dynamic", {"a", "b"}, ["a", "b"]),
        ("dynamic", 2**70, None),
        ("dynamic", float("inf"), None),
        ("map[string]value", {"a": 1.0, "b": NOON}, {"a": 1, "b": NOON}),
    ],
)
def test_value_fits_its_kind(kind: str, value: Any, expected: Any) -> None:
    found = coercion(kind)(value)

    assert found == expected
    assert repr(found) == repr(expected)
