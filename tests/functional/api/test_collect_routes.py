"""What a sender sends, what it is told, and what then is in the log."""

import gzip
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import msgspec
import pytest

from coterie.control.tokens import revoke_token
from coterie.model.control import Actor, NewToken
from coterie.store import Connection, Store

ACCOUNT = 4711
WEB = f"/c/{ACCOUNT}/web"

MakeToken = Callable[..., NewToken]


def bodies(conn: Connection) -> list[Any]:
    rows = conn.execute("SELECT body FROM event_log ORDER BY lane, seq")
    return [msgspec.json.decode(body) for (body,) in rows]


def rejected(conn: Connection) -> list[tuple[str, str, bytes]]:
    return [
        (position, reason.partition(":")[0], body)
        for position, reason, body in conn.execute(
            "SELECT position, reason, body FROM rejected_event ORDER BY id"
        )
    ]


async def test_a_success_has_the_shape_that_lytics_gives_it(
    client: httpx.AsyncClient, conn: Connection, token: str
) -> None:
    answer = await client.post(
        "/collect/json/web",
        params={"access_token": token, "timestamp_field": "event_created", "filename": "my.csv"},
        json=[{"a": 1, "event_created": "2024-05-01T00:00:00Z"}, {"a": 2}],
    )

    assert answer.status_code == 200
    assert answer.json() == {
        "status": 200,
        "message": "success",
        "data": {
            "message_count": 2,
            "rejected_count": 0,
            "content-type": "application/json",
            "droperrors": False,
            "dryrun": False,
            "timestamp_field": "event_created",
            "filename": "my.csv",
        },
    }
    assert answer.headers["content-type"] == "application/json"
    row = conn.execute(
        "SELECT account, stream, occurred_at FROM event_log ORDER BY seq LIMIT 1"
    ).fetchone()
    assert row == (ACCOUNT, "web", datetime(2024, 5, 1, tzinfo=UTC))


@pytest.mark.parametrize("way", ["key", "access_token", "raw", "bearer"])
async def test_a_token_is_taken_in_every_usual_way(
    client: httpx.AsyncClient, conn: Connection, token: str, way: str
) -> None:
    parameters = {way: token} if way in {"key", "access_token"} else {}
    header = {"raw": token, "bearer": f"Bearer {token}"}.get(way)
    headers = {"Authorization": header} if header else {}

    answer = await client.post(WEB, params=parameters, headers=headers, json={"by": way})

    assert answer.status_code == 200
    assert bodies(conn) == [{"by": way}]


@pytest.mark.parametrize("presented", ["cot_unknown", "ü" * 200])
async def test_an_unknown_token_is_refused_in_the_same_envelope(
    client: httpx.AsyncClient, conn: Connection, presented: str
) -> None:
    answer = await client.post(WEB, params={"key": presented}, json={})

    told = answer.json()
    assert answer.status_code == told["status"] == 401
    assert told["data"] is None
    assert "Access Tokens" in told["message"]
    assert presented not in answer.text
    assert bodies(conn) == []


async def test_a_request_without_a_token_is_told_where_one_goes(client: httpx.AsyncClient) -> None:
    answer = await client.post(WEB, json={})

    assert answer.status_code == 401
    assert answer.json()["code"] == "token_missing"


async def test_a_token_of_another_account_is_refused(
    client: httpx.AsyncClient, conn: Connection, token: str
) -> None:
    path = await client.post("/c/1/web", params={"key": token}, json={})
    parameter = await client.post(
        "/collect/json/web", params={"key": token, "account_id": "1"}, json={}
    )

    assert path.status_code == parameter.status_code == 403
    assert path.json()["code"] == "wrong_account"
    assert bodies(conn) == []


@pytest.mark.parametrize(
    ("scope", "status"),
    [("data_write", 200), ("data_manager", 200), ("admin", 200), ("observer", 403)],
)
async def test_a_token_must_allow_writing(
    client: httpx.AsyncClient, make_token: MakeToken, scope: str, status: int
) -> None:
    answer = await client.post(WEB, params={"key": make_token([scope]).token}, json={})

    assert answer.status_code == status


async def test_a_revoked_token_writes_nothing_from_the_moment_of_its_revocation(
    client: httpx.AsyncClient, conn: Connection, store: Store, make_token: MakeToken
) -> None:
    token = make_token()
    before = await client.post(WEB, params={"key": token.token}, json={"n": 1})
    revoke_token(
        store,
        account=ACCOUNT,
        token_id=token.record.id,
        actor=Actor(name="test"),
        now=datetime.now(UTC),
    )

    after = await client.post(WEB, params={"key": token.token}, json={"n": 2})

    assert (before.status_code, after.status_code) == (200, 401)
    assert bodies(conn) == [{"n": 1}]


