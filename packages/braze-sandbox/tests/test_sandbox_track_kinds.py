"""The two calls beside /users/track: in bulk, and in step."""

from typing import Any

import pytest

from braze_sandbox.testing import RunningSandbox

EVENT = {"external_id": "u1", "name": "e", "time": "2020-01-01"}


def test_bulk_takes_a_thousand_objects(sandbox: RunningSandbox) -> None:
    items = [{"external_id": f"u{n}", "x": n} for n in range(1000)]

    answer = sandbox.post("/users/track/bulk", {"attributes": items})

    assert (answer.status, answer.json()) == (
        201,
        {"attributes_processed": 1000, "message": "success"},
    )
    assert sandbox.count_users() == 1000
    assert sandbox.post("/users/track/bulk", {"attributes": [*items, {}]}).status == 400


def test_bulk_takes_a_hundred_objects_for_one_user(sandbox: RunningSandbox) -> None:
    assert sandbox.post("/users/track/bulk", {"events": [EVENT] * 100}).status == 201

    answer = sandbox.post("/users/track/bulk", {"events": [EVENT] * 101})

    assert answer.status == 400
    assert "100 objects for one user" in answer.json()["message"]


def test_bulk_answers_400_above_two_megabytes(sandbox: RunningSandbox) -> None:
    item = {"external_id": "u1", "x": "y" * 2 * 1024 * 1024}

    assert sandbox.post("/users/track/bulk", {"attributes": [item]}).status == 400


def test_bulk_waits_in_the_queue_in_its_turn(sandbox: RunningSandbox) -> None:
    sandbox.set(maintenance=True)
    sandbox.post("/users/track", {"attributes": [{"external_id": "u1", "x": 1}]})
    answer = sandbox.post("/users/track/bulk", {"attributes": [{"external_id": "u1", "x": 2}] * 90})
    assert (answer.status, answer.json()) == (202, {"message": "queued"})

    assert sandbox.drain() == 2

    user = sandbox.user("u1")
    assert user is not None
    assert user["custom_attributes"] == {"x": 2}


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (
            {"attributes": [{"external_id": "u1", "first_name": "A", "tags": {"add": ["a"]}}]},
            {"external_id": "u1", "custom_attributes": {"tags": ["a"]}},
        ),
        (
            {"events": [EVENT]},
            {
                "external_id": "u1",
                "custom_events": [
                    {
                        "name": "e",
                        "first": "2020-01-01T00:00:00.000Z",
                        "last": "2020-01-01T00:00:00.000Z",
                        "count": 1,
                    }
                ],
            },
        ),
    ],
)
def test_sync_shows_what_it_changed(
    sandbox: RunningSandbox, body: dict[str, Any], shown: dict[str, Any]
) -> None:
    # The lag holds for what is queued, not for a call that waits for its own work.
    sandbox.set(processing_lag_seconds=60)

    answer = sandbox.post("/users/track/sync", body)

    assert (answer.status, answer.json()) == (201, {"users": [shown], "message": "success"})


def test_sync_takes_one_object(sandbox: RunningSandbox) -> None:
    assert sandbox.post("/users/track/sync", {"events": [EVENT, EVENT]}).status == 400


def test_sync_shows_nobody_if_nobody_may_be_created(sandbox: RunningSandbox) -> None:
    item = {"external_id": "u1", "x": 1, "_update_existing_only": True}

    assert sandbox.post("/users/track/sync", {"attributes": [item]}).json()["users"] == []
