import re
from datetime import timedelta
from typing import Any

import pytest
from tests.functional.console.conftest import ACCOUNT, NOW, DataPlane, Visitor, sample_profile

from coterie.console.dependencies import ConsoleDependencies
from coterie.control.tokens import check_token, list_tokens
from coterie.model.streams import RejectedReport
from coterie.model.views import EventView

NEW = "/account/tokens/new"
TOKEN = re.compile(r"cot_[a-z0-9]{8}_[\w-]{43}")


def test_a_token_is_shown_once_with_the_address_for_braze(
    admin: Visitor, deps: ConsoleDependencies
) -> None:
    page = admin.send(NEW, name="Webhook", scopes=["data_write"], expiry="30").text

    found = TOKEN.search(page)
    assert found is not None
    assert f"http://testserver.local/c/{ACCOUNT}/braze_users?key={found[0]}" in page
    grant = check_token(deps.store, presented=found[0], now=NOW)
    assert grant is not None
    assert grant.scopes == ("data_write",)
    assert grant.expires_at == NOW + timedelta(days=30)
    assert not TOKEN.search(admin.open("/account/tokens").text)


def test_behind_https_the_address_for_braze_is_https(admin: Visitor) -> None:
    admin.client.headers["x-forwarded-proto"] = "https"

    page = admin.send(NEW, name="Webhook", scopes=["data_write"], expiry="30").text

    assert "https://testserver.local/c/" in page


@pytest.mark.parametrize(
    ("expiry", "day", "expires_at"),
    [
        ("7", "", NOW + timedelta(days=7)),
        ("90", "2031-06-01", NOW + timedelta(days=90)),
        ("custom", "2031-05-31", NOW.replace(month=6, day=1, hour=0)),
        ("never", "", None),
    ],
)
def test_a_token_expires_when_the_form_says(
    admin: Visitor, deps: ConsoleDependencies, expiry: str, day: str, expires_at: object
) -> None:
    admin.send(NEW, name="T", scopes=["observer"], expiry=expiry, expiry_day=day)

    (token,) = list_tokens(deps.store, ACCOUNT)
    assert token.expires_at == expires_at


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"expiry": "custom", "expiry_day": "soon"}, "such as 2031-05-31"),
        ({"expiry": "custom", "expiry_day": "9999-12-31"}, "such as 2031-05-31"),
        ({"expiry": "custom", "expiry_day": "2031-01-01"}, "would have expired already"),
        ({"expiry": ""}, "Choose when the token expires"),
        ({"scopes": []}, "At least one scope is needed"),
        ({"scopes": ["root"]}, "There is no scope"),
        ({"name": ""}, "needs a name"),
    ],
)
def test_a_token_that_cannot_be_made_says_why(
    admin: Visitor, deps: ConsoleDependencies, values: dict[str, object], words: str
) -> None:
    form: dict[str, Any] = {"name": "T", "scopes": ["observer"], "expiry": "7"} | values

    answer = admin.send(NEW, **form)

    assert answer.status_code == 400
    assert words in answer.text
    assert list_tokens(deps.store, ACCOUNT) == []


def test_revoking_asks_first_names_the_token_and_works_at_once(
    admin: Visitor, deps: ConsoleDependencies
) -> None:
    made = TOKEN.search(admin.send(NEW, name="Old", scopes=["observer"], expiry="7").text)
    assert made is not None
    (token,) = list_tokens(deps.store, ACCOUNT)
    revoke = f"/account/tokens/{token.id}/revoke"

    asked = admin.open(revoke).text
    answer = admin.send(revoke)

    assert "Revoke “Old”" in asked
    assert "no longer works" in admin.follow(answer).text
    assert check_token(deps.store, presented=made[0], now=NOW) is None


def test_the_audit_log_names_people(admin: Visitor) -> None:
    admin.send("/data/streams", name="shop")

    page = admin.open("/account/audit").text

    assert "created <strong>stream</strong> shop" in page
    assert "admin@example.org" in page


def test_a_profile_is_found_by_an_identifier_that_stays_out_of_the_address(
    admin: Visitor, data_plane: DataPlane
) -> None:
    data_plane.profiles["email", "ada@example.org"] = sample_profile()

    page = admin.send("/profiles", field="email", value=" ada@example.org ")

    assert page.status_code == 200
    assert page.url.query == b""
    for shown in ("1,204", "shoes: 3.5", "13 May 2031", 'href="/audiences/fans"'):
        assert shown in page.text


def test_an_unknown_person_comes_with_advice(admin: Visitor) -> None:
    page = admin.send("/profiles", field="email", value="nobody@example.org")

    assert page.status_code == 404
    assert "Nobody has “nobody@example.org” as email" in page.text
    assert 'href="/data/streams"' in page.text


def test_a_stream_shows_its_events_readably(admin: Visitor, data_plane: DataPlane) -> None:
    data_plane.events = (
        EventView(
            lane=1,
            seq=7,
            stream="default",
            received_at=NOW,
            occurred_at=None,
            body='{"event":"purchase"}',
            outcome="poison",
            reason="The event broke the mapping of field 'total'.",
        ),
    )
    data_plane.rejected = (
        RejectedReport(
            ref="1",
            received_at=NOW,
            source="http",
            position="line 3",
            reason="Not JSON.",
            body="{oops",
            is_cut=False,
        ),
    )

    page = admin.open("/data/streams/default").text

    assert "{\n  &#34;event&#34;: &#34;purchase&#34;\n}" in page
    assert "Poison" in page
    assert "The event broke the mapping" in page
    assert "Not JSON." in page
    assert "{oops" in page


def test_a_stream_is_created_by_name(admin: Visitor) -> None:
    created = admin.send("/data/streams", name="web_shop")
    refused = admin.send("/data/streams", name="1 bad name")

    assert created.headers["location"] == "/data/streams/web_shop"
    assert admin.follow(created).status_code == 200
    assert refused.status_code == 400
    assert "cannot name a stream" in refused.text
