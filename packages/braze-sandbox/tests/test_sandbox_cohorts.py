"""Cohorts that partners import."""

from typing import Any

import pytest

from braze_sandbox.testing import Answer, RunningSandbox

KEYS = {"partner_api_key": "partner-key", "client_secret": "import-key"}


@pytest.fixture(autouse=True)
def _partner(sandbox: RunningSandbox) -> None:
    sandbox.call("POST", "/partners", {"name": "acme", **KEYS})
    items = [
        {"external_id": "u1"},
        {"external_id": "u2"},
        {
            "user_alias": {"alias_name": "a", "alias_label": "web"},
            "_update_existing_only": False,
        },
    ]
    sandbox.post("/users/track", {"attributes": items})


def name(sandbox: RunningSandbox, **body: Any) -> Answer:
    return sandbox.post("/partners/acme/cohorts", {**KEYS, "cohort_id": "c1", **body})


def change(sandbox: RunningSandbox, *changes: dict[str, Any], **body: Any) -> Answer:
    request = {**KEYS, "cohort_id": "c1", "cohort_changes": changes, **body}
    return sandbox.post("/partners/acme/cohorts/users", request)


def members(sandbox: RunningSandbox) -> list[str | None]:
    condition = {"cohort": {"partner": "acme", "cohort_id": "c1"}}
    segment = sandbox.add_segment("s", condition)
    return [user["external_id"] for user in sandbox.users(segment=segment)]


def test_users_enter_and_leave_a_cohort(sandbox: RunningSandbox) -> None:
    answer = name(sandbox, name="Big spenders", created_at="2026-01-01T00:00:00Z")
    assert (answer.status, answer.json()) == (201, {"message": "success"})
    assert answer.headers["x-ratelimit-limit"] == "250000"

    alias = {"alias_name": "a", "alias_label": "web"}
    change(sandbox, {"user_ids": ["u1", "u2", "unknown"], "aliases": [alias]})
    assert members(sandbox) == ["u1", "u2", None]

    change(sandbox, {"user_ids": ["u1"], "should_remove": True})
    assert members(sandbox) == ["u2", None]
    (cohort,) = sandbox.call("GET", "/cohorts")["cohorts"]
    assert (cohort["name"], cohort["users"]) == ("Big spenders", 2)


def test_a_device_that_came_with_a_push_token_names_its_user(sandbox: RunningSandbox) -> None:
    token = {"app_id": "app", "token": "t1", "device_id": "device-0001"}
    attributes = [{"external_id": "u2", "push_tokens": [token]}]
    assert sandbox.post("/users/track", {"attributes": attributes}).status == 201

    change(sandbox, {"device_ids": ["device-0001", "device-0002"]})
    assert members(sandbox) == ["u2"]

    change(sandbox, {"device_ids": ["device-0001"], "should_remove": True})
    assert members(sandbox) == []


def test_assigning_costs_a_data_point_and_removing_none(sandbox: RunningSandbox) -> None:
    before = sandbox.data_points()

    change(sandbox, {"user_ids": ["u1", "u2"]})
    change(sandbox, {"user_ids": ["u1"], "should_remove": True})

    assert sandbox.data_points() == before + 2


def test_membership_stands_not_on_the_profile(sandbox: RunningSandbox) -> None:
    change(sandbox, {"user_ids": ["u1"]})

    (user,) = sandbox.post("/users/export/ids", {"external_ids": ["u1"]}).json()["users"]

    assert "cohort" not in str(user)


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ({"client_secret": "other"}, 401, "Invalid client secret"),
        ({"partner_api_key": "other"}, 401, "Invalid Partner API key"),
        ({"cohort_id": 1}, 400, "cohort_id must be a valid string"),
        ({"cohort_changes": {}}, 400, "cohort_changes must be an array of objects"),
        (
            {"cohort_changes": [{"user_ids": ["u"] * 1000, "device_ids": ["d"]}]},
            400,
            "Only 1,000 user_ids, device_ids, and aliases are allowed per request",
        ),
    ],
)
def test_an_unfit_change_is_refused(
    sandbox: RunningSandbox, body: dict[str, Any], status: int, message: str
) -> None:
    answer = change(sandbox, {"user_ids": ["u1"]}, **body)

    assert (answer.status, answer.json()) == (status, {"message": message})
    assert members(sandbox) == []


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "name must be a non-empty string"),
        ({"name": "n", "created_at": "soon"}, "created_at must be a valid time"),
    ],
)
def test_an_unfit_name_is_refused(
    sandbox: RunningSandbox, body: dict[str, Any], message: str
) -> None:
    answer = name(sandbox, **body)

    assert (answer.status, answer.json()) == (400, {"message": message})


def test_a_secret_of_another_partner_does_not_open(sandbox: RunningSandbox) -> None:
    body = {**KEYS, "cohort_id": "c1", "name": "n"}

    answer = sandbox.post("/partners/other/cohorts", body)

    assert answer.status == 401
    assert answer.json()["message"].startswith("Partner not enabled for client")


def test_a_locked_cohort_can_be_ordered(sandbox: RunningSandbox) -> None:
    sandbox.fail(path="/partners/", status=423, body={"message": "Resource locked"})

    answer = change(sandbox, {"user_ids": ["u1"]})

    assert (answer.status, answer.json()) == (423, {"message": "Resource locked"})
    assert change(sandbox, {"user_ids": ["u1"]}).status == 201


def test_a_change_waits_in_the_queue(sandbox: RunningSandbox) -> None:
    sandbox.set(processing_lag_seconds=60)
    change(sandbox, {"user_ids": ["u1"]})
    assert members(sandbox) == []

    assert sandbox.drain("cohort_users") == 1

    assert members(sandbox) == ["u1"]
