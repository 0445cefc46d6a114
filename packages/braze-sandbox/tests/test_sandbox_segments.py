from typing import Any

import pytest

from braze_sandbox.testing import RunningSandbox, SandboxCallError


def attribute(name: str, comparison: str, value: Any = None) -> dict[str, Any]:
    content = {"custom_attribute_name": name, "comparison": comparison, "value": value}
    return {"custom_attribute": content}


def fill(sandbox: RunningSandbox) -> None:
    items = [
        {"external_id": "u1", "tags": ["a", "b"], "age": 30, "eye": "Blue", "vip": True},
        {"external_id": "u2", "tags": ["b"], "age": 0, "eye": "green", "since": "2020-01-01"},
        {"external_id": "u3", "tags": [], "email_subscribe": "unsubscribed"},
        {"external_id": "u4", "email": "d@example.com"},
    ]
    assert sandbox.post("/users/track", {"attributes": items}).status == 201


def members(sandbox: RunningSandbox, condition: dict[str, Any]) -> list[str]:
    segment = sandbox.add_segment("s", condition)
    return [user["external_id"] for user in sandbox.users(segment=segment)]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (attribute("tags", "includes_value", "a"), ["u1"]),
        (attribute("tags", "includes_value", "b"), ["u1", "u2"]),
        (attribute("tags", "does_not_include_value", "b"), ["u3", "u4"]),
        (attribute("tags", "exists"), ["u1", "u2", "u3"]),
        (attribute("tags", "does_not_exist"), ["u4"]),
        (attribute("eye", "equals", "blue"), []),
        (attribute("eye", "equals", "Blue"), ["u1"]),
        (attribute("eye", "not_equal", "blue"), ["u2", "u3", "u4"]),
        (attribute("eye", "matches_regex", "^bl"), ["u1"]),
        (attribute("age", "equals", 0), ["u2", "u3", "u4"]),
        (attribute("age", "less_than", 10), ["u2", "u3", "u4"]),
        (attribute("age", "greater_than", 10), ["u1"]),
        (attribute("vip", "equals", True), ["u1"]),
        (attribute("since", "before", "2021-01-01"), ["u2"]),
        (attribute("since", "after", "2021-01-01"), []),
        (
            {"email_subscription_status": {"comparison": "is", "value": "unsubscribed"}},
            ["u3"],
        ),
        (
            {"OR": [attribute("vip", "exists"), attribute("tags", "does_not_exist")]},
            ["u1", "u4"],
        ),
        (
            {"AND": [attribute("tags", "includes_value", "b"), attribute("age", "equals", 0)]},
            ["u2"],
        ),
    ],
)
def test_filters_choose_their_members(
    sandbox: RunningSandbox, condition: dict[str, Any], expected: list[str]
) -> None:
    fill(sandbox)

    assert members(sandbox, condition) == expected


def test_membership_follows_the_users(sandbox: RunningSandbox) -> None:
    fill(sandbox)
    segment = sandbox.add_segment("s", attribute("tags", "includes_value", "a"))

    change = {"external_id": "u4", "tags": {"add": ["a"]}}
    sandbox.post("/users/track", {"attributes": [change]})

    assert sandbox.count_users(segment=segment) == 2


@pytest.mark.parametrize(
    "condition",
    [
        {},
        {"AND": []},
        {"country": "PT"},
        {"custom_attribute": {}},
        attribute("x", "sounds_like", "y"),
        attribute("x", "matches_regex", "("),
    ],
)
def test_unfit_filters_are_explained(sandbox: RunningSandbox, condition: dict[str, Any]) -> None:
    with pytest.raises(SandboxCallError, match="The segment filter does not fit") as caught:
        sandbox.add_segment("s", condition)

    assert caught.value.status == 400


def test_an_unknown_segment_is_explained(sandbox: RunningSandbox) -> None:
    with pytest.raises(SandboxCallError, match="There is no segment 'nope'"):
        sandbox.count_users(segment="nope")
