"""A page of the console that follows what is under way, in a real browser."""

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.functional.api.conftest import ACCOUNT, ACTOR, WebProcess
from tests.functional.api.test_browser_tag import browser as browser

from coterie.base.clock import system_clock
from coterie.control.users import create_person
from coterie.store import Connection, Store

PASSWORD = "Correct-Horse-7-Battery"
FOLLOWED = "/data/streams/default"

pytestmark = pytest.mark.e2e


@pytest.fixture
def page(browser: Browser, web: WebProcess, store: Store) -> Iterator[Page]:
    """Someone who signed in and looks at a stream; the browser's time goes on when told to."""
    create_person(
        store,
        account=ACCOUNT,
        email="ada@example.org",
        password=PASSWORD,
        role="admin",
        actor=ACTOR,
        now=system_clock(),
    )
    context = browser.new_context(base_url=web.address)
    opened = context.new_page()
    opened.set_default_timeout(60_000)
    opened.clock.install()
    opened.goto(FOLLOWED)
    opened.get_by_label("E-mail").fill("ada@example.org")
    opened.get_by_label("Password").fill(PASSWORD)
    opened.get_by_role("button", name="Sign in").click()
    expect(opened.get_by_role("heading", level=1, name="default")).to_be_visible()
    yield opened
    context.close()


def idle_for(conn: Connection, minutes: int) -> None:
    conn.execute(
        "UPDATE console_session SET last_seen_at = now() - make_interval(mins => %s)", [minutes]
    )


def is_idle(conn: Connection) -> bool:
    row = conn.execute(
        "SELECT last_seen_at < now() - interval '10 minutes' FROM console_session"
    ).fetchone()
    assert row is not None
    return bool(row[0])


def let_it_reload(page: Page) -> None:
    with page.expect_event("load"):
        page.clock.fast_forward(6_000)


def click_until_noticed(page: Page, conn: Connection) -> None:
    """Click a link; again if the page reloaded itself just then."""
    deadline = time.monotonic() + 60
    while is_idle(conn):
        assert time.monotonic() < deadline, "clicks do not keep the session"
        page.get_by_role("link", name="Refresh").click()


def test_its_reloads_are_no_clicks_and_a_click_is_one(page: Page, conn: Connection) -> None:
    idle_for(conn, 60)
    let_it_reload(page)
    let_it_reload(page)
    after_reloads = is_idle(conn)

    click_until_noticed(page, conn)

    assert after_reloads


def test_it_leads_to_signing_in_when_its_session_has_idled_out(
    page: Page, conn: Connection
) -> None:
    idle_for(conn, 121)
    let_it_reload(page)

    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