async def test_one_event_a_line_is_taken(
    client: httpx.AsyncClient, conn: Connection, token: str
) -> None:
    lines = b'{"n":1}\n\n{"n":2}\r\n{"n":\n[]\n{"n":3}'

    answer = await client.post(WEB, params={"key": token}, content=lines)

    data = answer.json()["data"]
    assert (data["message_count"], data["rejected_count"]) == (3, 2)
    assert [each["position"] for each in data["rejected"]] == ["line 4", "line 5"]
    assert bodies(conn) == [{"n": 1}, {"n": 2}, {"n": 3}]
    assert rejected(conn) == [
        ("line 4", "malformed_event", b'{"n":'),
        ("line 5", "not_an_object", b"[]"),
    ]


async def test_arrays_of_objects_inside_an_event_are_taken(
    client: httpx.AsyncClient, conn: Connection, token: str
) -> None:
    event = {"orders": [{"id": 1}, {"id": 2}]}

    answer = await client.post(WEB, params={"key": token}, json=event)

    assert answer.status_code == 200
    assert bodies(conn) == [event]


async def test_items_that_are_no_events_are_kept_and_the_others_taken(
    client: httpx.AsyncClient, conn: Connection, token: str
) -> None:
    big = {"a": "x" * 3_000}

    answer = await client.post(WEB, params={"key": token}, json=[{"n": 1}, 5, big, {"n": 2}])

    data = answer.json()["data"]
    assert answer.status_code == 200
    assert (data["message_count"], data["rejected_count"]) == (2, 2)
    assert bodies(conn) == [{"n": 1}, {"n": 2}]
    assert [(position, code) for position, code, _ in rejected(conn)] == [
        ("item 2", "not_an_object"),
        ("item 3", "event_too_large"),
    ]


async def test_a_body_that_cannot_be_read_is_kept_and_its_fault_located(
    client: httpx.AsyncClient, conn: Connection, token: str
) -> None:
    body = b'{\n  "a": 1,\n  "b": tru\n}'

    answer = await client.post(WEB, params={"key": token}, content=body)

    assert answer.status_code == 400
    assert "line 3 column 8" in answer.json()["message"]
    assert rejected(conn) == [("line 3 column 8", "malformed_body", body)]
    assert bodies(conn) == []


async def test_an_event_beyond_the_limit_is_kept_and_answered_413(
    client: httpx.AsyncClient, conn: Connection, token: str
) -> None:
    answer = await client.post(WEB, params={"key": token}, json={"a": "x" * 3_000})

    assert answer.status_code == 413
    assert answer.json()["code"] == "event_too_large"
    assert len(rejected(conn)) == 1


async def test_a_request_beyond_the_limit_is_not_read(
    client: httpx.AsyncClient, conn: Connection, token: str
) -> None:
    async def endless() -> Any:
        for _ in range(20):
            yield b" " * 1_000

    announced = await client.post(WEB, params={"key": token}, content=b" " * 10_001)
    unannounced = await client.post(WEB, params={"key": token}, content=endless())

    for answer in (announced, unannounced):
        assert answer.status_code == 413
        assert answer.json()["code"] == "request_too_large"
    assert rejected(conn) == []


async def test_a_packed_body_is_unpacked_within_the_limit(
    client: httpx.AsyncClient, conn: Connection, token: str
) -> None:
    headers = {"Content-Encoding": "gzip"}

    good = await client.post(
        WEB, params={"key": token}, headers=headers, content=gzip.compress(b'{"n":1}')
    )
    bomb = await client.post(
        WEB, params={"key": token}, headers=headers, content=gzip.compress(bytes(1_000_000))
    )
    lie = await client.post(WEB, params={"key": token}, headers=headers, content=b"{}")

    assert (good.status_code, bomb.status_code, lie.status_code) == (200, 413, 415)
    assert bodies(conn) == [{"n": 1}]


async def test_a_dry_run_counts_and_stores_nothing(
    client: httpx.AsyncClient, conn: Connection, token: str
) -> None:
    answer = await client.post(
        "/c/4711/brand_new", params={"key": token, "dryrun": "true"}, json=[{"n": 1}, 2]
    )

    data = answer.json()["data"]
    assert (data["message_count"], data["rejected_count"], data["dryrun"]) == (1, 1, True)
    assert bodies(conn) == []
    assert rejected(conn) == []
    known = conn.execute("SELECT count(*) FROM stream WHERE name = 'brand_new'").fetchone()
    assert known == (0,)


