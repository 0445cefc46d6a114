"""Deliveries over HTTP: figures for those who read, people and steps for those who manage."""

import httpx
import pytest
from tests.functional.api.conftest import ACCOUNT, MakeToken

from coterie.store import Store


@pytest.fixture
def destination(store: Store) -> int:
    """A destination that holds something of u1 and refused u2."""
    with store.transaction() as conn:
        authorization = conn.execute(
            "INSERT INTO provider_authorization (account, provider, method, label, config_sealed,"
            " created_at, updated_at) VALUES (%s, 'braze', 'api_key', 'Braze', '', now(), now())"
            " RETURNING id",
            (ACCOUNT,),
        ).fetchone()
        found = conn.execute(
            "INSERT INTO destination (account, authorization_id, form, attribute)"
            " VALUES (%s, %s, 'array', 'segments') RETURNING id",
            (ACCOUNT, (authorization or (0,))[0]),
        ).fetchone()
        number = int((found or (0,))[0])
        conn.execute(
            "INSERT INTO outbox (destination, recipient, account, claims, wanted, told, pending,"
            " parked, last_answer) VALUES"
            " (%(d)s, 'u1', %(a)s, '', '{\"vip\": true}', '{\"vip\": [true, 1764178000000, 7]}',"
            " false, NULL, NULL),"
            " (%(d)s, 'u2', %(a)s, '', '{\"vip\": true}', '{}', false, 'too long', '{}')",
            {"d": number, "a": ACCOUNT},
        )
    return number


async def test_the_ledger_is_told_to_those_who_may_see_people(
    client: httpx.AsyncClient, make_token: MakeToken, destination: int
) -> None:
    asked = {"recipient": "u1"}
    refused = await client.post(
        "/api/deliveries/held", json=asked, headers=key(make_token, "observer")
    )
    answer = await client.post(
        "/api/deliveries/held", json=asked, headers=key(make_token, "data_manager")
    )

    assert refused.status_code == 403
    [holding] = answer.json()["data"]
    assert (holding["destination"], holding["wanted"]) == (destination, {"vip": True})
    [item] = holding["items"]
    assert (item["key"], item["value"], item["request"]) == ("vip", True, 7)
    assert item["told_at"].startswith("2025-11-26")


async def test_the_figures_are_for_those_who_read(
    client: httpx.AsyncClient, make_token: MakeToken, destination: int
) -> None:
    headers = key(make_token, "observer")

    listed = await client.get("/api/deliveries", headers=headers)
    one = await client.get(f"/api/deliveries/{destination}", headers=headers)
    none = await client.get("/api/deliveries/999999", headers=headers)

    assert listed.json()["data"] == [one.json()["data"]]
    assert one.json()["data"]["parked"] == 1
    assert none.json()["code"] == "unknown_delivery"


async def test_replays_and_steps_are_for_those_who_manage(
    client: httpx.AsyncClient, make_token: MakeToken, destination: int, store: Store
) -> None:
    where = f"/api/deliveries/{destination}"
    reader, manager = key(make_token, "observer"), key(make_token, "data_manager")
    for path in ("replay", "step", "drop", "repeats"):
        body = {"step": "pause", "repeats": "at_most_once"}
        chosen = {path: body[path]} if path in body else {}
        answer = await client.post(f"{where}/{path}", json=chosen, headers=reader)
        assert answer.status_code == 403

    paused = await client.post(f"{where}/step", json={"step": "pause"}, headers=manager)
    unfit = await client.post(f"{where}/step", json={"step": "pause"}, headers=manager)
    other = await client.post(f"{where}/replay", json={"reason": "no such"}, headers=manager)
    again = await client.post(f"{where}/replay", json={"recipients": ["u2"]}, headers=manager)

    assert paused.json()["data"] == {"delivery": "paused"}
    assert (unfit.status_code, unfit.json()["code"]) == (400, "delivery_step")
    assert [one.json()["data"]["count"] for one in (other, again)] == [0, 1]
    with store.transaction() as conn:
        verbs = conn.execute("SELECT verb FROM audit_log WHERE subject = 'destination'").fetchall()
    assert [verb for (verb,) in verbs] == ["pause", "replayed", "replayed"]


async def test_alerts_are_made_listed_and_deleted(
    client: httpx.AsyncClient, make_token: MakeToken
) -> None:
    headers = key(make_token, "data_manager")
    new = {"label": "Watch", "channel": "email", "target": "ops@example.org"}

    made = await client.post("/api/alerts", json=new, headers=headers)
    number = made.json()["data"]["id"]
    listed = await client.get("/api/alerts", headers=headers)
    refused = await client.get("/api/alerts", headers=key(make_token, "observer"))
    gone = await client.delete(f"/api/alerts/{number}", headers=headers)
    again = await client.delete(f"/api/alerts/{number}", headers=headers)

    assert made.status_code == 201
    assert [rule["target_shown"] for rule in listed.json()["data"]] == ["ops@example.org"]
    assert refused.status_code == 403
    assert (gone.status_code, again.status_code) == (200, 404)


def key(make_token: MakeToken, scope: str) -> dict[str, str]:
    return {"authorization": make_token((scope,)).token}
