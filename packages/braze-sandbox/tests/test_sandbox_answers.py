import json
from typing import Any

import pytest

from braze_sandbox.testing import RunningSandbox

ATTRIBUTE = {"external_id": "u1", "x": 1}
EVENT = {"external_id": "u1", "name": "e", "time": "2020-01-01"}
PURCHASE = {
    "external_id": "u1",
    "product_id": 1,
    "currency": "CAD",
    "price": 1.0,
    "time": "2019-02-15 00:00:00 -0500",
}


def test_success_counts_each_array_sent_in_the_recorded_order(sandbox: RunningSandbox) -> None:
    body = {"purchases": [PURCHASE], "events": [EVENT], "attributes": [ATTRIBUTE]}

    answer = sandbox.post("/users/track", body)

    assert answer.status == 201
    assert answer.headers["content-type"] == "application/json"
    assert answer.text == (
        '{"attributes_processed":1,"events_processed":1,"purchases_processed":1,'
        '"message":"success"}'
    )


def test_bad_objects_are_skipped_and_reported_by_their_place(sandbox: RunningSandbox) -> None:
    body = {"attributes": [ATTRIBUTE, {"x": 1}], "events": [EVENT, 5]}

    answer = sandbox.post("/users/track", body)

    assert answer.status == 201
    shown = answer.json()
    assert list(shown) == ["attributes_processed", "events_processed", "message", "errors"]
    assert (shown["attributes_processed"], shown["events_processed"]) == (1, 1)
    assert [(e["input_array"], e["index"]) for e in shown["errors"]] == [
        ("attributes", 1),
        ("events", 1),
    ]


def test_all_bad_is_400_with_the_errors(sandbox: RunningSandbox) -> None:
    answer = sandbox.post("/users/track", {"attributes": [{"x": 1}]})

    assert answer.status == 400
    shown = answer.json()
    assert list(shown) == ["message", "errors"]
    assert shown["message"] == (
        "Valid data must be provided in the 'attributes', 'events', or 'purchases' fields."
    )


@pytest.mark.parametrize("body", [{}, {"attributes": []}, {"attributes": {}}, [], "x", None])
def test_no_data_is_400(sandbox: RunningSandbox, body: Any) -> None:
    answer = sandbox.post("/users/track", body)

    assert answer.status == 400
    assert answer.json()["message"].startswith("Valid data must be provided")


def test_no_json_is_400(sandbox: RunningSandbox) -> None:
    assert sandbox.post("/users/track", b"{nope").status == 400


@pytest.mark.parametrize(
    ("item", "code"),
    [
        ({"email": "nobody"}, "EMAIL_BAD_FORMAT"),
        ({"email_subscribe": "yes"}, "BAD_EMAIL_SUBSCRIPTION_STATE"),
        ({"push_subscribe": "yes"}, "BAD_PUSH_SUBSCRIPTION_STATE"),
        ({"current_location": {"longitude": 1}}, "BAD_LOCATION_UPDATE"),
        ({"current_location": {"longitude": "1", "latitude": 2}}, "BAD_LOCATION_UPDATE"),
        ({"subscription_groups": {}}, "BAD_SUBSCRIPTION_GROUP_ARRAY"),
        ({"subscription_groups": [{}]}, "BAD_SUBSCRIPTION_GROUP_HASH"),
        (
            {"subscription_groups": [{"subscription_group_id": "x", "subscription_state": "y"}]},
            "BAD_SUBSCRIPTION_GROUP_ID",
        ),
        (
            {
                "subscription_groups": [
                    {
                        "subscription_group_id": "7c1bd2a6-6b0f-4f0e-9d0e-0f6f0d1f7f11",
                        "subscription_state": "maybe",
                    }
                ]
            },
            "BAD_SUBSCRIPTION_GROUP_STATE",
        ),
        ({"push_tokens": "t"}, "BAD_PUSH_TOKEN_VALUE"),
        ({"push_tokens": [{"app_id": "a", "token": 1}]}, "BAD_PUSH_TOKEN_STRING"),
        ({"push_tokens": [{"token": "t"}]}, "BAD_PUSH_TOKEN_APP_ID"),
        (
            {"push_tokens": [{"app_id": "a", "token": "t", "device_id": "short"}]},
            "BAD_DEVICE_ID",
        ),
        ({"push_token_import": True}, "BAD_PUSH_TOKEN_IMPORT"),
        ({"email_subscription_info": {}}, "INVALID_ATTRIBUTE_EMAIL_SUBSCRIPTION_INFO"),
        ({"external_id": "x" * 988}, "EXTERNAL_USER_ID_TOO_LARGE"),
    ],
)
def test_error_types_can_be_codes_or_sentences(
    sandbox: RunningSandbox, item: dict[str, Any], code: str
) -> None:
    body = {"attributes": [{"external_id": "u1", **item}]}
    sentence = sandbox.post("/users/track", body).json()["errors"][0]["type"]

    sandbox.set(error_types="code")
    shown = sandbox.post("/users/track", body).json()["errors"][0]["type"]

    assert shown == code
    assert " " in sentence


