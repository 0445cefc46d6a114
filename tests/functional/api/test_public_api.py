"""What is told of people without a token."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from tests.functional.api.test_entity_api import ACCOUNT, known, manager

from coterie.api.turnstile import TooManyRequestsError, Turnstile
from coterie.app.services import Services
from coterie.base.clock import system_clock
from coterie.control.audit import list_audit
from coterie.control.definitions.edits import FieldChange, change_field
from coterie.control.definitions.schema import publish_edit
from coterie.control.personalization import (
    Allowed,
    BadPersonalizationError,
    allow_personalization,
    find_personalization,
    stop_personalization,
)
from coterie.model.control import Actor
from coterie.store import Store

__all__ = ["known", "manager"]

ACTOR = Actor(name="test")
PATH = f"/api/me/{ACCOUNT}/user_id/u1"
SHOP = "https://shop.example.org"
Allow = Callable[..., None]


@pytest.fixture
def allow(store: Store) -> Allow:
    def allowed(
        fields: tuple[str, ...] = ("order_total",),
        audiences: tuple[str, ...] = ("buyers",),
        by_fields: tuple[str, ...] = ("user_id",),
        origins: tuple[str, ...] = (SHOP,),
    ) -> None:
        given = Allowed(fields=fields, audiences=audiences, by_fields=by_fields, origins=origins)
        allow_personalization(
            store, account=ACCOUNT, allowed=given, actor=ACTOR, now=system_clock()
        )

    return allowed


@pytest.mark.usefixtures("known")
async def test_nothing_is_public_unless_somebody_allows_it(client: httpx.AsyncClient) -> None:
    mine, nobody_s = await client.get(PATH), await client.get("/api/me/99/user_id/u1")

    assert (mine.status_code, mine.json()["code"]) == (404, "not_public")
    assert mine.json() == nobody_s.json()


@pytest.mark.usefixtures("known")
async def test_what_is_allowed_is_told_and_nothing_else(
    client: httpx.AsyncClient, allow: Allow
) -> None:
    allow()

    answer = await client.get(PATH, headers={"Origin": SHOP})
    by_another = await client.get(f"/api/me/{ACCOUNT}/email/ann@example.org")

    assert answer.json()["data"] == {"order_total": 230.5, "segments": ["buyers"]}
    assert answer.headers["access-control-allow-origin"] == SHOP
    assert by_another.json()["code"] == "not_public"


@pytest.mark.usefixtures("known")
async def test_who_is_a_customer_is_not_told(client: httpx.AsyncClient, allow: Allow) -> None:
    allow()

    answer = await client.get(f"/api/me/{ACCOUNT}/user_id/nobody")

    assert (answer.status_code, answer.json()["data"]) == (200, {"segments": []})


@pytest.mark.usefixtures("known")
async def test_pages_of_other_web_sites_are_refused(
    client: httpx.AsyncClient, allow: Allow
) -> None:
    allow()

    answer = await client.get(PATH, headers={"Origin": "https://evil.example.net"})

    assert (answer.status_code, answer.json()["code"]) == (403, "origin_refused")


@pytest.mark.usefixtures("known")
async def test_a_field_that_becomes_personal_is_public_no_more(
    client: httpx.AsyncClient, allow: Allow, services: Services
) -> None:
    allow()
    publish_edit(
        services.store,
        account=ACCOUNT,
        edit=lambda draft: change_field(draft, "order_total", FieldChange(is_personal=True)),
        actor=ACTOR,
        clock=system_clock,
    )

    answer = await client.get(PATH)

    assert answer.json()["data"] == {"segments": ["buyers"]}


@pytest.mark.usefixtures("known")
async def test_what_is_stopped_is_public_no_more(
    client: httpx.AsyncClient, allow: Allow, store: Store
) -> None:
    allow()

    stopped = stop_personalization(store, account=ACCOUNT, actor=ACTOR, now=system_clock())
    again = stop_personalization(store, account=ACCOUNT, actor=ACTOR, now=system_clock())

    assert (stopped, again) == (True, False)
    assert find_personalization(store, ACCOUNT) is None
    assert (await client.get(PATH)).status_code == 404
    verbs = [
        entry.verb for entry in list_audit(store, ACCOUNT) if entry.subject == "personalization"
    ]
    assert verbs == ["stopped", "allowed"]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"fields": ("email",)}, "personal data"),
        ({"fields": ("nope",)}, "no field 'nope'"),
        ({"by_fields": ("city",)}, "identifies nobody"),
        ({"by_fields": ()}, "at least one"),
        ({"origins": ("shop.example.org",)}, "no web site"),
        ({"fields": tuple(f"f{n}" for n in range(101))}, "At most 100"),
    ],
)
def test_what_cannot_be_public_is_refused(
    allow: Allow, wrong: dict[str, tuple[str, ...]], message: str
) -> None:
    with pytest.raises(BadPersonalizationError, match=message):
        allow(**{"audiences": (), **wrong})


def test_requests_pass_at_their_rate_and_accounts_do_not_share_it() -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    turnstile = Turnstile(per_second=2, clock=lambda: now)
    for _ in range(4):
        turnstile.pass_one(1)

    with pytest.raises(TooManyRequestsError):
        turnstile.pass_one(1)
    turnstile.pass_one(2)
    now += timedelta(seconds=0.5)
    turnstile.pass_one(1)
    with pytest.raises(TooManyRequestsError):
        turnstile.pass_one(1)
