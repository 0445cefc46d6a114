from typing import Any

import pytest

from coterie.connectors.braze.billing import count_points


@pytest.mark.parametrize(
    ("value", "points"),
    [
        ("x", 1),
        (None, 1),
        ([1, 2, 3], 1),
        ([], 1),
        ({}, 1),
        ({"a": 1, "b": {"c": None, "d": ["x"]}}, 3),
        ([{"id": 1, "name": "a"}, {"id": 2}], 3),
    ],
)
def test_every_key_with_a_value_is_billed(value: Any, points: int) -> None:
    assert count_points("shop", value) == points


@pytest.mark.parametrize("name", ["email_subscribe", "push_subscribe", "_merge_objects"])
def test_subscription_states_are_free(name: str) -> None:
    assert count_points(name, "subscribed") == 0
