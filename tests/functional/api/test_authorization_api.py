"""Authorizations over HTTP: tried before they are saved, and never shown with their secrets."""

import base64
from collections.abc import Iterator

import httpx
import pytest
from tests.functional.api.conftest import MakeToken
from tests.functional.webhooks.conftest import SECRET, Receiver, running_receiver

PLACE = "/api/authorizations"
NEW = "whsec_" + base64.b64encode(b"another key of twenty-si").decode()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with running_receiver() as running:
        yield running


def key(make_token: MakeToken, scope: str) -> dict[str, str]:
    return {"Authorization": make_token([scope]).token}


def asked(receiver: Receiver) -> dict[str, object]:
    config = {"url": receiver.url, "secret": SECRET}
    return {"provider": "webhook", "method": "signed", "label": "CRM", "config": config}


async def test_a_secret_is_rotated_and_no_answer_holds_one(
    client: httpx.AsyncClient, make_token: MakeToken, receiver: Receiver
) -> None:
    manager = key(make_token, "data_manager")
    made = await client.post(PLACE, json=asked(receiver), headers=manager)
    place = f"{PLACE}/{made.json()['data']['id']}"

    both = await client.put(place, json={"config": {"secret": NEW}}, headers=manager)
    third = await client.put(place, json={"config": {"secret": NEW + "!!!!"}}, headers=manager)
    one = await client.put(place, json={"without": ["old_secret"]}, headers=manager)
    listed = await client.get(PLACE, headers=key(make_token, "observer"))
    gone = await client.delete(place, headers=manager)

    assert made.status_code == 201
    assert both.json()["data"]["public_config"]["signing_secrets"] == 2
    assert (third.status_code, third.json()["code"]) == (400, "two_secrets")
    assert "signing_secrets" not in one.json()["data"]["public_config"]
    assert [each["label"] for each in listed.json()["data"]] == ["CRM"]
    assert gone.status_code == 200
    signed = [
        (request.is_signed_by(SECRET), request.is_signed_by(NEW)) for request in receiver.requests
    ]
    assert signed == [(True, False), (True, True), (False, True)]
    answers = made.text + both.text + third.text + one.text + listed.text
    assert SECRET not in answers
    assert NEW not in answers


async def test_what_the_receiver_refuses_is_not_saved_and_observers_change_nothing(
    client: httpx.AsyncClient, make_token: MakeToken, receiver: Receiver
) -> None:
    manager, observer = key(make_token, "data_manager"), key(make_token, "observer")
    receiver.statuses.append(401)

    refused = await client.post(PLACE, json=asked(receiver), headers=manager)
    denied = await client.post(PLACE, json=asked(receiver), headers=observer)
    unknown = await client.get(f"{PLACE}/4711", headers=observer)
    listed = await client.get(PLACE, headers=manager)

    assert (refused.status_code, refused.json()["code"]) == (400, "authorization_refused")
    assert (denied.status_code, unknown.status_code) == (403, 404)
    assert listed.json()["data"] == []
