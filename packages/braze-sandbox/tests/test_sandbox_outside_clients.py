"""Clients that others wrote, against the sandbox.

They are installed into a temporary folder through npm and uv, pinned with hashes; where that
cannot be done these tests are skipped and say so.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from braze_sandbox.catcher import WebhookCatcher
from braze_sandbox.testing import RunningSandbox

CLIENTS = Path(__file__).parent / "clients"
GROUP = "7c1bd2a6-6b0f-4f0e-9d0e-0f6f0d1f7f11"
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
        pytest.skip(f"the client cannot be installed here: {done.stderr.strip()[-300:]}")


def install_from_npm(folder: Path) -> None:
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("npm and node are not here: apt-get install npm")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(CLIENTS / name, folder)
    options = ["--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries=0"]
    install([npm, "ci", *options], cwd=folder)


def install_from_pypi(requirements: str, folder: Path) -> Path:
    target = folder / "site"
    command = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--no-deps"]
    command += ["--require-hashes", "--target", str(target), "-r", str(CLIENTS / requirements)]
    install(command, cwd=folder)
    return target


@pytest.fixture(scope="module")
def braze_client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install_from_pypi("braze-client.txt", tmp_path_factory.mktemp("braze-client"))


def program_output(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert done.returncode == 0, done.stderr
    shown: dict[str, Any] = json.loads(done.stdout)
    return shown


def define(sandbox: RunningSandbox, catcher: WebhookCatcher) -> dict[str, str]:
    """Make what the clients name: a campaign, a Canvas, a segment, a group."""
    content = {"custom_attribute_name": "tags", "comparison": "exists"}
    webhook = {"url": catcher.url, "body": '{"from":"{{${user_id}}}"}'}
    steps = [{"type": "message", "webhook": webhook}]
    canvas = sandbox.call("POST", "/canvases", {"name": "Canvas", "steps": steps})
    sandbox.call("POST", "/subscription_groups", {"name": "News", "id": GROUP})
    return {
        "segment": sandbox.add_segment("Tagged", {"custom_attribute": content}),
        "campaign": sandbox.add_campaign("Campaign", webhook),
        "canvas": canvas["id"],
        "group": GROUP,
        "receiver": catcher.url,
    }


def test_the_npm_client_braze_api_works(
    sandbox: RunningSandbox, catcher: WebhookCatcher, tmp_path: Path
) -> None:
    install_from_npm(tmp_path)
    ids = define(sandbox, catcher)
    program = str(CLIENTS / "use_braze_api.mjs")

    seen = program_output(
        run(["node", program, sandbox.url, sandbox.key, json.dumps(ids)], cwd=tmp_path)
    )
    sandbox.settle()

    assert seen["track"] == {
        "attributes_processed": 3,
        "events_processed": 1,
        "message": "success",
    }
    assert seen["alias"]["aliases_processed"] == seen["identify"]["aliases_processed"] == 1
    assert seen["merge"] == {"message": "success"}
    (user,) = seen["export"]["users"]
    assert user["custom_attributes"] == {"tags": ["a"], "x": 1}
    assert [alias["alias_name"] for alias in user["user_aliases"]] == ["anonymous"]
    assert seen["export"]["invalid_user_ids"] == ["u2"]
    assert seen["exportSegment"]["url"].startswith(sandbox.url)
    assert seen["status"]["status"] == {"u1": "Subscribed", "nobody": "unknown"}
    assert [item["name"] for item in seen["segments"]["segments"]] == ["Tagged"]
    assert [item["name"] for item in seen["campaigns"]["campaigns"]] == ["Campaign"]
    assert [item["name"] for item in seen["canvases"]["canvases"]] == ["Canvas"]
    assert seen["campaign"]["name"] == "Campaign"
    for sent in ("trigger", "enter", "message"):
        assert len(seen[sent]["dispatch_id"]) == 32
    assert [item["new_external_id"] for item in seen["rename"]["external_ids"]] == ["one"]
    assert seen["remove"]["removed_ids"] == ["u1"]
    assert seen["delete"] == {"deleted": 1, "message": "success"}
    assert "Valid data must be provided" in seen["refused"]
    assert sandbox.users() == []
    froms = sorted(caught.json()["from"] for caught in catcher.caught)
    assert froms == ["messages", "u1", "u1"]


BRAZE_CLIENT = """
import json, sys
from braze.client import BrazeClient, BrazeClientError, BrazeRateLimitError