def test_75_objects_together_are_the_most(sandbox: RunningSandbox) -> None:
    full = {"attributes": [ATTRIBUTE] * 40, "events": [EVENT] * 35}
    assert sandbox.post("/users/track", full).status == 201

    answer = sandbox.post("/users/track", {**full, "purchases": [PURCHASE]})

    assert answer.status == 400
    assert answer.json() == {"message": "Max Input Length Exceeded"}


def test_legacy_contracts_count_75_in_each_array(sandbox: RunningSandbox) -> None:
    sandbox.set(track_objects_counted="each_array")
    full = {"attributes": [ATTRIBUTE] * 75, "events": [EVENT] * 75, "purchases": [PURCHASE] * 75}

    assert sandbox.post("/users/track", full).status == 201
    assert sandbox.post("/users/track", {"attributes": [ATTRIBUTE] * 76}).status == 400


def test_other_contracts_allow_50_objects(sandbox: RunningSandbox) -> None:
    sandbox.set(track_objects=50)

    assert sandbox.post("/users/track", {"attributes": [ATTRIBUTE] * 51}).status == 400


def test_a_body_above_4_megabytes_is_413(sandbox: RunningSandbox) -> None:
    body = json.dumps({"attributes": [{"external_id": "u1", "x": "y" * 4 * 1024 * 1024}]})

    answer = sandbox.post("/users/track", body.encode())

    assert answer.status == 413
    assert answer.json() == {"message": "Request Entity Too Large"}


@pytest.mark.parametrize(
    "body",
    [b"{", b'{"attributes":[{"x":NaN}]}', b"x" * 5 * 1024 * 1024],
    ids=["cut off", "no number", "too large"],
)
def test_a_body_that_cannot_be_read_counts_on_the_limit(
    sandbox: RunningSandbox, body: bytes
) -> None:
    sandbox.set(limits={"users.track": "2/h"})

    answer = sandbox.post("/users/track", body)

    assert answer.status in (400, 413)
    assert answer.headers["x-ratelimit-limit"] == "2"
    assert answer.headers["x-ratelimit-remaining"] == "1"
    assert answer.headers["x-ratelimit-reset"].isdecimal()


def test_an_unknown_path_is_404(sandbox: RunningSandbox) -> None:
    answer = sandbox.post("/users/tracked", {})

    assert answer.status == 404
    assert answer.json() == {"message": "Not Found"}


def test_maintenance_answers_queued_and_processes_later(sandbox: RunningSandbox) -> None:
    sandbox.set(maintenance=True)

    answer = sandbox.post("/users/track", {"attributes": [ATTRIBUTE]})

    assert (answer.status, answer.json()) == (202, {"message": "queued"})
    assert sandbox.count_users() == 0
    sandbox.set(maintenance=False)
    assert sandbox.drain() in (0, 1)
    assert sandbox.count_users() == 1


def test_a_blackhole_validates_and_keeps_nothing(sandbox: RunningSandbox) -> None:
    sandbox.set(blackhole=True)

    good = sandbox.post("/users/track", {"attributes": [ATTRIBUTE]})
    bad = sandbox.post("/users/track", {"attributes": [{}]})

    assert good.json() == {"attributes_processed": 1, "message": "success"}
    assert bad.status == 400
    assert sandbox.count_users() == 0
    assert sandbox.count_requests("/users/track") == 2
