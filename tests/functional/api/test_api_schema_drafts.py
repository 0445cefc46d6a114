"""Programs draft a schema, try it on events that came in, and publish it."""

import httpx
import pytest
from tests.functional.api.conftest import MakeToken

DRAFTS = "/api/schema/drafts"
LQL = """
SELECT colour KIND string, string.uppercase(city) AS city
FROM default INTO user BY user_id OR email OR phone OR _uids ALIAS more
"""


@pytest.fixture
def signed(make_token: MakeToken) -> dict[str, str]:
    return {"authorization": f"Bearer {make_token(('data_manager', 'data_write')).token}"}


async def test_a_draft_is_tried_on_recent_events_and_published(
    client: httpx.AsyncClient, signed: dict[str, str]
) -> None:
    event = {"user_id": "u1", "city": "Oslo", "colour": "red"}
    sent = await client.post("/collect/json/default", json=event, headers=signed)
    made = await client.post(DRAFTS, json={"name": "colours"}, headers=signed)

    wrote = await client.post(f"{DRAFTS}/colours/lql", json={"lql": LQL}, headers=signed)
    preview = await client.get(f"{DRAFTS}/colours/preview", headers=signed)
    late = await client.post(f"{DRAFTS}/colours/publish", json={"revision": 1}, headers=signed)
    done = await client.post(f"{DRAFTS}/colours/publish", json={"revision": 2}, headers=signed)

    assert (sent.status_code, made.status_code, wrote.status_code) == (200, 201, 200)
    stream = preview.json()["data"]["streams"][0]
    assert (stream["stream"], stream["events"], stream["counted_after"]) == ("default", 1, 1)
    assert {one["field"]: one["examples"] for one in stream["fields"]} == {
        "city": [{"before": "Oslo", "after": "OSLO"}],
        "colour": [{"before": None, "after": "red"}],
    }
    assert (late.status_code, late.json()["code"]) == (409, "draft_changed")
    assert (done.status_code, done.json()["data"]["version"]) == (201, 2)


async def test_a_field_is_renamed_in_a_draft(
    client: httpx.AsyncClient, signed: dict[str, str], make_token: MakeToken
) -> None:
    await client.post(DRAFTS, json={"name": "words"}, headers=signed)
    reader = {"authorization": f"Bearer {make_token(('observer',)).token}"}
    path = f"{DRAFTS}/words/fields/city/rename"

    refused = await client.post(path, json={"name": "town"}, headers=reader)
    late = await client.post(path, json={"name": "town", "revision": 9}, headers=signed)
    made = await client.post(path, json={"name": "town", "revision": 1}, headers=signed)
    report = await client.get(f"{DRAFTS}/words/check", headers=signed)

    assert (refused.status_code, late.status_code, made.status_code) == (403, 409, 200)
    assert report.json()["data"]["renamed"] == {"city": "town"}
    assert report.json()["data"]["faults"] == []


async def test_a_faulty_draft_is_kept_and_not_published(
    client: httpx.AsyncClient, signed: dict[str, str]
) -> None:
    made = (await client.post(DRAFTS, json={"name": "b"}, headers=signed)).json()["data"]
    content = made["content"]
    content.pop("next_field_id")
    content["mappings"].append({"stream": "default", "field": "none", "expr": "lower(("})

    put = await client.put(
        f"{DRAFTS}/b", json={**content, "revision": made["revision"]}, headers=signed
    )
    check = await client.get(f"{DRAFTS}/b/check", headers=signed)
    refused = await client.post(f"{DRAFTS}/b/publish", json={}, headers=signed)
    dropped = await client.delete(f"{DRAFTS}/b", headers=signed)
    listed = await client.get(DRAFTS, headers=signed)

    assert put.status_code == 200
    faults = check.json()["data"]["faults"]
    assert [fault["where"] for fault in faults] == ["mapping default/none"]
    assert (refused.status_code, refused.json()["code"]) == (400, "faulty_schema")
    assert (dropped.status_code, listed.json()["data"]) == (200, [])


async def test_who_may_only_read_changes_no_draft(
    client: httpx.AsyncClient, signed: dict[str, str], make_token: MakeToken
) -> None:
    await client.post(DRAFTS, json={"name": "c"}, headers=signed)
    reader = {"authorization": f"Bearer {make_token(('observer',)).token}"}

    answers = [
        await client.post(DRAFTS, json={"name": "d"}, headers=reader),
        await client.post(f"{DRAFTS}/c/lql", json={"lql": LQL}, headers=reader),
        await client.post(f"{DRAFTS}/c/catch-up", json={}, headers=reader),
        await client.post(f"{DRAFTS}/c/publish", json={}, headers=reader),
        await client.delete(f"{DRAFTS}/c", headers=reader),
    ]
    shown = await client.get(f"{DRAFTS}/c", headers=reader)

    assert {answer.status_code for answer in answers} == {403}
    assert shown.status_code == 200
