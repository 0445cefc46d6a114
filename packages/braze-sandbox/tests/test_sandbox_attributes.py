from typing import Any

import pytest

from braze_sandbox.testing import RunningSandbox


def write(sandbox: RunningSandbox, **attributes: Any) -> None:
    answer = sandbox.post("/users/track", {"attributes": [{"external_id": "u1", **attributes}]})
    assert answer.status == 201, answer.text


def custom(sandbox: RunningSandbox) -> dict[str, Any]:
    user = sandbox.user("u1")
    assert user is not None
    attributes: dict[str, Any] = user["custom_attributes"]
    return attributes


def fields(sandbox: RunningSandbox) -> dict[str, Any]:
    user = sandbox.user("u1")
    assert user is not None
    found: dict[str, Any] = user["fields"]
    return found


def notices(sandbox: RunningSandbox) -> list[tuple[str, str]]:
    lines = sandbox.call("GET", "/notices")["notices"]
    return [(line["attribute"], line["reason"]) for line in lines]


def test_an_array_keeps_first_occurrences(sandbox: RunningSandbox) -> None:
    write(sandbox, food=["hotdog", "hotdog", "hotdog", "pizza"])

    assert custom(sandbox)["food"] == ["hotdog", "pizza"]


def test_adding_what_is_there_moves_it_to_the_end(sandbox: RunningSandbox) -> None:
    write(sandbox, food=["hotdog", "pizza"])

    write(sandbox, food={"add": ["hotdog"]})

    assert custom(sandbox)["food"] == ["pizza", "hotdog"]


def test_one_object_may_add_and_remove(sandbox: RunningSandbox) -> None:
    write(sandbox, lytics_segments={"add": ["all", "new"]})

    write(sandbox, lytics_segments={"add": ["known"], "remove": ["new", "never_there"]})

    assert custom(sandbox)["lytics_segments"] == ["all", "known"]


def test_removing_the_last_value_leaves_an_empty_array(sandbox: RunningSandbox) -> None:
    write(sandbox, food=["pizza"])

    write(sandbox, food={"remove": ["pizza"]})

    assert custom(sandbox)["food"] == []


def test_removing_from_nothing_makes_no_array(sandbox: RunningSandbox) -> None:
    write(sandbox, food={"remove": ["pizza"]})

    assert custom(sandbox) == {}


def test_an_array_drops_its_oldest_values_above_500(sandbox: RunningSandbox) -> None:
    write(sandbox, seen=[f"v{n}" for n in range(500)])

    write(sandbox, seen={"add": ["v500", "v501"]})

    assert custom(sandbox)["seen"] == [f"v{n}" for n in range(2, 502)]


def test_older_contracts_hold_25_values(sandbox: RunningSandbox) -> None:
    sandbox.set(array_elements=25)

    write(sandbox, seen=[str(n) for n in range(30)])

    assert custom(sandbox)["seen"] == [str(n) for n in range(5, 30)]


def test_an_array_drops_its_oldest_values_above_its_bytes(sandbox: RunningSandbox) -> None:
    sandbox.set(array_bytes=10)

    write(sandbox, seen=["aaaa", "bbbb", "cccc"])

    assert custom(sandbox)["seen"] == ["bbbb", "cccc"]


def test_numbers_booleans_and_strings_are_different_values(sandbox: RunningSandbox) -> None:
    write(sandbox, mix=[1, True, "1", 1.0])

    assert custom(sandbox)["mix"] == [1, True, "1"]


def test_null_removes_an_attribute(sandbox: RunningSandbox) -> None:
    write(sandbox, colour="blue", first_name="Ada")

    write(sandbox, colour=None, first_name=None)

    assert custom(sandbox) == {}
    assert fields(sandbox) == {}


def test_null_does_not_remove_the_external_id(sandbox: RunningSandbox) -> None:
    write(sandbox, x=1)
    braze_id = sandbox.users()[0]["braze_id"]

    item = {"braze_id": braze_id, "external_id": None, "x": 2}
    sandbox.post("/users/track", {"attributes": [item]})

    assert custom(sandbox) == {"x": 2}


@pytest.mark.parametrize(("before", "step", "after"), [(5, 2, 7), (5, -7, -2), (None, 3, 3)])
def test_inc_adds_to_an_integer(
    sandbox: RunningSandbox, before: int | None, step: int, after: int
) -> None:
    write(sandbox, n=before)

    write(sandbox, n={"inc": step})

    assert custom(sandbox)["n"] == after


@pytest.mark.parametrize(("before", "step"), [(1.5, 1), (1, 1.5), (1, "1"), ("a", 1)])
def test_inc_of_anything_else_is_dropped(sandbox: RunningSandbox, before: Any, step: Any) -> None:
    write(sandbox, n=before)

    write(sandbox, n={"inc": step})

    assert custom(sandbox)["n"] == before
    assert notices(sandbox)[0][0] == "n"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("text", 1),
        (1, "text"),
        (True, 1),
        (["a"], "a"),
        ("a", ["a"]),
        ("a", {"add": ["a"]}),
        ({"k": 1}, ["a"]),
        ("2020-01-01", "no date"),
    ],
)
def test_a_value_of_another_type_is_dropped(
    sandbox: RunningSandbox, first: Any, second: Any
) -> None:
    write(sandbox, a=first)
    before = custom(sandbox)["a"]

    write(sandbox, a=second, b="kept")

    assert custom(sandbox) == {"a": before, "b": "kept"}
    assert notices(sandbox)[0][0] == "a"


