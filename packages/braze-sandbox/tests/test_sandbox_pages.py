"""The pages, as a browser sees them."""

import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from braze_sandbox.catcher import WebhookCatcher
from braze_sandbox.server import page_actions
from braze_sandbox.testing import RunningSandbox

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PAGES = ("", "/users", "/segments", "/campaigns", "/data-points", "/journal", "/keys")


def get(sandbox: RunningSandbox, path: str = "", **query: Any) -> str:
    url = f"{sandbox.url}/_sandbox/page{path}?{urlencode(query)}"
    with urllib.request.urlopen(url) as answer:  # noqa: S310  # the sandbox's own address
        text: str = answer.read().decode()
    return text


def submit(sandbox: RunningSandbox, path: str, **form: str) -> str:
    url = f"{sandbox.url}/_sandbox/page{path}"
    body = urlencode(form).encode()
    with urllib.request.urlopen(url, body) as answer:  # noqa: S310  # the sandbox's own address
        text: str = answer.read().decode()
    return text


@pytest.fixture
def filled(sandbox: RunningSandbox, catcher: WebhookCatcher) -> RunningSandbox:
    items = [
        {
            "external_id": f"u{n}",
            "first_name": "<b>Ada</b>",
            "email": f"u{n}@example.com",
            "lytics_segments": ["big_spenders", "new"],
            "home": {"city": "Lisbon", "rooms": n},
        }
        for n in range(60)
    ]
    event = {"external_id": "u1", "name": "seen", "time": "2020-01-01"}
    sandbox.post("/users/track", {"attributes": items, "events": [event]})
    content = {"custom_attribute_name": "lytics_segments", "comparison": "includes_value"}
    spenders = {"custom_attribute": {**content, "value": "big_spenders"}}
    segment = sandbox.add_segment("Big spenders", spenders)
    sandbox.add_campaign("Welcome", {"url": f"{catcher.url}/in"}, segment_id=segment)
    steps = [
        {"type": "delay", "seconds": 3600},
        {"type": "message", "webhook": {"url": "http://x"}},
    ]
    sandbox.call("POST", "/canvases", {"name": "Onboarding", "steps": steps})
    return sandbox


def test_every_page_shows_an_empty_sandbox(sandbox: RunningSandbox) -> None:
    for path in PAGES:
        text = get(sandbox, path)
        assert "<h1>" in text
        assert 'aria-current="page"' in text


def test_users_are_listed_found_and_shown(filled: RunningSandbox) -> None:
    text = get(filled, "/users")
    assert "60 users" in text
    assert text.count("@example.com") == 50
    assert "More users" in text
    assert "<b>Ada" not in text
    assert "&lt;b&gt;Ada" in text

    found = get(filled, "/users", q="u7@example.com")
    assert (">u7<" in found, ">u8<" in found) == (True, False)
    user = filled.user("u1")
    assert user is not None
    shown = get(filled, f"/users/{user['braze_id']}")
    for part in ("lytics_segments", "big_spenders", "Lisbon", "seen", "u1@example.com"):
        assert part in shown


def test_segments_show_their_size_and_members(filled: RunningSandbox) -> None:
    text = get(filled, "/segments")

    assert "60 users now" in text
    (segment,) = filled.call("GET", "/segments")["segments"]
    assert "60 users" in get(filled, "/users", segment=segment["id"])


def test_a_campaign_is_fired_from_its_page(filled: RunningSandbox, catcher: WebhookCatcher) -> None:
    (campaign,) = filled.call("GET", "/campaigns")["campaigns"]

    text = submit(filled, f"/campaigns/{campaign['id']}/fire", external_id="u3")

    assert "reached 1 of 1 user," in text
    assert len(catcher.caught) == 1
    assert "Message activity" in text
    gone = submit(filled, f"/campaigns/{campaign['id']}/fire", external_id="nobody")
    assert "no user is called nobody" in gone


def test_a_canvas_is_launched_and_hurried_from_its_page(filled: RunningSandbox) -> None:
    (canvas,) = filled.call("GET", "/canvases")["canvases"]
    filled.set(webhook_retries=0)

    assert "60 users entered" in submit(filled, f"/canvases/{canvas['id']}/launch")
    assert "60 on the way" in get(filled, "/campaigns")
    assert "60 users went on" in submit(filled, f"/canvases/{canvas['id']}/hurry")


def test_a_key_is_created_from_its_page(sandbox: RunningSandbox) -> None:
    text = submit(
        sandbox, "/keys", name="export <only>", permissions="users.track, users.export.ids"
    )

    assert "export &lt;only&gt;" in text
    (key,) = [k for k in sandbox.call("GET", "/keys")["keys"] if k["name"] == "export <only>"]
    assert key["permissions"] == ["users.track", "users.export.ids"]
    refused = submit(sandbox, "/keys", name="x", permissions="user.export.ids")
    assert "Did you mean &#39;users.export.ids&#39;?" in refused
    sandbox.call("DELETE", f"/keys/{key['key']}")


