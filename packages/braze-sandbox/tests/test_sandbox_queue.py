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
