"""The shop of the demo: its account, schema, audiences, authorization, job."""

from typing import Any

import msgspec

from coterie.app.services import Services
from coterie.control.accounts import create_account
from coterie.control.authorizations import create_authorization
from coterie.control.definitions.audiences import create_audience
from coterie.control.definitions.schema import publish_lql
from coterie.control.definitions.streams import set_trusted
from coterie.control.jobs import create_export, create_import_csv
from coterie.control.probes import build_probes
from coterie.control.tokens import create_token
from coterie.control.users import create_person
from coterie.model.control import Actor

ACTOR = Actor(name="demo")
STREAM = "orders"
ATTRIBUTE = "lytics_segments"
EMAIL = "demo@example.com"

ORDERS_LQL = """
-- What the shop's till sends: an order, or the panel number of a customer.
SELECT
    customer_id          AS user_id      KIND string,
    panel_id                             SHORTDESC "Number in the research panel" KIND string,
    count(amount)        AS order_count  KIND int MERGEOP sum,
    tonumber(amount)     AS order_total  KIND number MERGEOP sum,
    tonumber(amount)     AS order_largest KIND number MERGEOP max,
    toint(number_of_cds) AS cds_bought   SHORTDESC "CDs bought" KIND int MERGEOP sum,
    todate(order_day)    AS first_order  KIND date MERGEOP min,
    todate(order_day)    AS last_order   KIND date MERGEOP max
FROM orders INTO user BY user_id OR panel_id ALIAS orders
"""

AUDIENCES = {
    "big_spenders": ("Big spenders", "FILTER order_total >= 200"),
    "one_time_buyers": ("One-time buyers", "FILTER order_count = 1"),
    "loyal": ("Loyal customers", "FILTER AND (order_count >= 5, cds_bought >= 10)"),
    "lapsed": ("Lapsed since new year", 'FILTER last_order < "1998-01-01"'),
    "reachable_big_spenders": (
        "Big spenders with an e-mail address",
        "FILTER AND (INCLUDE big_spenders, EXISTS email)",
    ),
}
IN_BRAZE = ("known_in_braze", "Known in Braze", "FILTER EXISTS br_user_id")


class Shop(msgspec.Struct, frozen=True):
    """What was set up."""

    account: int
    token: str
    password: str
    authorization_id: int


def open_shop(services: Services, braze_url: str, braze_key: str) -> Shop:
    """Make the account with all that stands before the first order."""
    store, clock = services.store, services.clock
    account = create_account(store, name="CDNOW", actor=ACTOR, clock=clock).number
    password = "-".join(("Demo", str(account), "sign-in"))
    create_person(
        store,
        account=account,
        email=f"{account}.{EMAIL}",
        password=password,
        role="admin",
        actor=ACTOR,
        now=clock(),
    )
    publish_lql(store, account=account, text=ORDERS_LQL, actor=ACTOR, clock=clock)
    set_trusted(store, account=account, name=STREAM, trusted=True, actor=ACTOR, clock=clock)
    for slug, (name, text) in AUDIENCES.items():
        add_audience(services, account, slug, name, text)
    token = create_token(
        store,
        account=account,
        name="Till and Braze webhooks",
        description="",
        scopes=["data_manager"],
        expires_at=None,
        actor=ACTOR,
        now=clock(),
    )
    probes = build_probes(services.settings)
    authorization = create_authorization(
        store,
        services.ring,
        account=account,
        provider="braze",
        method="api_key",
        label="Braze sandbox",
        description="",
        config={"apikey": braze_key, "endpoint_url": braze_url},
        actor=ACTOR,
        now=clock(),
        probe=probes["braze"],
    )
    return Shop(account, token.token, password, authorization.id)


def add_audience(services: Services, account: int, slug: str, name: str, text: str) -> None:
    """Make an audience."""
    create_audience(
        services.store,
        account=account,
        slug=slug,
        name=name,
        description="",
        filter_text=text,
        actor=ACTOR,
        clock=services.clock,
    )


def start_export(services: Services, shop: Shop) -> int:
    """Make the job "Export Audience" with Existing Users; return its id."""
    return create_export(
        services.store,
        account=shop.account,
        label="Audiences to Braze",
        authorization_id=shop.authorization_id,
        config={
            "identifier_field": "user_id",
            "audiences": list(AUDIENCES),
            "existing_users": True,
            "attribute": ATTRIBUTE,
        },
        actor=ACTOR,
        clock=services.clock,
    ).id


def start_local_import(services: Services, shop: Shop, filename: str) -> int:
    """Make a job "Import CSV" that reads one file of the local folder; return its id."""
    return _start_import(services, shop, None, {"folder": ".", "filename": filename})


def start_sftp_import(services: Services, shop: Shop, server: dict[str, Any], filename: str) -> int:
    """Make an authorization for the client's SFTP server, and a job that reads one file there."""
    authorization = create_authorization(
        services.store,
        services.ring,
        account=shop.account,
        provider="sftp",
        method="client_sftp",
        label="Client's SFTP server",
        description="",
        config=server,
        actor=ACTOR,
        now=services.clock(),
        probe=build_probes(services.settings)["sftp"],
    )
    return _start_import(services, shop, authorization.id, {"filename": filename})


def _start_import(
    services: Services, shop: Shop, authorization_id: int | None, where: dict[str, str]
) -> int:
    return create_import_csv(
        services.store,
        account=shop.account,
        label=f"Braze users from {where['filename']}",
        authorization_id=authorization_id,
        config={"stream": "braze_csv", "braze_format": True, **where},
        actor=ACTOR,
        now=services.clock(),
    ).id
