import http.client
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from braze_sandbox.testing import RunningSandbox, SandboxCallError

BODY = {"attributes": [{"external_id": "u1", "n": {"inc": 1}}]}


def track(sandbox: RunningSandbox) -> int:
    return sandbox.post("/users/track", BODY).status


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ("none", {}),
        ("mau", {"x-ratelimit-retry-after": "7"}),
        ("retry_after", {"retry-after": "7"}),
    ],
)
def test_an_ordered_429_has_the_ordered_headers(
    sandbox: RunningSandbox, headers: str, expected: dict[str, str]
) -> None:
    sandbox.fail(status=429, rate_headers=headers, retry_after=7)

    answer = sandbox.post("/users/track", BODY)

    assert answer.status == 429
    assert {k: v for k, v in answer.headers.items() if "limit" in k or "retry" in k} == expected
    assert sandbox.count_users() == 0


def test_an_ordered_429_of_a_data_points_contract_names_the_moment(
    sandbox: RunningSandbox,
) -> None:
    sandbox.fail(status=429, rate_headers="data_points", retry_after=5)

    answer = sandbox.post("/users/track", BODY)

    assert answer.headers["x-ratelimit-remaining"] == "0"
    assert 0 <= int(answer.headers["x-ratelimit-reset"]) - time.time() <= 6


def test_faults_hit_so_many_requests_and_then_end(sandbox: RunningSandbox) -> None:
    sandbox.fail(path="/users/track", status=503, times=2, spare=1)

    statuses = [track(sandbox) for _ in range(5)]

    assert statuses == [201, 503, 503, 201, 201]
    assert sandbox.call("GET", "/faults")["faults"] == []


def test_faults_hit_their_path_only(sandbox: RunningSandbox) -> None:
    sandbox.fail(path="/users/export", status=500)

    assert track(sandbox) == 201
    assert sandbox.post("/users/export/ids", {"external_ids": ["u1"]}).status == 500


def test_a_fault_without_end_stays_until_removed(sandbox: RunningSandbox) -> None:
    sandbox.fail(status=500, times=None)
    assert [track(sandbox) for _ in range(3)] == [500, 500, 500]

    assert sandbox.call("DELETE", "/faults") == {"removed": 1}

    assert track(sandbox) == 201


def test_chance_hits_some(sandbox: RunningSandbox) -> None:
    sandbox.fail(status=500, times=None, chance=0.5)

    statuses = {track(sandbox) for _ in range(40)}

    assert statuses == {201, 500}


def test_an_error_after_the_work_leaves_the_work_done(sandbox: RunningSandbox) -> None:
    sandbox.fail(status=500, after_work=True)

    assert track(sandbox) == 500

    assert sandbox.users()[0]["custom_attributes"] == {"n": 1}


@pytest.mark.parametrize("after_work", [False, True])
def test_a_cut_connection_gives_no_answer(sandbox: RunningSandbox, after_work: bool) -> None:
    sandbox.fail(cut=True, after_work=after_work)

    with pytest.raises((http.client.HTTPException, ConnectionError)):
        track(sandbox)

    assert sandbox.count_users() == int(after_work)
    (entry,) = sandbox.requests("/users/track")
    assert (entry["status"], entry["fault"]) == (0, True)


def test_a_hang_holds_the_answer_back_and_then_cuts(sandbox: RunningSandbox) -> None:
    sandbox.fail(hang_seconds=0.1, after_work=True)
    started = time.monotonic()

    with pytest.raises((http.client.HTTPException, ConnectionError)):
        track(sandbox)

    assert time.monotonic() - started >= 0.1
    assert sandbox.count_users() == 1


def test_a_delay_only_slows_down(sandbox: RunningSandbox) -> None:
    sandbox.fail(delay_seconds=0.1)
    started = time.monotonic()

    status = track(sandbox)

    assert status == 201
    assert time.monotonic() - started >= 0.1


def test_the_journal_shows_requests_newest_first_without_secrets(sandbox: RunningSandbox) -> None:
    track(sandbox)
    sandbox.post("/users/export/ids", {"external_ids": ["u1"]})

    entries: list[dict[str, Any]] = sandbox.requests()

    assert [entry["path"] for entry in entries] == ["/users/export/ids", "/users/track"]
    assert entries[1]["status"] == 201
    assert entries[1]["key_name"] == "key sandbox-"
    assert entries[1]["request"] == '{"attributes":[{"external_id":"u1","n":{"inc":1}}]}'
    assert entries[1]["response"] == '{"attributes_processed":1,"message":"success"}'
    assert "sandbox-key" not in str(entries)


