from datetime import UTC, datetime, timedelta
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


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (attribute("tags", "all_of", ["a", "b"]), ["u1"]),
        (attribute("tags", "not_all_of", ["a", "b"]), ["u2", "u3", "u4"]),
        (attribute("tags", "any_of", ["a", "z"]), ["u1"]),
        (attribute("tags", "none_of", ["a", "z"]), ["u2", "u3", "u4"]),
        (attribute("eye", "contains_any_of", ["ree", "x"]), ["u2"]),
        (attribute("eye", "does_not_contain_any_of", ["ree", "x"]), ["u1", "u3", "u4"]),
        (attribute("tags", "is_blank"), ["u3", "u4"]),
        (attribute("tags", "is_not_blank"), ["u1", "u2"]),
    ],
)
def test_filters_of_the_dashboard_choose_their_members(
    sandbox: RunningSandbox, condition: dict[str, Any], expected: list[str]
) -> None:
    fill(sandbox)

    assert members(sandbox, condition) == expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (attribute("pets[].type", "equals", "dog"), ["u1", "u2"]),
        (attribute("pets[].name", "equals", "Ida"), ["u1"]),
        (attribute("pets[0].type", "equals", "dog"), ["u2"]),
        (attribute("pets[].vet.city", "equals", "Rome"), ["u2"]),
        (attribute("pets[].nicknames", "includes_value", "Gugu"), ["u1"]),
        (attribute("pets[].type", "does_not_exist"), ["u3", "u4"]),
        (attribute("home.city", "equals", "Oslo"), ["u4"]),
    ],
)
def test_one_element_of_an_array_of_objects_has_to_match(
    sandbox: RunningSandbox, condition: dict[str, Any], expected: list[str]
) -> None:
    cat = {"type": "cat", "name": "Ida"}
    dog = {"type": "dog", "name": "Gus", "nicknames": ["Gugu"]}
    pets = {"u1": [cat, dog], "u2": [{"type": "dog", "vet": {"city": "Rome"}}], "u3": []}
    items: list[dict[str, Any]] = [{"external_id": u, "pets": held} for u, held in pets.items()]
    items.append({"external_id": "u4", "home": {"city": "Oslo"}})
    assert sandbox.post("/users/track", {"attributes": items}).status == 201

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


def times(days: float) -> str:
    return f"{datetime.now(UTC) + timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}"


def event(name: str, comparison: str, value: Any = None, **more: Any) -> dict[str, Any]:
    content = {"custom_event_name": name, "comparison": comparison, "value": value, **more}
    return {"custom_event": content}


def field(name: str, comparison: str, value: Any = None) -> dict[str, Any]:
    return {"user_attribute": {"name": name, "comparison": comparison, "value": value}}


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (event("seen", "greater_than", 1), ["u1"]),
        (event("seen", "equals", 0), ["u3"]),
        (event("seen", "greater_than", 0, days=3), ["u1"]),
        (event("seen", "greater_than", 1, days=3), []),
        (event("seen", "less_than_x_days_ago", 5, measure="last"), ["u1"]),
        (event("seen", "greater_than_x_days_ago", 5, measure="first"), ["u1", "u2"]),
        ({"purchase": {"product_id": "p", "comparison": "equals", "value": 3}}, ["u2"]),
        ({"purchase": {"comparison": "greater_than", "value": 0}}, ["u2"]),
        (field("country", "equals", "DE"), ["u1"]),
        (field("country", "any_of", ["DE", "FR"]), ["u1", "u2"]),
        (field("external_id", "matches_regex", "^u[12]$"), ["u1", "u2"]),
        (field("total_revenue", "greater_than", 5), ["u2"]),
        (field("created_at", "less_than_x_days_ago", 1), ["u1", "u2", "u3"]),
        (field("random_bucket", "less_than", 10_000), ["u1", "u2", "u3"]),
        (attribute("renews", "less_than_x_days_in_the_future", 10), ["u1"]),
        (attribute("renews", "greater_than_x_days_in_the_future", 10), ["u2"]),
        (attribute("renews", "greater_than_x_days_ago", 10), []),
        (attribute("car.wheels[0].size", "equals", 17), ["u3"]),
        ({"email_available": {"value": True}}, ["u1"]),
        ({"last_used_app": {"comparison": "after", "value": "2020-01-01"}}, ["u3"]),
    ],
)
def test_filters_on_behaviour_fields_and_days(
    sandbox: RunningSandbox, condition: dict[str, Any], expected: list[str]
) -> None:
    def seen(who: str, days: float) -> dict[str, Any]:
        return {"external_id": who, "name": "seen", "time": times(days)}

    item = {"external_id": "u2", "product_id": "p", "currency": "EUR", "price": 2}
    body = {
        "attributes": [
            {"external_id": "u1", "country": "DE", "renews": times(5), "email": "a@example.com"},
            {"external_id": "u2", "country": "FR", "renews": times(15)},
            {
                "external_id": "u3",
                "car": {"wheels": [{"size": 17}]},
                "email": "c@example.com",
                "email_subscribe": "unsubscribed",
                "date_of_last_session": "2020-06-01",
            },
        ],
        "events": [seen("u1", -1), seen("u1", -10), seen("u2", -20)],
        "purchases": [{**item, "time": times(-1), "quantity": 3}],
    }
    assert sandbox.post("/users/track", body).status == 201

    assert members(sandbox, condition) == expected


def test_a_segment_can_name_a_segment_once(sandbox: RunningSandbox) -> None:
    fill(sandbox)
    inner = sandbox.add_segment("inner", attribute("vip", "equals", True))

    outer = {"segment": {"segment_id": inner, "comparison": "is_not"}}

    assert members(sandbox, outer) == ["u2", "u3", "u4"]
    middle = sandbox.add_segment("middle", {"segment": {"segment_id": inner}})
    with pytest.raises(SandboxCallError, match="cannot be named by another"):
        sandbox.add_segment("outer", {"segment": {"segment_id": middle}})
