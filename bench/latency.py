"""How long it takes from an accepted event to a visible change and to Braze.

The whole product runs (collector, worker, jobs, sender, an embedded PostgreSQL), and the Braze
sandbox beside it. A steady 1,000 events a second come in about people who browse; every now and
then somebody buys for the first time and so enters an audience that is exported. For those it is
measured when the event was accepted (its answer came), when the change could be read from the
stream, and when the sandbox got the request.
"""

import http.client
import json
import random
import statistics
import tempfile
import threading
import time
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec
from _figures import Options, print_figures, read_options
from _load import percentile
from sandbox import HOST, KEY, serving

from coterie.app.services import open_services
from coterie.app.up import current_environment, running_product
from coterie.base.log import configure_logging
from coterie.base.settings import Settings
from coterie.control.accounts import create_account
from coterie.control.authorizations import create_authorization
from coterie.control.definitions.audiences import create_audience
from coterie.control.jobs import create_export
from coterie.control.tokens import create_token
from coterie.model.control import Actor

ACTOR = Actor(name="bench")
EVENTS_A_SECOND = 1_000
SENDERS = 4
EVENTS_A_REQUEST = 25
PEOPLE = 5_000
# One of so many requests carries a first order.
BUYER_EVERY = 4
FLUSH_SECONDS = 0.05
WARM_UP = 3.0
LAST_ARRIVALS = 10.0


class Moments(msgspec.Struct):
    """When each buyer's event was accepted, could be read as a change, and was told to Braze."""

    accepted: dict[str, float] = {}
    visible: dict[str, float] = {}
    delivered: dict[str, float] = {}
    sent: int = 0


def main() -> None:
    """Run the benchmark."""
    options = read_options(__doc__ or "")
    configure_logging("console", level="error")
    with tempfile.TemporaryDirectory() as folder, serving() as braze:
        settings = Settings(
            data_dir=Path(folder), flush_seconds=FLUSH_SECONDS, allow_private_addresses=True,
            log_level="error",
        )  # fmt: skip
        env = {
            **current_environment(),
            "COTERIE_FLUSH_SECONDS": str(FLUSH_SECONDS),
            "COTERIE_ALLOW_PRIVATE_ADDRESSES": "true",
            "COTERIE_LOG_LEVEL": "error",
        }
        with running_product(settings, env) as product:
            account, token = prepare(settings, product.url, braze)
            figures = measure(product.address, account, token, braze, options)
    print_figures("latency", figures, options)


def prepare(settings: Settings, url: str, braze: int) -> tuple[int, str]:
    """Make the account with its audience and its export; return its number and a token."""
    with open_services(settings, url) as services:
        store, clock = services.store, services.clock
        account = create_account(store, name="Bench", actor=ACTOR, clock=clock).number
        create_audience(
            store, account=account, slug="buyers", name="Buyers",
            filter_text="FILTER order_count >= 1", actor=ACTOR, clock=clock,
        )  # fmt: skip
        authorization = create_authorization(
            store,
            services.ring,
            account=account,
            provider="braze",
            method="api_key",
            label="Sandbox",
            description="",
            config={"apikey": KEY, "endpoint_url": f"http://{HOST}:{braze}"},
            actor=ACTOR,
            now=clock(),
            probe=None,
        )
        create_export(
            store,
            account=account,
            label="Buyers",
            authorization_id=authorization.id,
            config={"identifier_field": "user_id", "audiences": ["buyers"], "existing_users": True},
            actor=ACTOR,
            clock=clock,
        )
        token = create_token(
            store, account=account, name="bench", scopes=["data_manager"], expires_at=None,
            actor=ACTOR, now=clock(),
        )  # fmt: skip
    return account, token.token


