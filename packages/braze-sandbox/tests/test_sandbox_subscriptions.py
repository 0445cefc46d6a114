"""Subscription groups with the e-mail subscription as a whole."""

from typing import Any

import pytest

from braze_sandbox.testing import RunningSandbox

GROUP = "7c1bd2a6-6b0f-4f0e-9d0e-0f6f0d1f7f11"


@pytest.fixture(autouse=True)
def _users(sandbox: RunningSandbox) -> None:
    items = [
        {"external_id": "u1", "email": "shared@example.com"},
        {"external_id": "u2", "email": "shared@example.com"},
        {"external_id": "u3", "phone": "+4915112345678"},
    ]
    sandbox.post("/users/track", {"attributes": items})


def set_status(sandbox: RunningSandbox, state: str = "subscribed", **who: Any) -> Any:
    body = {"subscription_group_id": GROUP, "subscription_state": state, **who}
    return sandbox.post("/subscription/status/set", body)


def status(sandbox: RunningSandbox, **who: Any) -> Any:
    return sandbox.get("/subscription/status/get", subscription_group_id=GROUP, **who).json()


def test_the_state_of_users_in_a_group_is_set_and_read(sandbox: RunningSandbox) -> None:
    answer = set_status(sandbox, external_id=["u1"])
    set_status(sandbox, "unsubscribed", external_id="u2")

    assert (answer.status, answer.json()) == (201, {"message": "success"})
    shown = status(sandbox, external_id=["u1", "u2", "u3", "nobody"])
    assert shown == {
        "status": {
            "u1": "Subscribed",
            "u2": "Unsubscribed",
            "u3": "unknown",
            "nobody": "unknown",
        },
        "message": "success",
    }


def test_an_email_means_every_user_that_has_it(sandbox: RunningSandbox) -> None:
    set_status(sandbox, email=["shared@example.com"])

    assert status(sandbox, external_id=["u1", "u2"])["status"] == {
        "u1": "Subscribed",
        "u2": "Subscribed",
    }


def test_version_two_sets_several_groups(sandbox: RunningSandbox) -> None:
    group = {"subscription_group_id": GROUP, "subscription_state": "subscribed"}
    items = [{**group, "external_ids": ["u1"]}, {**group, "phones": ["+4915112345678"]}]

    answer = sandbox.post("/v2/subscription/status/set", {"subscription_groups": items})

    assert (answer.status, answer.json()) == (201, {"message": "success"})
    assert status(sandbox, external_id=["u1", "u3"])["status"] == {
        "u1": "Subscribed",
        "u3": "Subscribed",
    }


def test_once_groups_are_defined_the_others_are_unknown(sandbox: RunningSandbox) -> None:
    made = sandbox.call("POST", "/subscription_groups", {"name": "News", "id": GROUP})
    assert made["channel"] == "email"
    set_status(sandbox, external_id="u1")

    other = {"subscription_group_id": "ed06e19a-69b1-4f9b-a452-2db2c4e303a8"}
    answer = sandbox.post(
        "/subscription/status/set",
        {**other, "subscription_state": "subscribed", "external_id": "u1"},
    )

    assert (answer.status, answer.json()) == (400, {"message": "Invalid subscription group ID"})
    users = sandbox.get("/subscription/user/status", external_id=["u1", "u3"]).json()
    assert users["total_count"] == 2
    assert users["users"][0]["subscription_groups"] == [
        {"id": GROUP, "name": "News", "channel": "email", "status": "Subscribed"}
    ]
    assert users["users"][1]["email"] is None


@pytest.mark.parametrize(
    ("who", "message"),
    [
        (
            {"email": "a@example.com", "phone": "+1"},
            "Either an email address or a phone number should be provided, but not both.",
        ),
        ({"subscription_group_id": "x", "external_id": "u1"}, "Invalid subscription group ID"),
        ({"external_id": ["u1"] * 51}, "The max number of ids per request was exceeded"),
        ({}, "'external_id', 'email' or 'phone' is required"),
    ],
)
def test_an_unfit_status_is_refused(
    sandbox: RunningSandbox, who: dict[str, Any], message: str
) -> None:
    answer = set_status(sandbox, **who)

    assert (answer.status, answer.json()) == (400, {"message": message})


def test_an_email_address_is_unsubscribed_and_listed(sandbox: RunningSandbox) -> None:
    body = {"email": "shared@example.com", "subscription_state": "unsubscribed"}

    assert sandbox.post("/email/status", body).json() == {"message": "success"}

    fields = [user["fields"].get("email_subscribe") for user in sandbox.users()]
    assert fields == ["unsubscribed", "unsubscribed", None]
    today = sandbox.users()[0]["updated_at"][:10]
    shown = sandbox.get("/email/unsubscribes", start_date=today, end_date=today).json()
    assert [line["email"] for line in shown["emails"]] == ["shared@example.com"] * 2
    earlier = sandbox.get("/email/unsubscribes", start_date="2020-01-01", end_date="2020-02-01")
    assert earlier.json() == {"emails": [], "message": "success"}


def test_an_address_is_taken_off_the_spam_list(sandbox: RunningSandbox) -> None:
    item = {"external_id": "u1", "marked_email_as_spam_at": "2020-01-01"}
    sandbox.post("/users/track", {"attributes": [item]})

    sandbox.post("/email/spam/remove", {"email": ["shared@example.com"]})

    user = sandbox.user("u1")
    assert user is not None
    assert "marked_email_as_spam_at" not in user["fields"]