def test_the_type_holds_for_all_users(sandbox: RunningSandbox) -> None:
    write(sandbox, age=30)

    sandbox.post("/users/track", {"attributes": [{"external_id": "u2", "age": "thirty"}]})

    user = sandbox.user("u2")
    assert user is not None
    assert user["custom_attributes"] == {}


def test_integers_and_decimals_are_both_numbers(sandbox: RunningSandbox) -> None:
    write(sandbox, score=1)

    write(sandbox, score=1.5)

    assert custom(sandbox)["score"] == 1.5


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("2020-06-10", "2020-06-10T00:00:00.000Z"),
        ("2020-06-10T12:30:00+02:00", "2020-06-10T10:30:00.000Z"),
        ("2020-06-10T12:30:00:250Z", "2020-06-10T12:30:00.250Z"),
        ("2020-06-10 12:30:00", "2020-06-10T12:30:00.000Z"),
        ("06/10/2020", "2020-06-10T00:00:00.000Z"),
        ("Wed 06 10 12:30:00.+0200 2020", "2020-06-10T10:30:00.000Z"),
        ("3020-06-10", "3020-06-10"),
        ("20200610", "20200610"),
        ("10.06.2020", "10.06.2020"),
        ("2020-13-45", "2020-13-45"),
    ],
)
def test_dates_in_braze_formats_become_times(
    sandbox: RunningSandbox, text: str, stored: str
) -> None:
    write(sandbox, when=text)

    assert custom(sandbox)["when"] == stored


def test_a_string_attribute_keeps_a_date_as_text(sandbox: RunningSandbox) -> None:
    write(sandbox, note="hello")

    write(sandbox, note="2020-06-10")

    assert custom(sandbox)["note"] == "2020-06-10"


def test_long_strings_and_names_are_cut_at_255_characters(sandbox: RunningSandbox) -> None:
    write(sandbox, **{"n" * 300: "v" * 300})

    assert custom(sandbox) == {"n" * 255: "v" * 255}


def test_names_are_case_sensitive(sandbox: RunningSandbox) -> None:
    write(sandbox, First_name="Ada")

    assert fields(sandbox) == {}
    assert custom(sandbox) == {"First_name": "Ada"}


def test_standard_fields_are_kept_apart_from_custom_attributes(sandbox: RunningSandbox) -> None:
    standard = {
        "first_name": "Ada",
        "last_name": "Example",
        "email": "ada@example.com",
        "phone": "+15550100",
        "home_city": "Lisbon",
        "country": "PT",
        "language": "pt",
        "gender": "F",
        "dob": "1980-12-21",
        "time_zone": "Europe/Lisbon",
        "email_subscribe": "opted_in",
        "push_subscribe": "unsubscribed",
        "current_location": {"longitude": -9.1, "latitude": 38.7},
    }

    write(sandbox, **standard, plan="gold", bio="ignored")

    assert fields(sandbox) == standard
    assert custom(sandbox) == {"plan": "gold"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("country", "Portugal"),
        ("language", "Portuguese"),
        ("gender", "female"),
        ("dob", "21.12.1980"),
        ("time_zone", "Lisbon time"),
        ("first_name", 5),
    ],
)
def test_unfit_standard_values_are_ignored(sandbox: RunningSandbox, name: str, value: Any) -> None:
    write(sandbox, **{name: value}, last_name="Example")

    assert fields(sandbox) == {"last_name": "Example"}
    assert notices(sandbox)[0][0] == name


def test_rails_time_zone_names_are_accepted(sandbox: RunningSandbox) -> None:
    write(sandbox, time_zone="Eastern Time (US & Canada)")

    assert fields(sandbox)["time_zone"] == "Eastern Time (US & Canada)"


def test_a_subscription_group_changes_for_everybody_with_the_same_email(
    sandbox: RunningSandbox,
) -> None:
    group = "7c1bd2a6-6b0f-4f0e-9d0e-0f6f0d1f7f11"
    body = {"attributes": [{"external_id": f"u{n}", "email": "a@example.com"} for n in (1, 2)]}
    sandbox.post("/users/track", body)

    state = {"subscription_group_id": group, "subscription_state": "unsubscribed"}
    write(sandbox, subscription_groups=[state])

    assert [u["subscription_groups"] for u in sandbox.users()] == [{group: "unsubscribed"}] * 2


def test_every_write_costs_a_data_point_even_an_unchanged_one(sandbox: RunningSandbox) -> None:
    for _ in range(3):
        write(sandbox, plan="gold", first_name="Ada")

    lines = sandbox.call("GET", "/data_points")["lines"]
    assert {(line["kind"], line["name"], line["points"]) for line in lines} == {
        ("attribute", "plan", 3),
        ("attribute", "first_name", 3),
    }


def test_subscription_states_and_push_tokens_cost_nothing(sandbox: RunningSandbox) -> None:
    token = {"app_id": "app", "token": "t"}
    write(sandbox, email_subscribe="unsubscribed", push_subscribe="opted_in", push_tokens=[token])
    write(sandbox, email_subscribe=None)

    assert sandbox.data_points() == 0


def test_data_points_are_counted_for_each_key(sandbox: RunningSandbox) -> None:
    other = sandbox.add_key(name="partner")
    write(sandbox, plan="gold")
    body = {"attributes": [{"external_id": "u1", "plan": "blue"}]}
    sandbox.post("/users/track", body, key=other)

    lines = sandbox.call("GET", "/data_points")["lines"]

    assert sorted(line["key_name"] for line in lines) == ["key sandbox-", "partner"]