def measure(
    address: str, account: int, token: str, braze: int, options: Options
) -> dict[str, int | float | str]:
    """Send a steady stream, and watch both ends."""
    seconds = 10.0 if options.quick else 60.0
    moments, stop = Moments(), threading.Event()
    parts = urlsplit(address)
    web = (parts.hostname or HOST, parts.port or 80)
    began = time.time()
    watchers = [
        threading.Thread(target=watch_changes, args=(web, token, moments, stop)),
        threading.Thread(target=watch_braze, args=((HOST, braze), moments, stop)),
    ]
    senders = [
        threading.Thread(target=send, args=(web, account, token, moments, number, seconds))
        for number in range(SENDERS)
    ]
    for thread in (*watchers, *senders):
        thread.start()
    for thread in senders:
        thread.join()
    rate = moments.sent / (time.time() - began)
    deadline = time.time() + LAST_ARRIVALS
    while time.time() < deadline and moments.accepted.keys() - moments.delivered.keys():
        time.sleep(0.1)
    stop.set()
    for thread in watchers:
        thread.join()
    # What came while everything warmed up does not count.
    counted = {who for who, at in moments.accepted.items() if at >= began + WARM_UP}
    delivered = spans(moments.accepted, moments.delivered, counted)
    visible = spans(moments.accepted, moments.visible, counted)
    return {
        "events_per_second": round(rate),
        "buyers": len(counted),
        "lost": len(counted - moments.delivered.keys()),
        "flush_ms": round(1_000 * FLUSH_SECONDS),
        "visible_p50_ms": round(1_000 * percentile(visible, 0.5)),
        "visible_p99_ms": round(1_000 * percentile(visible, 0.99)),
        "p50_ms": round(1_000 * percentile(delivered, 0.5)),
        "p99_ms": round(1_000 * percentile(delivered, 0.99)),
        "mean_ms": round(1_000 * statistics.fmean(delivered or [0.0])),
    }


def spans(starts: dict[str, float], ends: dict[str, float], which: set[str]) -> list[float]:
    """Return the seconds between two moments of each buyer, in rising order."""
    return sorted(max(0.0, ends[who] - starts[who]) for who in which if who in ends)


def send(
    web: tuple[str, int],
    account: int,
    token: str,
    moments: Moments,
    number: int,
    seconds: float,
) -> None:
    """Send requests at even distances; note when those with a buyer were answered."""
    chance = random.Random(number)
    connection = http.client.HTTPConnection(*web, timeout=30)
    pause = EVENTS_A_REQUEST * SENDERS / EVENTS_A_SECOND
    began = time.monotonic()
    turn = 0
    while (due := turn * pause) < seconds:
        time.sleep(max(0.0, began + due - time.monotonic()))
        events: list[dict[str, Any]] = [
            {"user_id": f"user-{chance.randrange(PEOPLE)}", "_e": "view", "url": f"/shop/{turn}"}
            for _ in range(EVENTS_A_REQUEST)
        ]
        buyer = f"buyer-{number}-{turn}" if turn % BUYER_EVERY == 0 else ""
        if buyer:
            events[-1] = {"user_id": buyer, "_e": "order", "order_amount": 5}
        connection.request(
            "POST",
            f"/c/{account}/default",
            json.dumps(events),
            {"Authorization": token, "Content-Type": "application/json"},
        )
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise SystemExit("An event was refused: " + str(answer.status))
        if buyer:
            moments.accepted[buyer] = time.time()
        moments.sent += EVENTS_A_REQUEST
        turn += 1


def watch_changes(
    web: tuple[str, int], token: str, moments: Moments, stop: threading.Event
) -> None:
    """Follow the stream of changes, and note when each buyer is first read."""
    connection = http.client.HTTPConnection(*web, timeout=30)
    query = "audiences=buyers&fields=user_id&limit=1000"
    cursor = ""
    while not stop.is_set():
        asked = f"/api/changes?{query}" + (f"&cursor={quote(cursor)}" if cursor else "")
        connection.request("GET", asked, headers={"Authorization": token})
        page = json.loads(connection.getresponse().read())["data"]
        now = time.time()
        for change in page["changes"]:
            moments.visible.setdefault((change["values"] or {}).get("user_id", ""), now)
        cursor = page["cursor"]
        stop.wait(0.02)


def watch_braze(braze: tuple[str, int], moments: Moments, stop: threading.Event) -> None:
    """Read from the sandbox's journal when each buyer was told."""
    connection = http.client.HTTPConnection(*braze, timeout=30)
    after = 0
    while not stop.is_set():
        connection.request(
            "GET", f"/_sandbox/journal?path=/users/track&limit=500&bodies=1&after={after}"
        )
        for entry in json.loads(connection.getresponse().read())["entries"]:
            after = max(after, entry["number"])
            sent = json.loads(entry["request"])
            at = datetime.fromisoformat(entry["at"]).timestamp()
            for each in sent.get("attributes", ()):
                moments.delivered.setdefault(each.get("external_id", ""), at)
        stop.wait(0.2)


if __name__ == "__main__":
    main()
