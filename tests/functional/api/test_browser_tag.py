"""The browser tag in a real browser, on a page of another origin than the collector."""

import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from tests.e2e.test_console_flow_one import ARGUMENTS, CHROMIUM
from tests.functional.api.conftest import ACCOUNT, WebProcess, work_off

from coterie.api.tag import read_tag
from coterie.app.services import config_source
from coterie.base.clock import system_clock
from coterie.flow.run.lookup import Lookup
from coterie.model.control import NewToken
from coterie.store import Connection, Store

LARGEST = 5_000
DEADLINE = 60.0

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        pytest.skip("Chromium is not installed: apt-get install chromium")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture
def shop(web: WebProcess, make_token: Callable[..., NewToken]) -> Iterator[str]:
    """A web site with the tag on every page; its name is another than the collector's."""
    page = f"""<!doctype html><title>Shop</title>
    <script src="{web.address}/tag.js" data-account="{ACCOUNT}" data-key="{make_token().token}">
    </script>""".encode()

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://localhost:{server.server_port}/shoes?utm_source=news#top"
    server.shutdown()
    server.server_close()
    thread.join()


def events(conn: Connection, count: int) -> list[dict[str, Any]]:
    """Return all events, once there are so many."""
    deadline = time.monotonic() + DEADLINE
    while time.monotonic() < deadline:
        rows = conn.execute("SELECT body FROM event_log ORDER BY occurred_at").fetchall()
        if len(rows) >= count:
            return [msgspec.json.decode(body) for (body,) in rows]
        time.sleep(0.05)
    pytest.fail(f"there are {len(rows)} events, and not {count}")


def sent_by(page: Page) -> list[str]:
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if "/c/" in request.url else None)
    return sent


def names(context: BrowserContext) -> set[tuple[str, str]]:
    return {(cookie["name"], cookie["domain"]) for cookie in context.cookies()}


def test_the_tag_waits_for_consent_and_then_tells_what_the_visitor_did(
    browser: Browser, shop: str, store: Store, conn: Connection
) -> None:
    context = browser.new_context()
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    sent = sent_by(page)

    page.goto(shop)
    page.evaluate("coterie.track('looked', {product: 'RS-1180'})")
    before = (list(sent), names(context), page.evaluate("localStorage.length"))
    page.evaluate("coterie.consent(true)")
    first = events(conn, 2)

    assert before == ([], set(), 0)
    assert [event["_e"] for event in first] == ["page_view", "looked"]
    view, looked = first
    assert view["url"] == shop.partition("#")[0]
    assert view["utm_source"] == "news"
    assert looked["product"] == "RS-1180"
    assert view["_uid"] == looked["_uid"]
    # Cookies of the page's own site, none of the collector's.
    assert names(context) == {("coterie_consent", "localhost"), ("coterie_uid", "localhost")}

    page.evaluate("coterie.identify('u1', {email: 'u1@example.org'})")
    page.reload()
    later = events(conn, 4)

    assert later[2]["email"] == "u1@example.org"
    assert (later[3]["_e"], later[3]["user_id"], later[3]["_uid"]) == (
        "page_view",
        "u1",
        view["_uid"],
    )
    work_off(store)
    found = Lookup(store, config_source()).find_profile(ACCOUNT, "user_id", "u1", system_clock())
    assert found is not None
    assert {"field": "_uids", "value": view["_uid"]} in [
        {"field": item.field, "value": item.value} for item in found.identifiers
    ]

    page.evaluate("coterie.consent(false); coterie.track('secret')")
    page.reload()
    page.evaluate("coterie.track('secret')")

    assert names(context) == {("coterie_consent", "localhost")}
    assert len(sent) == 4
    assert complaints == []
    context.close()


def test_a_browser_that_asks_for_privacy_is_taken_to_refuse(browser: Browser, shop: str) -> None:
    context = browser.new_context()
    context.add_init_script(
        "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', {get: () => true})"
    )
    page = context.new_page()
    sent = sent_by(page)

    page.goto(shop)
    page.evaluate("coterie.track('looked')")
    refused = (list(sent), page.evaluate("coterie.hasConsent()"))
    page.evaluate("coterie.consent(true); coterie.track('agreed')")
    page.wait_for_function("coterie.hasConsent()")

    assert refused == ([], False)
    assert len(sent) == 1
    context.close()


def test_the_tag_is_small_and_kept_by_browsers(web: WebProcess) -> None:
    with httpx.Client(base_url=web.address) as client:
        answer = client.get("/tag.js")
        again = client.get("/tag.js", headers={"If-None-Match": answer.headers["etag"]})

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.content == read_tag()[0]
    assert len(answer.content) < LARGEST
    assert again.status_code == 304
