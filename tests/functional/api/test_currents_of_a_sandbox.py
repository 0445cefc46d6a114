"""Braze's Currents, as the sandbox sends them over HTTP, become fields of people."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from tests.functional.api.conftest import ACCOUNT, WebProcess, work_off

from braze_sandbox import running_sandbox
from braze_sandbox.catcher import catching_webhooks
from braze_sandbox.testing import RunningSandbox
from coterie.app.services import config_source
from coterie.base.clock import system_clock
from coterie.flow.run.lookup import Lookup
from coterie.store import Store

DEADLINE = 60.0
SEEN = {"external_id": "u1", "name": "seen", "time": "2020-01-01", "properties": {"a": 1}}


@pytest.fixture
def sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox() as running:
        yield running


def wait_until_told(sandbox: RunningSandbox, events: int) -> None:
    """Wait until our endpoint has taken so many events."""
    deadline = time.monotonic() + DEADLINE
    while True:
        sandbox.settle()
        (connector,) = sandbox.call("GET", "/currents")["connectors"]
        if connector["sent"] >= events:
            return
        assert time.monotonic() < deadline, connector
        time.sleep(0.05)


def values(store: Store, user: str) -> dict[str, Any]:
    work_off(store)
    lookup = Lookup(store, config_source())
    found = lookup.find_profile(ACCOUNT, "user_id", user, system_clock())
    assert found is not None
    return {field.name: field.value for field in found.fields}


@pytest.mark.e2e
def test_engagement_that_braze_tells_of_is_carried_by_profiles(
    sandbox: RunningSandbox, web: WebProcess, store: Store, token: str
) -> None:
    endpoint = f"{web.address}/currents/{ACCOUNT}"
    sandbox.post("/users/track", {"attributes": [{"external_id": "u1"}]})
    sandbox.call("POST", "/currents", {"url": endpoint, "token": token})

    sandbox.post("/users/track", {"events": [SEEN, {**SEEN, "time": "2020-01-02"}]})
    with catching_webhooks() as receiver:
        sandbox.fire(sandbox.add_campaign("Spring", {"url": receiver.url, "body": "hello"}))
        sandbox.settle()
    wait_until_told(sandbox, 3)

    person = values(store, "u1")
    assert person["br_custom_events"] == {"seen": 2}
    assert person["br_sent"] == {"webhook": 1}
    assert list(person["br_campaign_names"].values()) == ["Spring"]
    assert person["br_campaigns_received"] == list(person["br_campaign_names"])
    assert person["br_user_id"] == sandbox.users()[0]["braze_id"]
