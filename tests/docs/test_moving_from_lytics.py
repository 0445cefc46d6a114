"""Every command of the page about moving from Lytics runs, and Braze ends as the page says."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.docs.conftest import Page, read_pages
from tests.docs.reader import Reader, reading, wait_until

pytestmark = pytest.mark.e2e

KEY = "rest-key"
USERS = """user_id,email,city,country,language
u1,ada@example.com,Oslo,NO,en
u2,bo@example.com,Nowhere,NO,de
u3,,Rome,IT,it
"""
NEWS = "8e6a1c0e-7f5d-4a6e-9b1c-0d2f3a4b5c6d"


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    if shutil.which("bash") is None:
        pytest.skip("The page is typed in bash, which is not installed: apt-get install bash")
    with reading(tmp_path, key=KEY) as reader:
        reader.real = {
            "--set instance=US-01": f"--set endpoint_url={reader.braze.url}",
            # Nothing leaves in a quiet window, so the page's nights are elsewhere in the day.
            "--quiet 22:00-07:00@Europe/Oslo": f"--quiet {far_window()}",
        }
        yield reader


def far_window() -> str:
    """Return a quiet window that is neither now nor soon."""
    start = datetime.now(UTC) + timedelta(hours=10)
    return f"{start:%H}:00-{start + timedelta(hours=2):%H}:00@UTC"


def page_named(name: str) -> Page:
    (page,) = [page for page in read_pages() if page.name == name]
    return page


def user(reader: Reader, name: str) -> dict[str, Any]:
    return reader.braze.user(name) or {"custom_attributes": {}, "fields": {}}


def segments(reader: Reader, name: str) -> list[str]:
    found: list[str] = user(reader, name)["custom_attributes"].get("lytics_segments", [])
    return found


def test_a_lytics_set_up_moves_in_an_afternoon(reader: Reader) -> None:
    page = page_named("docs/howto/move-from-lytics.md")
    (lapsed,) = [fence.text for fence in page.fences() if fence.language == "filterql"]
    told = [fence.text for fence in page.fences() if fence.language == "sh"]
    connect, limits, people, token, audiences, look, switch, more, watch = told
    reader.write({"braze-key.txt": KEY, "lapsed.filterql": lapsed, "data/imports/users.csv": USERS})

    for text in (connect, limits, people, token, audiences):
        reader.type_in(text)
    wait_until(lambda: '"size": 2' in reader.type_in("coterie audience list --json"))
    foreseen = reader.type_in(look)
    reader.type_in(switch)
    wait_until(lambda: segments(reader, "u1") == ["lytics_known"])
    wait_until(lambda: segments(reader, "u3") == ["lytics_lapsed"])
    reader.type_in(more)
    wait_until(lambda: user(reader, "u1")["fields"].get("home_city") == "Oslo")
    wait_until(lambda: user(reader, "u1").get("subscription_groups") == {NEWS: "subscribed"})
    # Country NO or SE is the consent from now on, which u3 has not given.
    wait_until(lambda: segments(reader, "u3") == [])
    watched = reader.type_in(watch)

    assert "suppressed by audience 'opted_out'" in foreseen
    assert segments(reader, "u2") == []
    assert user(reader, "u1")["custom_attributes"]["shop"] == {"language": "en"}
    assert "no consent in field 'country'" in watched