def test_the_journal_shows_requests_with_their_bodies(filled: RunningSandbox) -> None:
    filled.post("/users/track", {"attributes": [{"x": 1}]})

    text = get(filled, "/journal", status=400)
    assert text.count("POST /users/track") == 1
    (entry,) = filled.call("GET", "/journal", status=400)["entries"]
    shown = get(filled, f"/journal/{entry['number']}")
    assert "&#34;x&#34;: 1" in shown
    assert "Valid data must be provided" in shown


def test_the_journal_shows_partial_errors_and_the_headers_of_the_answer(
    sandbox: RunningSandbox,
) -> None:
    sandbox.post("/users/track", {"attributes": [{"external_id": "u1", "x": 1}, {"x": 1}]})

    assert '<span class="bad">1 refused</span>' in get(sandbox, "/journal")
    (entry,) = sandbox.call("GET", "/journal")["entries"]
    assert entry["headers"]["X-RateLimit-Limit"] == "250000"
    assert "<dt>X-RateLimit-Remaining</dt>" in get(sandbox, f"/journal/{entry['number']}")


def test_what_browsers_ask_for_by_themselves_is_not_in_the_journal(
    sandbox: RunningSandbox,
) -> None:
    assert sandbox.get("/favicon.ico").status == 404

    assert sandbox.requests() == []


def test_a_failed_message_shows_what_the_receiver_said(
    sandbox: RunningSandbox, catcher: WebhookCatcher
) -> None:
    catcher.answer_with(400)
    sandbox.post("/users/track", {"attributes": [{"external_id": "u1"}]})

    sandbox.fire(sandbox.add_campaign("Welcome", {"url": catcher.url}))
    sandbox.settle()

    assert "{&#34;caught&#34;:true}" in get(sandbox, "/campaigns")


def test_a_firing_that_takes_long_is_not_waited_for(
    sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_actions, "PATIENCE_SECONDS", 0.1)
    sandbox.set(webhook_retry_base_seconds=3600)
    sandbox.post("/users/track", {"attributes": [{"external_id": "u1"}]})
    campaign = sandbox.add_campaign("Welcome", {"url": "http://127.0.0.1:1/"})

    shown = submit(sandbox, f"/campaigns/{campaign}/fire", external_id="")

    assert "“Welcome” is on its way to 1 user." in shown


def test_what_waits_and_what_is_planned_can_be_ended(filled: RunningSandbox) -> None:
    filled.set(processing_lag_seconds=60)
    filled.post("/users/track", {"attributes": [{"external_id": "late"}]})
    filled.fail(path="/users/delete")
    assert "1 accepted request waits" in get(filled)

    assert "Processed: 1 request." in submit(filled, "/drain")
    assert "Removed: 1 fault." in submit(filled, "/clear-faults")


def test_other_sites_cannot_steer_the_sandbox(sandbox: RunningSandbox) -> None:
    request = urllib.request.Request(  # noqa: S310  # the sandbox's own address
        f"{sandbox.url}/_sandbox/reset", b"{}", {"Origin": "https://elsewhere.example"}
    )

    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request)  # noqa: S310  # the sandbox's own address

    assert caught.value.code == 403
    caught.value.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip("Chromium is not installed: apt-get install chromium")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.mark.e2e
@pytest.mark.parametrize(("width", "height"), [(1280, 900), (390, 844)])
def test_pages_fit_a_desk_and_a_phone_and_work_without_scripts(
    browser: Browser, filled: RunningSandbox, width: int, height: int
) -> None:
    viewport: Any = {"width": width, "height": height}
    context = browser.new_context(viewport=viewport, java_script_enabled=False)
    page = context.new_page()
    page.goto(filled.url)
    for name in ("Users", "Segments", "Campaigns", "Data points", "Journal", "Keys", "Overview"):
        page.get_by_role("navigation").get_by_role("link", name=name, exact=True).click()
        assert page.get_by_role("heading", level=1).inner_text() == name
        assert _overflow(page, width) <= 0, f"{name} is wider than the window"
    page.get_by_role("link", name="Campaigns", exact=True).first.click()
    page.get_by_role("button", name="Fire “Welcome”").click()
    assert "reached 60 of 60 users" in page.get_by_role("status").inner_text()
    context.close()


def _overflow(page: Page, width: int) -> float:
    box = page.locator("main").bounding_box()
    assert box is not None
    return box["x"] + box["width"] - width
