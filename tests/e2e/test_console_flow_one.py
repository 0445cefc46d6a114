"""Flow 1 as a marketer walks it: in a browser, against the whole product and a Braze sandbox."""

import json
import os
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from braze_sandbox.testing import RunningSandbox, running_sandbox
from coterie.app.up import Running, running_product
from coterie.base.settings import load_settings

pytestmark = pytest.mark.e2e

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DEADLINE = 60.0


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        pytest.skip("Chromium is not installed: apt-get install chromium")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox() as served:
        yield served


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    env = {name: value for name, value in os.environ.items() if not name.startswith("COTERIE_")}
    env |= {
        "COTERIE_DATA_DIR": str(tmp_path_factory.mktemp("product")),
        "COTERIE_PORT": "0",
        "COTERIE_PG_SHARED_BUFFERS_MB": "32",
        "COTERIE_ALLOW_PRIVATE_ADDRESSES": "true",
        "COTERIE_FLUSH_SECONDS": "0.1",
        "COTERIE_DRAIN_SECONDS": "5",
    }
    with running_product(load_settings(env), env) as running:
        yield running


class Marketer:
    """Someone in front of the console; complaints of the browser count as failures."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.address = address
        self.complaints: list[str] = []
        page.set_default_timeout(20_000)
        page.on("console", self._hear)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def sign_in(self, email: str, password: str) -> None:
        self.page.goto(self.address)
        self.page.get_by_label("E-mail").fill(email)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Sign in").click()
        expect(self.page.get_by_role("heading", name="Overview")).to_be_visible()

    def go(self, area: str) -> None:
        """Click an area of the navigation, opening the menu of a phone first."""
        menu = self.page.locator(".menu > summary")
        if menu.is_visible():
            menu.click()
        self.page.locator("nav a:visible", has_text=area).click()
        expect(self.page.get_by_role("heading", level=1, name=area)).to_be_visible()

    def connect_braze(self, sandbox: RunningSandbox) -> None:
        self.go("Authorizations")
        self.page.get_by_role("link", name="New authorization").first.click()
        self.page.get_by_role("link", name="Braze").click()
        self.page.get_by_label("Label").fill("Braze sandbox")
        self.page.get_by_label("REST API key").fill(sandbox.key)
        self.page.get_by_label("REST endpoint URL").fill(sandbox.url)
        self.page.get_by_role("button", name="Try and save").click()
        expect(self.page.get_by_text("was tried and works")).to_be_visible()

    def make_token(self) -> str:
        self.go("Access Tokens")
        self.page.get_by_role("link", name="New access token").first.click()
        self.page.get_by_label("Name").fill("Web shop")
        self.page.get_by_role("button", name="Create access token").click()
        return self.page.get_by_label("Access token", exact=True).input_value()

    def describe_audience(self, name: str, filter_text: str) -> None:
        self.go("Audiences")
        self.page.get_by_role("link", name="New audience").first.click()
        self.page.get_by_label("Name").fill(name)
        self.page.get_by_label("Filter (FilterQL)").fill(filter_text)
        self.page.get_by_role("button", name="Create audience").click()

    def export(self, audience: str, label: str) -> None:
        self.go("Jobs")
        self.page.get_by_role("link", name="New job").first.click()
        self.page.get_by_role("link", name="Export Audience").click()
        self.page.get_by_role("link", name="Braze sandbox").click()
        self.page.get_by_label("Label", exact=True).fill(label)
        self.page.get_by_role("checkbox", name=audience).check()
        expect(self.page.get_by_role("checkbox", name="Existing Users")).to_be_checked()
        self.page.get_by_role("button", name="Check").click()
        expect(self.page.get_by_text("Nothing has been sent")).to_be_visible()
        self.page.get_by_role("button", name="Create job").click()
        expect(self.page.get_by_role("heading", name=label)).to_be_visible()

    def wait_for_figure(self, name: str, value: str) -> None:
        """Reload the page until a tile shows a value."""
        tile = self.page.locator(".tile", has=self.page.get_by_text(name, exact=True))
        deadline = time.monotonic() + DEADLINE
        while tile.locator("dd").first.inner_text().splitlines()[0] != value:
            assert time.monotonic() < deadline, self.page.locator("main").inner_text()
            self.page.wait_for_timeout(200)
            self.page.reload()


@pytest.fixture
def marketer(browser: Browser, product: Running) -> Iterator[Marketer]:
    context = browser.new_context(viewport={"width": 1280, "height": 860})
    yield Marketer(context.new_page(), product.address)
    context.close()


def send_event(product: Running, token: str, event: dict[str, object]) -> None:
    assert product.first is not None
    request = urllib.request.Request(  # noqa: S310 - our own address
        f"{product.address}/c/{product.first.account}/default",
        data=json.dumps(event).encode(),
        headers={"Authorization": token, "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - our own address
        assert answer.status == 200


def segments_of(sandbox: RunningSandbox, external_id: str) -> object:
    user = sandbox.user(external_id)
    return None if user is None else user.get("custom_attributes", {}).get("lytics_segments")


def test_a_marketer_takes_an_audience_to_braze(
    marketer: Marketer, product: Running, sandbox: RunningSandbox
) -> None:
    assert product.first is not None
    marketer.sign_in(product.first.email, product.first.password)

    marketer.connect_braze(sandbox)
    token = marketer.make_token()
    send_event(product, token, {"user_id": "u-1", "email": "ada@example.org", "country": "NO"})
    send_event(product, token, {"user_id": "u-2", "email": "bo@example.org", "country": "SE"})
    marketer.describe_audience("Norwegians", 'FILTER country = "NO"')
    marketer.wait_for_figure("Size", "1")
    marketer.export("Norwegians", "Audiences to Braze")
    marketer.wait_for_figure("Added", "1")

    expect(marketer.page.locator("h1 .badge")).to_have_text("Running")
    assert segments_of(sandbox, "u-1") == ["norwegians"]
    assert sandbox.user("u-2") is None
    assert marketer.complaints == []


def test_someone_on_a_phone_looks_a_person_up(browser: Browser, product: Running) -> None:
    assert product.first is not None
    context = browser.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=False)
    marketer = Marketer(context.new_page(), product.address)
    marketer.sign_in(product.first.email, product.first.password)

    marketer.go("Profiles")
    marketer.page.get_by_label("Value").fill("nobody@example.org")
    marketer.page.get_by_role("button", name="Look up").click()

    expect(marketer.page.get_by_text("No profile with this")).to_be_visible()
    marketer.page.goto(f"{product.address}/nowhere")
    expect(marketer.page.get_by_role("heading", name="Not found")).to_be_visible()
    context.close()
