import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from braze_sandbox.testing import RunningSandbox

COMMAND = [sys.executable, "-m", "braze_sandbox"]


@contextmanager
def serving(*options: str) -> Iterator[tuple[RunningSandbox, subprocess.Popen[str]]]:
    process = subprocess.Popen(
        [*COMMAND, "serve", "--key", "k1", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        line = process.stdout.readline()
        match = re.fullmatch(r"braze-sandbox listening on (http://127\.0\.0\.1:\d+)\n", line)
        assert match, line + process.stderr.read()
        yield RunningSandbox(match[1], "k1"), process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()


def track(sandbox: RunningSandbox, external_id: str, **attributes: object) -> None:
    body = {"attributes": [{"external_id": external_id, **attributes}]}
    assert sandbox.post("/users/track", body).status == 201


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_prints_its_url_and_stops_cleanly(number: signal.Signals) -> None:
    with serving() as (sandbox, process):
        track(sandbox, "u1", x=1)

        process.send_signal(number)

        assert process.wait(10) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_a_stop_does_not_wait_for_a_hanging_answer() -> None:
    with serving() as (sandbox, process):
        sandbox.fail(delay_seconds=600)
        hanging = subprocess.Popen(
            [sys.executable, "-c", _HANG, sandbox.url], stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 20
        while sandbox.call("GET", "/faults")["faults"]:
            assert time.monotonic() < deadline

        process.send_signal(signal.SIGTERM)

        assert process.wait(15) == 0
        hanging.kill()
        hanging.wait()


_HANG = """
import sys, urllib.request
urllib.request.urlopen(sys.argv[1] + "/users/track", data=b"{}")
"""


def test_what_was_answered_survives_sigkill(tmp_path: Path) -> None:
    state = str(tmp_path / "state")
    with serving("--state", state) as (sandbox, process):
        for number in range(50):
            track(sandbox, f"u{number % 7}", seen={"add": [str(number)]}, n={"inc": 1})
        event = {"external_id": "u1", "name": "e", "time": "2020-01-01"}
        sandbox.post("/users/track", {"events": [event]})
        sandbox.add_segment("all", {"NOT": {"OR": [{"NOT": _has("seen")}]}})
        before = sandbox.users()
        points = sandbox.data_points()
        process.kill()

    with serving("--state", state) as (sandbox, _):
        assert sandbox.users() == before
        assert sandbox.data_points() == points
        assert len(sandbox.call("GET", "/events")["events"]) == 1
        assert len(sandbox.call("GET", "/segments")["segments"]) == 1
        track(sandbox, "u99", x=1)
        assert sandbox.users()[-1]["number"] == len(before) + 1


def test_what_waits_in_the_queue_survives_sigkill(tmp_path: Path) -> None:
    state = str(tmp_path / "state")
    lag = ["--setting", "processing_lag_seconds=3600"]
    with serving("--state", state, *lag) as (sandbox, process):
        track(sandbox, "u1", x=1)
        assert sandbox.count_users() == 0
        process.kill()

    with serving("--state", state, *lag) as (sandbox, _):
        assert sandbox.drain() == 1
        assert sandbox.user("u1") is not None
        assert sandbox.drain() == 0


def test_a_state_has_one_owner(tmp_path: Path) -> None:
    state = str(tmp_path / "state")
    with serving("--state", state):
        second = subprocess.run(
            [*COMMAND, "serve", "--state", state],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    assert second.returncode == 1
    assert second.stderr.startswith("Another sandbox is using the state")
    assert second.stderr.count("\n") == 1


def test_a_key_made_by_the_command_opens_the_running_sandbox(tmp_path: Path) -> None:
    state = str(tmp_path / "state")
    with serving("--state", state) as (sandbox, _):
        made = subprocess.run(
            [*COMMAND, "keys", "create", "--state", state, "--permission", "users.track"],
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        )
        key = made.stdout.strip()

        body = {"attributes": [{"external_id": "u1", "x": 1}]}
        may = sandbox.post("/users/track", body, key=key)
        may_not = sandbox.post("/users/export/ids", {"external_ids": ["u1"]}, key=key)

    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", key)
    assert (may.status, may_not.status) == (201, 403)


def test_without_any_key_one_is_made_and_printed() -> None:
    process = subprocess.Popen([*COMMAND, "serve"], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        url = process.stdout.readline().split()[-1]
        key = process.stdout.readline().removeprefix("REST key with all permissions: ").strip()

        track(RunningSandbox(url, key), "u1", x=1)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_a_key_option_may_name_permissions() -> None:
    with serving("--key", "k2:users.track,users.delete") as (sandbox, _):
        answer = sandbox.post("/users/export/ids", {"external_ids": ["u1"]}, key="k2")

    assert answer.status == 403


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--key", "k2:users.trak"], "There is no permission 'users.trak'"),
        (["--setting", "no_such=1"], "These settings do not fit"),
        (["--setting", "array_elements=0"], "These settings do not fit"),
    ],
)
def test_mistakes_are_told_in_one_line(options: list[str], message: str) -> None:
    failed = subprocess.run(
        [*COMMAND, "serve", *options], capture_output=True, text=True, timeout=30, check=False
    )

    assert failed.returncode == 1
    assert failed.stderr.startswith(message)
    assert failed.stderr.count("\n") == 1


def _has(name: str) -> dict[str, object]:
    return {"custom_attribute": {"custom_attribute_name": name, "comparison": "exists"}}
