"""Bulk loads through the door, each in a process of its own."""

import gzip
from collections.abc import Callable

import httpx
import pytest
from tests.functional.api.conftest import ACCOUNT, WebProcess

from coterie.model.control import NewToken
from coterie.store import Connection

BULK = "/collect/bulk/crm"
CSV = b"user_id,city\nu1,Oslo\nu2,Bergen\n"


@pytest.mark.e2e
def test_loads_are_taken_by_processes_of_their_own(
    web: WebProcess, conn: Connection, make_token: Callable[..., NewToken]
) -> None:
    token = make_token(["data_manager"]).token
    headers = {"Authorization": token, "Content-Type": "text/csv"}
    many = b"user_id\n" + b"".join(b"v%d\n" % n for n in range(5_000))
    with httpx.Client(base_url=web.address, headers=headers, timeout=120) as client:
        tried = client.post(BULK, params={"dryrun": "1"}, content=CSV)
        strict = client.post(BULK, content=CSV + b"u3\n")
        taken = client.post(
            BULK,
            params={"droperrors": "true", "filename": "crm.csv", "append": '{"source": "crm"}'},
            content=CSV + b"u3\n",
        )
        packed = client.post(BULK, content=gzip.compress(many))
        wrong = client.post(BULK, params={"delimiter": "ab"}, content=CSV)

    assert tried.status_code == 200
    preview = tried.json()["data"]["preview"]
    assert [one["reason"] for one in preview["events"]] == ["no mapping reads stream 'crm'"] * 2
    assert (strict.status_code, strict.json()["code"]) == (400, "bad_rows")
    assert taken.json()["data"]["message_count"] == 2
    assert taken.json()["data"]["rejected"] == [
        {
            "position": "line 4",
            "code": "bad_row",
            "reason": taken.json()["data"]["rejected"][0]["reason"],
        }
    ]
    assert packed.json()["data"]["message_count"] == 5_000
    assert (wrong.status_code, wrong.json()["code"]) == (400, "bad_parameter")
    counted = conn.execute(
        "SELECT count(*) FROM event_log WHERE account = %s AND lane >= 10000", [ACCOUNT]
    ).fetchone()
    assert counted == (5_002,)


def test_a_load_needs_a_token_that_may_write(
    web: WebProcess, make_token: Callable[..., NewToken]
) -> None:
    with httpx.Client(base_url=web.address, timeout=60) as client:
        none = client.post(BULK, content=CSV)
        reader = client.post(
            BULK, content=CSV, headers={"Authorization": make_token(["observer"]).token}
        )

    assert (none.status_code, reader.status_code) == (401, 403)
