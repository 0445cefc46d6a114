"""SDKs that others wrote, unmodified, against a live collector.

They are installed into a temporary folder through npm and uv, pinned with hashes; where that
cannot be done these tests are skipped and say so.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.functional.api.conftest import ACCOUNT, WebProcess, work_off

from coterie.app.services import config_source
from coterie.base.clock import system_clock
from coterie.flow.run.lookup import Lookup
from coterie.model.control import NewToken
from coterie.store import Connection, Store

SDKS = Path(__file__).parent / "sdks"
SECONDS = 120

pytestmark = pytest.mark.e2e


def run(command: list[str], *, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def install(command: list[str], *, cwd: Path) -> None:
    """Install something; skip the test, and say why, where that cannot be done."""
    try:
        done = run(command, cwd=cwd)
    except subprocess.TimeoutExpired:
        pytest.skip(f"{command[0]} found no registry within {SECONDS} seconds")
    if done.returncode:
        pytest.skip(f"the SDK cannot be installed here: {done.stderr.strip()[-300:]}")


@pytest.fixture(scope="module")
def node_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("npm and node are not here: apt-get install npm")
    folder = tmp_path_factory.mktemp("node-sdks")
    for name in ("package.json", "package-lock.json", "use_segment.mjs", "use_rudder.mjs"):
        shutil.copy(SDKS / name, folder)
    options = ["--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries=0"]
    install([npm, "ci", *options], cwd=folder)
    return folder


@pytest.fixture(scope="module")
def python_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("python-sdks")
    command = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--no-deps"]
    command += ["--require-hashes", "--target", str(folder), "-r", str(SDKS / "python.txt")]
    install(command, cwd=folder)
    return folder


def failures_of(done: subprocess.CompletedProcess[str]) -> list[str]:
    assert done.returncode == 0, done.stderr
    failures: list[str] = json.loads(done.stdout.splitlines()[-1])["failures"]
    return failures


def check_what_arrived(store: Store, conn: Connection, *names: str) -> None:
    """The six calls of each SDK make one person."""
    streams = conn.execute("SELECT stream, body::json->>'type' FROM event_log").fetchall()
    calls = ("alias", "group", "identify", "page", "screen", "track")
    assert sorted(streams) == sorted([("segment", kind) for kind in calls] * len(names))
    work_off(store)
    for name in names:
        person = find(store, "user_id", name)
        assert find(store, "_uids", f"visitor-{name}") == person
        assert person["email"] == f"{name}@example.org"
        assert person["traits"]["plan"] == "pro"
        assert person["order_total"] == 12.5
        assert person["group_id"] == "g1"
        assert person["company"] == "Acme"
        assert person["event_counts"] == {"Order Completed": 1}
        assert person["last_page"] == "Home"
        assert person["last_screen"] == "Main"


def find(store: Store, field: str, value: str) -> dict[str, Any]:
    found = Lookup(store, config_source()).find_profile(ACCOUNT, field, value, system_clock())
    assert found is not None
    return {item.name: item.value for item in found.fields}


def test_the_python_sdks_work(
    python_folder: Path,
    web: WebProcess,
    store: Store,
    conn: Connection,
    make_token: Callable[..., NewToken],
) -> None:
    token = make_token().token

    def use(sdk: str, key: str, who: str) -> list[str]:
        command = [sys.executable, str(SDKS / "use_python.py"), sdk, web.address, key, who]
        return failures_of(run(command, cwd=python_folder, PYTHONPATH=str(python_folder)))

    assert use("segment.analytics", token, "segment") == []
    assert use("rudderstack.analytics", token, "rudder") == []
    assert "unknown, revoked or expired" in use("segment.analytics", "cot_wrong", "wrong")[0]
    check_what_arrived(store, conn, "segment", "rudder")


def test_the_node_sdks_work(
    node_folder: Path,
    web: WebProcess,
    store: Store,
    conn: Connection,
    make_token: Callable[..., NewToken],
) -> None:
    token = make_token().token

    for program, who in (("use_segment.mjs", "segment"), ("use_rudder.mjs", "rudder")):
        done = run(["node", program, web.address, token, who], cwd=node_folder)
        assert failures_of(done) == []

    check_what_arrived(store, conn, "segment", "rudder")
