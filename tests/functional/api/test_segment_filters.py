"""Clients of Lytics ask about filters that are not saved, and look at a segment as a whole."""

from datetime import timedelta

import httpx
import pytest
from tests.functional.api.test_entity_api import ACCOUNT, known, manager, observer, send

from coterie.app.services import Services
from coterie.base.clock import system_clock
from coterie.control.definitions.audiences import get_audience

__all__ = ["known", "manager", "observer"]

Headers = dict[str, str]
AS_TEXT = {"Content-Type": "text/plain"}


@pytest.mark.usefixtures("known")
async def test_a_filter_is_scanned_page_by_page_without_saving_it(
    client: httpx.AsyncClient, services: Services, manager: Headers
) -> None:
    await send(client, services, manager, [{"user_id": f"u{n}", "city": "Rome"} for n in (2, 3)])
    text = b'FILTER OR (city = "Rome", order_total > 200)'
    found, start = [], ""
    while True:
        page = await client.post(
            f"/api/segment/scan?limit=1&start={start}", content=text, headers=manager | AS_TEXT
        )
        found += page.json()["data"]
        start = page.json()["_next"]
        if not start:
            break

    people = {one["user_id"]: one for one in found}
    assert sorted(one["user_id"] for one in found) == ["u1", "u2", "u3"]
    assert people["u1"]["order_total"] == 230.5
    assert people["u1"]["email"] == "ann@example.org"
    assert people["u1"]["segments"] == ["buyers"]
    every = await client.get("/v2/segment", headers=manager)
    assert [one["slug_name"] for one in every.json()["data"]] == ["buyers"]


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize("path", ["validate", "size", "scan"])
async def test_a_filter_comes_as_text_or_as_json(
    client: httpx.AsyncClient, manager: Headers, path: str
) -> None:
    url = f"/api/segment/{path}"
    text = await client.post(url, content=b"FILTER EXISTS email", headers=manager | AS_TEXT)
    form = await client.post(url, json={"segment_ql": "FILTER EXISTS email"}, headers=manager)
    wrong = await client.post(url, content=b"FILTER city >", headers=manager | AS_TEXT)
    refused = [
        await client.post(url, content=body, headers=manager)
        for body in (b"", b" \n", b"\xff", b"{", b'{"segment_ql": 1}', b"{}")
    ]

    assert (text.status_code, form.status_code) == (200, 200)
    assert text.json()["data"] == form.json()["data"]
    assert wrong.status_code == 400
    assert {(each.status_code, each.json()["code"]) for each in refused} == {
        (400, "bad_filter_body")
    }


@pytest.mark.usefixtures("known")
async def test_who_may_not_see_personal_values_cannot_seek_by_them(
    client: httpx.AsyncClient, observer: Headers
) -> None:
    answer = await client.post(
        "/api/segment/scan", content=b'FILTER email LIKE "a*"', headers=observer
    )

    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")


@pytest.mark.usefixtures("known")
async def test_a_segment_is_told_at_a_look(
    client: httpx.AsyncClient, services: Services, manager: Headers
) -> None:
    await send(client, services, manager, [{"user_id": f"u{n}"} for n in (2, 3, 4)])
    body = {"name": "b", "slug_name": "b", "segment_ql": "FILTER INCLUDE buyers"}
    await client.post("/v2/segment", json=body, headers=manager)
    number = get_audience(services.store, ACCOUNT, "buyers").id
    with services.store.transaction() as conn:
        for days, size in ((10, 5), (40, 9)):
            at = system_clock() - timedelta(days=days)
            conn.execute("INSERT INTO audience_size VALUES (%s, %s, %s)", (number, at, size))

    answer = await client.get("/api/segment/buyers/summary", headers=manager)
    nobody = await client.get("/api/segment/nobody/summary", headers=manager)

    told = answer.json()["data"]
    assert (told["size"], told["profiles"], told["share"]) == (1, 4, 0.25)
    assert told["change"] == {"day": -4, "week": -4, "month": None}
    assert (told["jobs"], told["included_by"], told["tags"]) == (0, ["b"], [])
    assert nobody.status_code == 404
