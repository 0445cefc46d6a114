"""The tutorial does what it says, typed line by line."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.docs.conftest import ROOT, Page, read_pages

from braze_sandbox.testing import RunningSandbox, running_sandbox
from coterie.app.up import Running, running_product
from coterie.base.settings import load_settings

pytestmark = pytest.mark.e2e

DEADLINE = 60.0
HERE = "http://127.0.0.1:8080"
BRAZE = "http://127.0.0.1:8090"


class Reader:
    """Someone who types what the tutorial says, block by block, and waits where it says so."""

    def __init__(self, product: Running, braze: RunningSandbox, env: dict[str, str]) -> None:
        self.braze = braze
        self._env = env
        self._product = product

    def type_in(self, text: str) -> str:
        """Run a block as a shell does and return what it printed."""
        for shown, real in ((HERE, self._product.address), (BRAZE, self.braze.url)):
            text = text.replace(shown, real)
        # The reader copies the token; here it comes from the environment of the shell.
        text = "\n".join(line for line in text.splitlines() if not line.startswith("TOKEN="))
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", text],
            cwd=ROOT,
            env=self._env,
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def note_token(self, printed: str) -> None:
        self._env["TOKEN"] = printed.strip().splitlines()[-1]


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    if shutil.which("curl") is None:
        pytest.skip("The tutorial types curl, which is not installed: apt-get install curl")
    env = {name: value for name, value in os.environ.items() if not name.startswith("COTERIE_")}
    env |= {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{env['PATH']}",
        "COTERIE_DATA_DIR": str(tmp_path / "data"),
        "COTERIE_PORT": "0",
        "COTERIE_PG_SHARED_BUFFERS_MB": "32",
        "COTERIE_ALLOW_PRIVATE_ADDRESSES": "true",
        "COTERIE_FLUSH_SECONDS": "0.1",
        "COTERIE_DRAIN_SECONDS": "5",
    }
    with ExitStack() as stack:
        braze = stack.enter_context(running_sandbox(keys=["tutorial-key"]))
        product = stack.enter_context(running_product(load_settings(env), env))
        yield Reader(product, braze, env)


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


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