url, key = sys.argv[1:]
client = BrazeClient(api_key=key, api_url=url)
seen = {}
seen["track"] = client.user_track(attributes=[{"external_id": "u1", "first_name": "Ada", "x": 1}])
seen["export"] = client.user_export(external_ids=["u1", "u2"], fields_to_export=["first_name"])
seen["deleted"] = client.user_delete(external_ids=["u1"])
try:
    client.user_track(attributes=[{"x": 1}])
except BrazeClientError as error:
    seen["refused"] = str(error.args[0])
try:
    BrazeClient(api_key="wrong", api_url=url).user_track(attributes=[{"external_id": "u1"}])
except BrazeClientError as error:
    seen["denied"] = str(error.args[0])
print(json.dumps(seen))
"""


def test_the_pypi_client_braze_client_works(sandbox: RunningSandbox, braze_client: Path) -> None:
    command = [sys.executable, "-c", BRAZE_CLIENT, sandbox.url, sandbox.key]
    seen = program_output(run(command, cwd=braze_client, PYTHONPATH=str(braze_client)))

    assert (seen["track"]["success"], seen["track"]["attributes_processed"]) == (True, 1)
    assert seen["export"]["users"] == [{"first_name": "Ada"}]
    assert seen["export"]["invalid_user_ids"] == ["u2"]
    assert seen["deleted"]["deleted"] == 1
    assert seen["refused"].startswith("Valid data must be provided")
    assert seen["denied"] == "Invalid API key: wrong"


def test_the_pypi_client_retries_what_the_sandbox_refuses_for_a_while(
    sandbox: RunningSandbox, braze_client: Path
) -> None:
    sandbox.fail(path="/users/track", status=503)
    sandbox.fail(path="/users/track", status=429, rate_headers="data_points", retry_after=0)

    program = BRAZE_CLIENT.partition('seen["export"]')[0] + "print(json.dumps(seen))"
    command = [sys.executable, "-c", program, sandbox.url, sandbox.key]
    seen = program_output(run(command, cwd=braze_client, PYTHONPATH=str(braze_client)))

    assert seen["track"]["success"] is True
    assert sandbox.count_requests("/users/track") == 3


EDX_CLIENT = """
import json, sys
from braze.client import BrazeClient

url, key, ids = sys.argv[1:]
ids = json.loads(ids)
client = BrazeClient(api_key=key, api_url=url, app_id="app")
seen = {}
client.create_braze_alias(["ann@example.com"], "web")
client.track_user(attributes=[{"external_id": "u1", "email": "bob@example.com", "tags": ["a"]}])
seen["known"] = client.get_braze_external_id("bob@example.com")
seen["unknown"] = client.get_braze_external_id("nobody@example.com")
alias = {"alias_name": "ann@example.com", "alias_label": "web"}
seen["identify"] = client.identify_users([{"external_id": "u2", "user_alias": alias}])
recipient = {"external_user_id": "u1"}
seen["campaign"] = client.send_campaign_message(ids["campaign"], recipients=[recipient])
seen["canvas"] = client.send_canvas_message(ids["canvas"], recipients=[recipient])
seen["unsubscribe"] = client.unsubscribe_user_email("bob@example.com")
print(json.dumps(seen))
"""


def test_the_pypi_client_edx_braze_client_works(
    sandbox: RunningSandbox, catcher: WebhookCatcher, tmp_path: Path
) -> None:
    site = install_from_pypi("edx-braze-client.txt", tmp_path)
    ids = define(sandbox, catcher)

    command = [sys.executable, "-c", EDX_CLIENT, sandbox.url, sandbox.key, json.dumps(ids)]
    seen = program_output(run(command, cwd=tmp_path, PYTHONPATH=str(site)))
    sandbox.settle()

    assert (seen["known"], seen["unknown"]) == ("u1", None)
    assert seen["identify"]["message"] == "success"
    assert len(seen["campaign"]["dispatch_id"]) == len(seen["canvas"]["dispatch_id"]) == 32
    assert [caught.json() for caught in catcher.caught] == [{"from": "u1"}] * 2
    states = {u["external_id"]: u["fields"].get("email_subscribe") for u in sandbox.users()}
    assert states == {"u1": "unsubscribed", "u2": None}