async def test_a_flag_that_is_neither_yes_nor_no_is_refused(
    client: httpx.AsyncClient, conn: Connection, token: str
) -> None:
    answer = await client.post(WEB, params={"key": token, "dryrun": "maybe"}, json={})

    assert answer.status_code == 400
    assert answer.json()["code"] == "bad_parameter"
    assert bodies(conn) == []


async def test_the_first_event_makes_its_stream(
    client: httpx.AsyncClient, conn: Connection, token: str
) -> None:
    for _ in range(2):
        await client.post("/c/4711/brand_new", params={"key": token}, json={})

    made = conn.execute("SELECT count(*) FROM stream WHERE name = 'brand_new'").fetchone()
    assert made == (1,)


async def test_a_stream_name_has_to_follow_the_rule(
    client: httpx.AsyncClient, conn: Connection, token: str
) -> None:
    answer = await client.post("/c/4711/no%20spaces", params={"key": token}, json={})

    assert answer.status_code == 400
    assert answer.json()["code"] == "bad_stream_name"
    assert bodies(conn) == []


async def test_a_pixel_carries_its_event_in_the_query_string(
    client: httpx.AsyncClient, conn: Connection, token: str
) -> None:
    answer = await client.get(
        f"{WEB}?_e=pv&url=https%3A%2F%2Fexample.org%2F%3Fa%3D1&tag=x&tag=%C3%BC&%6Bey={token}"
    )

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/gif"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.content.startswith(b"GIF89a")
    assert len(answer.content) == 43
    assert bodies(conn) == [{"_e": "pv", "url": "https://example.org/?a=1", "tag": ["x", "ü"]}]


async def test_a_pixel_answers_json_to_whom_accepts_it(
    client: httpx.AsyncClient, token: str
) -> None:
    answer = await client.get(
        WEB, params={"key": token, "a": "1"}, headers={"Accept": "application/json"}
    )

    assert answer.json()["data"]["message_count"] == 1


async def test_a_token_never_reaches_what_is_kept_of_a_refused_pixel(
    client: httpx.AsyncClient, conn: Connection, token: str
) -> None:
    answer = await client.get(f"{WEB}?key={token}&%6bey={token}&name=%FF")

    assert answer.status_code == 400
    assert rejected(conn) == [("", "malformed_body", b"name=%FF")]


async def test_form_fields_make_one_event(
    client: httpx.AsyncClient, conn: Connection, token: str
) -> None:
    answer = await client.post(WEB, params={"key": token}, data={"email": "a@b.c", "empty": ""})

    assert answer.json()["data"]["content-type"] == "application/x-www-form-urlencoded"
    assert bodies(conn) == [{"email": "a@b.c", "empty": ""}]


async def test_a_request_sent_again_carries_the_same_message_ids(
    client: httpx.AsyncClient, conn: Connection, token: str
) -> None:
    headers = {"Idempotency-Key": "order-77"}
    for _ in range(2):
        await client.post(WEB, params={"key": token}, headers=headers, json=[{"n": 1}, {"n": 2}])

    hashes = conn.execute("SELECT body, array_agg(message_hash) FROM event_log GROUP BY body")
    by_body: dict[str, list[bytes]] = dict(hashes.fetchall())
    assert all(first == second is not None for first, second in by_body.values())
    assert len({messages[0] for messages in by_body.values()}) == 2


async def test_a_log_that_cannot_be_written_is_never_answered_200(
    client: httpx.AsyncClient, conn: Connection, token: str
) -> None:
    conn.execute("ALTER TABLE event_log RENAME TO gone")

    answer = await client.post(WEB, params={"key": token}, json={})

    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) >= 1
    assert answer.json()["code"] == "log_unavailable"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/collect/json/web", 405),
        ("PUT", WEB, 405),
        ("POST", "/c/hash-id/web", 404),
        ("POST", "/c/4711", 404),
        ("POST", "/collect/xml/web", 404),
    ],
)
async def test_other_paths_and_methods_are_named(
    client: httpx.AsyncClient, token: str, method: str, path: str, status: int
) -> None:
    answer = await client.request(method, path, params={"key": token})

    assert answer.status_code == answer.json()["status"] == status


async def test_the_time_of_last_use_is_kept(
    client: httpx.AsyncClient, conn: Connection, api: Any, token: str
) -> None:
    await client.post(WEB, params={"key": token}, json={})

    await api.state.tokens.__aexit__()

    used = conn.execute("SELECT last_used_at FROM access_token").fetchone()
    assert used is not None
    assert used[0] is not None
