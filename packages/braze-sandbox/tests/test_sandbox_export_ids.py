from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from braze_sandbox.testing import RunningSandbox

ALIAS = {"alias_name": "a1", "alias_label": "shop"}


def fill(sandbox: RunningSandbox) -> None:
    items = [
        {"external_id": "u1", "first_name": "Ada", "email": "a@example.com", "groups": []},
        {"external_id": "u2", "dob": "1980-12-21", "phone": "+15550100"},
        {"user_alias": ALIAS, "_update_existing_only": False, "email": "a@example.com"},
    ]
    assert sandbox.post("/users/track", {"attributes": items}).status == 201


def export(sandbox: RunningSandbox, **body: Any) -> Any:
    answer = sandbox.post("/users/export/ids", body)
    assert answer.status == 201, answer.text
    return answer.json()


def test_users_come_in_the_order_asked_with_unknown_ids_apart(sandbox: RunningSandbox) -> None:
    fill(sandbox)

    shown = export(sandbox, external_ids=["u2", "nobody", "u1", "u2"])

    assert list(shown) == ["users", "invalid_user_ids", "message"]
    assert [user["external_id"] for user in shown["users"]] == ["u2", "u1"]
    assert shown["invalid_user_ids"] == ["nobody"]
    assert shown["message"] == "success"


def test_without_unknown_ids_the_key_is_left_out(sandbox: RunningSandbox) -> None:
    fill(sandbox)

    assert list(export(sandbox, external_ids=["u1"])) == ["users", "message"]


def test_fields_have_the_recorded_order_and_empty_ones_are_left_out(
    sandbox: RunningSandbox,
) -> None:
    fill(sandbox)

    (user,) = export(sandbox, external_ids=["u1"])["users"]

    assert list(user) == [
        "created_at",
        "external_id",
        "user_aliases",
        "appboy_id",
        "braze_id",
        "first_name",
        "random_bucket",
        "email",
        "custom_attributes",
        "total_revenue",
        "push_subscribe",
        "email_subscribe",
    ]
    assert user["appboy_id"] == user["braze_id"]
    assert user["user_aliases"] == []
    assert user["custom_attributes"] == {"groups": []}
    assert user["email_subscribe"] == "subscribed"


def test_a_date_of_birth_is_shown_as_midnight(sandbox: RunningSandbox) -> None:
    fill(sandbox)

    (user,) = export(sandbox, external_ids=["u2"])["users"]

    assert user["dob"] == "1980-12-21T00:00:00.000Z"


def test_fields_to_export_limits_the_answer(sandbox: RunningSandbox) -> None:
    fill(sandbox)

    shown = export(sandbox, external_ids=["u1"], fields_to_export=["external_id", "dob", "email"])

    assert shown["users"] == [{"external_id": "u1", "email": "a@example.com"}]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({"user_aliases": [ALIAS]}, [None]),
        ({"email_address": "A@EXAMPLE.com"}, ["u1", None]),
        ({"phone": "+15550100"}, ["u2"]),
        ({"external_ids": ["u2"], "user_aliases": [ALIAS]}, ["u2", None]),
        ({"device_id": "d"}, []),
    ],
)
def test_users_are_found_by_every_identifier(
    sandbox: RunningSandbox, body: dict[str, Any], found: list[str | None]
) -> None:
    fill(sandbox)

    shown = export(sandbox, **body)

    assert [user.get("external_id") for user in shown["users"]] == found


def test_a_user_is_found_by_its_braze_id(sandbox: RunningSandbox) -> None:
    fill(sandbox)
    braze_id = sandbox.users()[1]["braze_id"]

    (user,) = export(sandbox, braze_id=braze_id)["users"]

    assert user["external_id"] == "u2"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"external_ids": "u1"},
        {"email_address": "a@example.com", "phone": "1"},
        {"external_ids": [str(n) for n in range(51)]},
    ],
)
def test_unfit_requests_are_400(sandbox: RunningSandbox, body: dict[str, Any]) -> None:
    assert sandbox.post("/users/export/ids", body).status == 400


def test_newer_accounts_must_name_the_fields(sandbox: RunningSandbox) -> None:
    sandbox.set(require_fields_to_export=True)

    assert sandbox.post("/users/export/ids", {"external_ids": ["u1"]}).status == 400


def test_leaving_out_the_slow_fields_widens_the_limit(sandbox: RunningSandbox) -> None:
    wide = sandbox.post("/users/export/ids", {"external_ids": ["u1"]})
    narrow = sandbox.post(
        "/users/export/ids", {"external_ids": ["u1"], "fields_to_export": ["email"]}
    )

    assert wide.headers["x-ratelimit-limit"] == "250"
    assert narrow.headers["x-ratelimit-limit"] == "40"


def test_what_was_done_long_ago_is_left_out_and_counts_are_all_time(
    sandbox: RunningSandbox,
) -> None:
    now = datetime.now(UTC)
    ages = {"old": [91, 400], "mixed": [400, 1]}
    events = [
        {"external_id": "u1", "name": name, "time": (now - timedelta(days=days)).isoformat()}
        for name, all_days in ages.items()
        for days in all_days
    ]
    bought = {"external_id": "u1", "product_id": "p", "currency": "EUR", "price": 2}
    purchase = {**bought, "time": (now - timedelta(days=200)).isoformat()}
    assert sandbox.post("/users/track", {"events": events, "purchases": [purchase]}).status == 201

    (user,) = export(sandbox, external_ids=["u1"])["users"]

    assert [(event["name"], event["count"]) for event in user["custom_events"]] == [("mixed", 2)]
    assert user["custom_events"][0]["first"][:10] == f"{now - timedelta(days=400):%Y-%m-%d}"
    assert "purchases" not in user
    assert user["total_revenue"] == 2
