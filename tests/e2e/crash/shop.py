"""Sets up the account of the crash tests as its people would."""

import time
from collections.abc import Callable
from typing import TypeVar

import msgspec

from coterie.app.services import Services
from coterie.base.clock import Clock
from coterie.control.accounts import create_account
from coterie.control.authorizations import create_authorization
from coterie.control.definitions.audiences import create_audience
from coterie.control.definitions.schema import publish_lql
from coterie.control.definitions.streams import set_trusted
from coterie.control.jobs import create_export
from coterie.control.tokens import create_token
from coterie.model.control import Actor
from coterie.store import Store, StoreUnavailableError

Made = TypeVar("Made")

ACTOR = Actor(name="test")
ACCOUNT = 3012
STREAM = "shop"
ATTRIBUTE = "lytics_segments"
PATIENCE = 60.0
# Nothing delays a request here for so long, in seconds.
REQUEST_LIFE = 8

LQL = """
SELECT
    user_id                          KIND string,
    email(email)    AS email         KIND string,
    cookies         AS _uids         KIND []string MERGEOP merge,
    city                             KIND string,
    set(brand)      AS brands        SHORTDESC "Brands bought" KIND []string MERGEOP merge,
    valuect(channel) AS channel_counts SHORTDESC "Acts by channel"
                                     KIND map[string]intsum MERGEOP mapsum,
    count(amount)   AS order_count   KIND int MERGEOP sum,
    tonumber(amount) AS order_total  KIND number MERGEOP sum,
    tonumber(amount) AS order_largest KIND number MERGEOP max,
    todate(at)      AS first_order   IF exists(amount) KIND date MERGEOP min,
    todate(at)      AS last_order    IF exists(amount) KIND date MERGEOP max
FROM shop INTO user BY user_id OR email OR _uids ALIAS shop
"""

AUDIENCES = {
    "big_spenders": "FILTER order_total >= 300",
    "one_time_buyers": "FILTER order_count = 1",
    "in_oslo": 'FILTER city = "Oslo"',
    "early_birds": 'FILTER first_order < "2025-01-01T08:00:00Z"',
}
LATE_AUDIENCE = (
    "known_regulars",
    "FILTER AND (EXISTS user_id, order_count >= 2, NOT INCLUDE in_oslo)",
)


class Shop(msgspec.Struct, frozen=True):
    """What stands before the first event."""

    token: str
    authorization_id: int


def open_shop(services: Services, *, sandbox_url: str, sandbox_key: str) -> Shop:
    """Make the account, its schema, its first audiences, and what it takes to reach Braze."""
    store, clock = services.store, services.clock
    create_account(store, name="Shop", actor=ACTOR, clock=clock, number=ACCOUNT)
    furnish(store, ACCOUNT, clock)
    token = create_token(
        store,
        account=ACCOUNT,
        name="Till",
        description="",
        scopes=["data_write"],
        expires_at=None,
        actor=ACTOR,
        now=clock(),
    )
    authorization = create_authorization(
        store,
        services.ring,
        account=ACCOUNT,
        provider="braze",
        method="api_key",
        label="Braze sandbox",
        description="",
        config={
            "apikey": sandbox_key,
            "endpoint_url": sandbox_url,
            "request_life_seconds": REQUEST_LIFE,
        },
        actor=ACTOR,
        now=clock(),
    )
    return Shop(token.token, authorization.id)


def furnish(store: Store, account: int, clock: Clock) -> None:
    """Give an account the shop's schema and its first audiences."""
    publish_lql(store, account=account, text=LQL, actor=ACTOR, clock=clock)
    set_trusted(store, account=account, name=STREAM, trusted=True, actor=ACTOR, clock=clock)
    for audience in AUDIENCES.items():
        add_audience(store, account, clock, audience)


def add_audience(store: Store, account: int, clock: Clock, audience: tuple[str, str]) -> None:
    """Make an audience from its slug and filter."""
    slug, text = audience
    create_audience(
        store,
        account=account,
        slug=slug,
        name=slug,
        filter_text=text,
        actor=ACTOR,
        clock=clock,
    )


def start_export(services: Services, shop: Shop) -> None:
    """Make the job "Export Audience" with Existing Users, for all audiences."""
    create_export(
        services.store,
        account=ACCOUNT,
        label="Audiences to Braze",
        authorization_id=shop.authorization_id,
        config={
            "identifier_field": "user_id",
            "audiences": [*AUDIENCES, LATE_AUDIENCE[0]],
            "existing_users": True,
            "attribute": ATTRIBUTE,
        },
        actor=ACTOR,
        clock=services.clock,
    )


def insist(step: Callable[[], Made]) -> Made:
    """Take a step as a person does who is told that the database does not answer: again."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return step()
        except StoreUnavailableError:
            if time.monotonic() > deadline:
                raise
