"""The tutorial does what it says, typed line by line."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.docs.conftest import Page, read_pages
from tests.docs.reader import Reader, reading, wait_until

from braze_sandbox.testing import RunningSandbox

pytestmark = pytest.mark.e2e

HERE = "http://127.0.0.1:8080"
BRAZE = "http://127.0.0.1:8090"


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    if shutil.which("curl") is None:
        pytest.skip("The tutorial types curl, which is not installed: apt-get install curl")
    with reading(tmp_path, key="tutorial-key") as reader:
        reader.real = {HERE: reader.address, BRAZE: reader.braze.url}
        yield reader


def audiences_at_braze(braze: RunningSandbox) -> list[str]:
    user = braze.user("u1") or {"custom_attributes": {}}
    found: list[str] = user["custom_attributes"].get("lytics_segments", [])
    return sorted(found)


def blocks(page: Page) -> list[str]:
    """Return what the third terminal is told, once everything runs."""
    told = [fence.text for fence in page.fences() if fence.language == "sh"]
    start = next(n for n, text in enumerate(told) if "coterie doctor" in text)
    return told[start:]


def test_the_first_hour_ends_as_it_promises(reader: Reader) -> None:
    (page,) = [page for page in read_pages() if page.name == "docs/tutorial/first-hour.md"]
    doctor, token, send, look, audiences, export, ask, leave = blocks(page)

    reader.type_in(doctor)
    reader.note_token(reader.type_in(token))
    answer = json.loads(reader.type_in(send))
    reader.type_in(send)
    wait_until(lambda: order_total(reader.type_in(look)) == 230.5)
    reader.type_in(audiences)
    reader.type_in(export)
    wait_until(lambda: audiences_at_braze(reader.braze) == ["big_spenders", "in_germany"])
    shown = reader.type_in(ask)
    reader.type_in(leave)
    wait_until(lambda: audiences_at_braze(reader.braze) == ["big_spenders"])

    assert answer["data"]["message_count"] == 4
    assert order_total(reader.type_in(look)) == 230.5
    assert '"lytics_segments":["big_spenders","in_germany"]' in shown


def order_total(profile: str) -> float:
    """Return the sum of a profile as the API printed it; 0 while there is no such profile."""
    data = json.loads(profile)["data"]
    fields = {field["name"]: field["value"] for field in data["fields"]} if data else {}
    return float(fields.get("order_total", 0))
