"""Who may send to a stream, and how a request is signed."""

import base64
import hashlib
import hmac
from typing import Any

import httpx
import msgspec
import pytest
from tests.functional.api.conftest import ACCOUNT, ACTOR

from coterie.app.services import Services
from coterie.base.clock import system_clock
from coterie.control.definitions.braze_networks import BRAZE_NETWORKS
from coterie.control.definitions.intake import (
    BadIntakeError,
    drop_secret,
    get_intake,
    renew_secret,
    set_intake,
)
from coterie.model.intake import Intake
from coterie.store import Connection

STREAM = "braze_users"
HOOK = f"/c/{ACCOUNT}/{STREAM}"
BODY = b'{"external_id": "u1"}'


def change(services: Services, **rules: Any) -> Intake:
    now = get_intake(services.store, ACCOUNT, STREAM).intake
    return set_intake(
        services.store,
        account=ACCOUNT,
        stream=STREAM,
        intake=msgspec.structs.replace(now, **rules),
        actor=ACTOR,
        clock=system_clock,
    ).intake


def new_secret(services: Services) -> str:
    return renew_secret(
        services.store,
        services.ring,
        account=ACCOUNT,
        stream=STREAM,
        actor=ACTOR,
        clock=system_clock,
    )


def sign(secret: str, body: bytes = BODY, algorithm: str = "sha256") -> bytes:
    return hmac.new(secret.encode(), body, getattr(hashlib, algorithm)).digest()


def count(conn: Connection) -> int:
    row = conn.execute("SELECT count(*) FROM event_log").fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.parametrize("form", ["{}", "sha256={}"])
async def test_a_signed_request_needs_no_token(
    client: httpx.AsyncClient, services: Services, conn: Connection, form: str
) -> None:
    digest = sign(new_secret(services))
    in_hex = {"X-Coterie-Signature": form.format(digest.hex())}
    in_base64 = {"X-Coterie-Signature": form.format(base64.b64encode(digest).decode())}

    answers = [await client.post(HOOK, content=BODY, headers=h) for h in (in_hex, in_base64)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert count(conn) == 2


async def test_another_algorithm_can_be_agreed(
    client: httpx.AsyncClient, services: Services
) -> None:
    change(services, algorithm="sha512")
    signature = sign(new_secret(services), algorithm="sha512").hex()

    answer = await client.post(HOOK, content=BODY, headers={"X-Coterie-Signature": signature})

    assert answer.status_code == 200


@pytest.mark.parametrize("signature", ["", "00", "%%%", sign("another secret").hex()])
async def test_a_wrong_signature_is_refused(
    client: httpx.AsyncClient, services: Services, conn: Connection, signature: str
) -> None:
    new_secret(services)

    answer = await client.post(HOOK, content=BODY, headers={"X-Coterie-Signature": signature})

    assert (answer.status_code, answer.json()["code"]) == (401, "signature_refused")
    assert count(conn) == 0


async def test_a_signature_means_nothing_to_a_stream_without_a_secret(
    client: httpx.AsyncClient, services: Services
) -> None:
    secret = new_secret(services)
    drop_secret(services.store, account=ACCOUNT, stream=STREAM, actor=ACTOR, clock=system_clock)
    headers = {"X-Coterie-Signature": sign(secret).hex()}

    answers = [
        await client.post(path, content=BODY, headers=headers)
        for path in (HOOK, f"/c/{ACCOUNT}/nowhere", "/collect/json/default")
    ]

    assert [answer.json()["code"] for answer in answers] == ["token_missing"] * 3


@pytest.mark.parametrize(
    ("allow", "forwarded", "status"),
    [
        (("10.0.0.0/8",), "10.1.2.3", 200),
        (("10.0.0.0/8",), "11.1.2.3", 403),
        (("braze",), BRAZE_NETWORKS[0].removesuffix("/32"), 200),
        (("braze",), "192.0.2.1", 403),
        # Whoever sends may write what they like before the address that the proxy saw.
        (("10.0.0.0/8",), "10.1.2.3, 192.0.2.1", 403),
        (("10.0.0.0/8",), "192.0.2.1, 10.1.2.3", 200),
        (("10.0.0.0/8",), "10.1.2.3, nonsense", 403),
        (("127.0.0.1",), None, 200),
        (("10.0.0.0/8",), None, 403),
        ((), "192.0.2.1", 200),
    ],
)
async def test_only_addresses_of_the_list_may_send(
    client: httpx.AsyncClient,
    services: Services,
    token: str,
    allow: tuple[str, ...],
    forwarded: str | None,
    status: int,
) -> None:
    change(services, allow=allow)
    headers = {"Authorization": token}
    if forwarded is not None:
        headers["X-Forwarded-For"] = forwarded

    answer = await client.post(HOOK, content=BODY, headers=headers)

    assert answer.status_code == status
    if status == 403:
        assert answer.json()["code"] == "address_refused"


@pytest.mark.parametrize(
    "wrong", [{"allow": ("10.0.0.300",)}, {"window_minutes": 0}, {"ignore": ("k",) * 101}]
)
def test_rules_that_cannot_be_are_refused(services: Services, wrong: dict[str, Any]) -> None:
    with pytest.raises(BadIntakeError):
        change(services, **wrong)


async def test_near_json_of_a_template_is_refused_with_its_place_and_kept_whole(
    client: httpx.AsyncClient, conn: Connection, token: str
) -> None:
    rendered = b'{\n  "external_id": "u1",\n  "first_name": "Ada "the" Countess"\n}'

    answer = await client.post(HOOK, content=rendered, headers={"Authorization": token})

    assert answer.status_code == 400
    assert "line 3 column 23" in answer.json()["message"]
    kept = conn.execute("SELECT stream, position, body FROM rejected_event").fetchall()
    assert kept == [(STREAM, "line 3 column 23", rendered)]