def test_the_journal_can_be_asked_for_a_status_and_for_what_is_new(
    sandbox: RunningSandbox,
) -> None:
    sandbox.fail(status=503)
    for _ in range(3):
        track(sandbox)

    failed = sandbox.call("GET", "/journal", status=503)["entries"]
    newer = sandbox.call("GET", "/journal", after=failed[0]["number"])["entries"]

    assert len(failed) == 1
    assert [entry["status"] for entry in newer] == [201, 201]


def test_counts_outlive_the_journals_bounds(sandbox: RunningSandbox) -> None:
    for _ in range(3):
        track(sandbox)

    assert sandbox.call("GET", "/journal/counts")["counts"] == [
        {"path": "/users/track", "status": 201, "requests": 3}
    ]


def test_partial_errors_can_be_ordered(sandbox: RunningSandbox) -> None:
    sandbox.fail(path="/users/track", reject_every=3)
    items = [{"external_id": f"u{n}", "x": 1} for n in range(5)]
    event = {"external_id": "u0", "name": "e", "time": "2020-01-01"}
    body = {"attributes": [*items[:2], {"x": 1}, *items[2:]], "events": [event]}

    answer = sandbox.post("/users/track", body)

    assert answer.status == 201
    shown = answer.json()
    assert (shown["attributes_processed"], shown["events_processed"]) == (4, 0)
    places = [(error["input_array"], error["index"]) for error in shown["errors"]]
    assert places == [("attributes", 2), ("attributes", 3), ("events", 0)]
    assert [user["external_id"] for user in sandbox.users()] == ["u0", "u1", "u3", "u4"]
    assert sandbox.post("/users/track", body).json()["attributes_processed"] == 5


def test_a_partial_error_that_leaves_nothing_is_400(sandbox: RunningSandbox) -> None:
    sandbox.fail(path="/users/track", reject_every=1)

    assert track(sandbox) == 400


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 99},
        {"status": 1000},
        {"times": 0},
        {"spare": -1},
        {"chance": 7},
        {"delay_seconds": 1e300},
        {"hang_seconds": -1},
        {"statuss": 503},
    ],
    ids=str,
)
def test_an_unfit_fault_is_refused(sandbox: RunningSandbox, fault: dict[str, Any]) -> None:
    with pytest.raises(SandboxCallError) as refused:
        sandbox.fail(**fault)

    assert refused.value.status == 400
    assert sandbox.call("GET", "/faults") == {"faults": []}


@pytest.mark.parametrize(
    "change",
    [{"clock_skew_seconds": 1e18}, {"processing_lag_seconds": 1e300}, {"export_link_seconds": -1}],
    ids=str,
)
def test_times_beyond_a_year_are_refused(sandbox: RunningSandbox, change: dict[str, Any]) -> None:
    with pytest.raises(SandboxCallError) as refused:
        sandbox.set(**change)

    assert refused.value.status == 400
    assert sandbox.post("/users/track", {"attributes": [{"external_id": "u1"}]}).status == 201


def test_the_clock_can_be_wrong(sandbox: RunningSandbox) -> None:
    sandbox.set(clock_skew_seconds=-7200)

    answer = sandbox.post("/users/track", {"attributes": [{"external_id": "u1"}]})

    said = parsedate_to_datetime(answer.headers["date"])
    assert timedelta(hours=1, minutes=59) < datetime.now(UTC) - said < timedelta(hours=2, minutes=1)
    reset = datetime.fromtimestamp(int(answer.headers["x-ratelimit-reset"]), UTC)
    assert said < reset < said + timedelta(hours=1, seconds=2)
    assert sandbox.users()[0]["created_at"][:13] == f"{said:%Y-%m-%dT%H}"


def test_a_held_request_is_worked_when_it_is_released_and_not_before(
    sandbox: RunningSandbox,
) -> None:
    sandbox.fail(path="/users/track", hold=True)

    with ThreadPoolExecutor() as pool:
        late = pool.submit(track, sandbox)
        while sandbox.call("GET", "/faults")["faults"]:
            time.sleep(0.01)
        newer = sandbox.post("/users/track", {"attributes": [{"external_id": "u2", "n": 1}]})
        while not sandbox.call("POST", "/faults/release")["released"]:
            assert sandbox.user("u1") is None

        assert (newer.status, late.result()) == (201, 201)
    assert sandbox.count_users() == 2
