"""The Segment spec and Braze Currents at the collect door."""

import gzip
from base64 import b64encode
from datetime import UTC, datetime
from typing import Any

import httpx
import msgspec
import pytest

from coterie.store import Connection

ACCOUNT = 4711
CURRENTS = f"/currents/{ACCOUNT}"
OPEN = {
    "event_type": "users.messages.email.Open",
    "id": "e1",
    "time": 1_577_836_800,
    "user": {"external_user_id": "u1"},
    "properties": {"campaign_id": "c1"},
}


def basic(name: str) -> dict[str, str]:
    return {"Authorization": "Basic " + b64encode(f"{name}:".encode()).decode()}


def logged(conn: Connection) -> list[tuple[str, Any]]:
    rows = conn.execute("SELECT stream, body FROM event_log ORDER BY lane, seq")
    return [(stream, msgspec.json.decode(body)) for stream, body in rows]


async def test_a_segment_call_comes_with_its_write_key_and_is_answered_as_sdks_expect(
    client: httpx.AsyncClient, conn: Connection, token: str
) -> None:
    answer = await client.post("/v1/track", headers=basic(token), json={"userId": 1, "event": "x"})

    assert (answer.status_code, answer.json()) == (200, {"success": True})
    assert logged(conn) == [("segment", {"userId": 1, "event": "x", "type": "track"})]


async def test_a_gzipped_batch_that_calls_itself_a_form_is_taken(
    client: httpx.AsyncClient, conn: Connection, token: str
) -> None:
    messages = [{"type": "identify", "userId": "u1"}, {"type": "track"}]
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Content-Encoding": "gzip"}
    body = gzip.compress(msgspec.json.encode({"batch": messages}))

    answer = await client.post("/v1/batch", content=body, headers={**basic(token), **headers})

    told = answer.json()
    assert told["success"] is True
    assert told["rejected_count"] == 1
    assert told["rejected"][0]["position"] == "message 2"
    assert logged(conn) == [("segment", messages[0])]
    kept = conn.execute("SELECT source, position, body FROM rejected_event").fetchall()
    assert kept == [("segment", "message 2", b'{"type":"track"}')]


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Basic %%%"}, {"Authorization": "Basic Og=="}]
)
async def test_a_segment_call_without_a_key_is_refused(
    client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    answer = await client.post("/v1/track", headers=headers, json={"userId": 1})

    assert (answer.status_code, answer.json()["code"]) == (401, "token_missing")


@pytest.mark.parametrize("path", ["/v1/order", "/v1/", "/v1/track/x", "/currents/x", "/currents/"])
async def test_there_are_no_other_paths(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.post(path)).status_code == 404


async def test_a_batch_of_currents_is_taken_event_by_event(
    client: httpx.AsyncClient, conn: Connection, token: str
) -> None:
    headers = {"Authorization": f"Bearer {token}", "Braze-Currents-Version": "1"}

    answer = await client.post(CURRENTS, headers=headers, json={"events": [OPEN, 7]})
    empty = await client.post(CURRENTS, headers=headers, json={"events": []})

    assert answer.status_code == empty.status_code == 200
    assert answer.json()["data"]["message_count"] == 1
    assert answer.json()["data"]["rejected_count"] == 1
    assert logged(conn) == [("braze_currents", OPEN)]
    at = conn.execute("SELECT occurred_at FROM event_log").fetchone()
    assert at == (datetime(2020, 1, 1, tzinfo=UTC),)


async def test_currents_is_answered_by_brazes_rules(client: httpx.AsyncClient, token: str) -> None:
    good = {"Authorization": f"Bearer {token}"}

    async def status(headers: dict[str, str], body: bytes) -> int:
        return (await client.post(CURRENTS, headers=headers, content=body)).status_code

    # Braze splits a batch that is answered 400, makes one smaller for 413, and waits for 401.
    assert await status(good, b'{"events": [') == 400
    assert await status(good, b'{"events": [' + b" " * 10_000 + b"]}") == 413
    assert await status({}, b'{"events": []}') == 401
