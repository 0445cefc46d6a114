import time
from typing import Any

from braze_sandbox.testing import RunningSandbox


def track(sandbox: RunningSandbox, **attributes: Any) -> int:
    body = {"attributes": [{"external_id": "u1", **attributes}]}
    return sandbox.post("/users/track", body).status


def wait_until_seen(sandbox: RunningSandbox) -> None:
    deadline = time.monotonic() + 10
    while sandbox.count_users() == 0:
        assert time.monotonic() < deadline, "the write never became visible"
        time.sleep(0.01)


def test_without_lag_a_write_is_visible_with_the_answer(sandbox: RunningSandbox) -> None:
    track(sandbox, x=1)

    assert sandbox.count_users() == 1


def test_with_lag_reads_come_behind_writes(sandbox: RunningSandbox) -> None:
    sandbox.set(processing_lag_seconds=3600)

    status = track(sandbox, x=1)

    assert status == 201
    shown = sandbox.post("/users/export/ids", {"external_ids": ["u1"]}).json()
    assert shown["invalid_user_ids"] == ["u1"]
    assert sandbox.call("GET", "/queue") == {"waiting": 1}


def test_a_write_becomes_visible_after_the_lag(sandbox: RunningSandbox) -> None:
    sandbox.set(processing_lag_seconds=0.05)

    track(sandbox, x=1)

    wait_until_seen(sandbox)


def test_nothing_overtakes_what_waits(sandbox: RunningSandbox) -> None:
    sandbox.set(processing_lag_seconds=3600)
    track(sandbox, x=1)
    sandbox.set(maintenance=True)
    track(sandbox, x=2)
    sandbox.set(maintenance=False, processing_lag_seconds=0)

    track(sandbox, x=3)
    sandbox.drain()

    assert sandbox.users()[0]["custom_attributes"] == {"x": 3}


def test_draining_processes_all_in_order(sandbox: RunningSandbox) -> None:
    sandbox.set(processing_lag_seconds=3600)
    for number in range(5):
        track(sandbox, list={"add": [str(number)]})

    assert sandbox.drain() == 5

    assert sandbox.users()[0]["custom_attributes"]["list"] == ["0", "1", "2", "3", "4"]


def test_users_can_be_seen_before_what_is_said_of_them(sandbox: RunningSandbox) -> None:
    sandbox.set(processing_lag_seconds=3600)
    sandbox.post(
        "/users/track",
        {
            "attributes": [
                {"external_id": f"u{n}", "first_name": "Ada", "x": n} for n in (1, 2, 3)
            ],
            "events": [{"email": "e@example.org", "name": "e", "time": "2026-01-01T00:00:00Z"}],
        },
    )

    assert sandbox.create_ahead(2) == 2
    bare = sandbox.post("/users/export/ids", {"external_ids": ["u1", "u2", "u3"]}).json()
    assert sandbox.create_ahead() == 2
    sandbox.drain()

    assert [(u["external_id"], "first_name" in u) for u in bare["users"]] == [
        ("u1", False),
        ("u2", False),
    ]
    assert bare["invalid_user_ids"] == ["u3"]
    assert [u["custom_attributes"] for u in sandbox.users()] == [{"x": 1}, {"x": 2}, {"x": 3}, {}]


def test_only_users_that_may_be_created_are_seen_early(sandbox: RunningSandbox) -> None:
    track(sandbox, x=1)
    sandbox.set(processing_lag_seconds=3600)
    track(sandbox, x=2)
    alias = {"alias_name": "n", "alias_label": "l"}
    sandbox.post("/users/track", {"attributes": [{"user_alias": alias, "x": 1}]})
    sandbox.post("/users/alias/new", {"user_aliases": [{"alias_name": "m", "alias_label": "l"}]})

    assert sandbox.create_ahead() == 0
    assert sandbox.count_users() == 1
