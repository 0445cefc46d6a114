"""Recorded exchanges with live servers, replayed; without the recordings these are skipped."""

from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from braze_sandbox.server.rest import ENDPOINTS
from braze_sandbox.testing import Answer, RunningSandbox

Vectors = Callable[[str], Any]

GROUP = "ed06e19a-69b1-4f9b-a452-2db2c4e303a8"
# What the recorders had in their workspaces when they recorded.
USERS = [
    *({"external_id": f"test-user-{n}", "email": f"test-user-{n}@test.com"} for n in (1, 2, 3)),
    {"external_id": "12345", "first_name": "John"},
]
# Made up by the server anew each time.
OWN = {"dispatch_id", "object_prefix", "url", "schedule_id"}


def send(sandbox: RunningSandbox, case: dict[str, Any]) -> Answer:
    key = "non-existent" if case["status"] == 401 else None
    return sandbox.request(case["method"], case["path"], case["request_body"], key=key)


def pattern(path: str) -> str:
    """Return the endpoint's form of an address."""
    return urlsplit(path).path.replace("/catalogs/restaurants", "/catalogs/{name}")


# Cases that need others before them, in this order; the rest needs nothing.
ORDER = (
    "POST /catalogs",
    "GET /catalogs",
    "POST /catalogs/restaurants/items",
    "PATCH /catalogs/restaurants/items",
    "DELETE /catalogs/restaurants/items",
    "DELETE /catalogs/restaurants",
    "POST /users/external_ids/remove",
)


def turn(case: dict[str, Any]) -> int:
    line = f"{case['method']} {case['path']}"
    return ORDER.index(line) if line in ORDER else -1


def define(sandbox: RunningSandbox, cases: list[dict[str, Any]]) -> None:
    """Make the campaign, the Canvas and the segments that the recorders had."""
    webhook = {"url": "http://127.0.0.1:1/"}
    for case in cases:
        if case["path"] == "/campaigns/trigger/send":
            sandbox.add_campaign("C", webhook, id=case["request_body"]["campaign_id"])
        elif case["path"] == "/canvas/trigger/send":
            canvas = {"name": "V", "steps": [], "id": case["request_body"]["canvas_id"]}
            sandbox.call("POST", "/canvases", canvas)
        elif case["path"] == "/segments/list":
            for segment in case["response_body"]["segments"]:
                everyone = {"user_attribute": {"name": "braze_id", "comparison": "exists"}}
                new = {"id": segment["id"], "name": segment["name"], "filter": everyone}
                sandbox.call("POST", "/segments", new)


def prepare(sandbox: RunningSandbox) -> None:
    sandbox.call("POST", "/subscription_groups", {"id": GROUP, "name": "test-subscription-group"})
    sandbox.post("/users/track", {"attributes": USERS})


def test_recorded_exchanges_are_answered_alike(vectors: Vectors, sandbox: RunningSandbox) -> None:
    served = {(endpoint.method, endpoint.path) for endpoint in ENDPOINTS}
    cases = [
        case
        for case in vectors("braze/observed_responses.json")["cases"]
        if (case["method"], pattern(case["path"])) in served and case["provenance"] == "recorded"
    ]
    cases.sort(key=turn)
    assert len(cases) == 60
    sandbox.set(webhook_retries=0)
    prepare(sandbox)
    define(sandbox, cases)
    sandbox.post("/users/track", {"attributes": [{"external_id": "abc"}]})

    for case in cases:
        answer = send(sandbox, case)

        place = f"{case['case']}: {answer.text}"
        assert answer.status == case["status"], place
        recorded = case["response_body"]
        if recorded.keys() & {"users", "emails", "catalogs"}:
            # What users hold differs; the form does not.
            assert list(answer.json()) == list(recorded), place
        else:
            assert list(answer.json()) == list(recorded), place
            known = {name: value for name, value in answer.json().items() if name not in OWN}
            assert known == {n: v for n, v in recorded.items() if n not in OWN}, place
        assert {name for name in answer.headers if name.startswith("x-ratelimit")} == {
            name for name in case["response_headers"] if name.startswith("x-ratelimit")
        }


def test_statuses_of_groups_are_shown_as_recorded(
    vectors: Vectors, sandbox: RunningSandbox
) -> None:
    cases = vectors("braze/observed_responses.json")["cases"]
    shown = next(case for case in cases if case["path"].startswith("/subscription/user/status"))
    prepare(sandbox)
    for external_id, state in (("test-user-1", "subscribed"), ("test-user-2", "unsubscribed")):
        body = {"subscription_group_id": GROUP, "subscription_state": state}
        sandbox.post("/subscription/status/set", {**body, "external_id": external_id})

    assert send(sandbox, shown).json() == shown["response_body"]


def test_ninety_exchanges_of_a_real_server_are_reproduced(
    vectors: Vectors, sandbox: RunningSandbox
) -> None:
    """Reads lag writes there, deletions overtake, and users are seen before their attributes.

    So before each read the queue is left alone, drained of deletions, made to create as many users
    as are shown, or drained of all: one of the four shows what the recording shows.
    """
    exchanges = vectors("peers/grouparoo/braze_export_http_recording.json")
    sandbox.set(processing_lag_seconds=600, rate_limiting=False)
    _restore(sandbox, exchanges[1]["response"]["users"])

    for number, exchange in enumerate(exchanges):
        answer = sandbox.post(exchange["path"], exchange["body"])
        recorded = exchange["response"]
        for step in (drain_deletions, partial(create_bare, recorded), drain_all):
            if "users" in recorded and _known(answer.json()) != _known(recorded):
                step(sandbox)
                answer = sandbox.post(exchange["path"], exchange["body"])

        place = f"exchange {number}: {answer.text[:500]}"
        assert answer.status == exchange["status"], place
        assert list(answer.json()) == list(recorded), place
        assert _known(answer.json()) == _known(recorded), place


def drain_deletions(sandbox: RunningSandbox) -> None:
    sandbox.drain("delete")


def create_bare(recorded: dict[str, Any], sandbox: RunningSandbox) -> None:
    """Create the users that the recording shows without a name, as it does of seven once."""
    sandbox.create_ahead(sum("first_name" not in user for user in recorded["users"]))


def drain_all(sandbox: RunningSandbox) -> None:
    sandbox.drain()


# Ids and times differ from server to server; a number may be written 0 or 0.0.
_OWN_FIELDS = {"created_at", "braze_id", "appboy_id", "random_bucket"}


def _known(answer: dict[str, Any]) -> dict[str, Any]:
    users = [
        {name: value for name, value in user.items() if name not in _OWN_FIELDS}
        for user in answer.get("users", ())
    ]
    return {**answer, "users": users}


def _restore(sandbox: RunningSandbox, users: list[dict[str, Any]]) -> None:
    """Make the users that existed when the recording began."""
    for user in users:
        item = {
            name: value
            for name, value in user.items()
            if name in ("external_id", "first_name", "last_name", "email")
        }
        if "dob" in user:
            item["dob"] = user["dob"][:10]
        sandbox.post(
            "/users/track", {"attributes": [{**item, **user.get("custom_attributes", {})}]}
        )
    sandbox.drain()
