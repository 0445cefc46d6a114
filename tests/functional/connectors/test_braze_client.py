import asyncio
from collections.abc import AsyncIterator

import pytest

from braze_sandbox.model.fault import Fault
from braze_sandbox.sandbox import BrazeSandbox
from coterie.connectors.addresses import ForbiddenAddressError
from coterie.connectors.braze.client import BrazeClient
from coterie.connectors.braze.errors import (
    BrazeBusyError,
    BrazeEndpointError,
    BrazeKeyError,
    BrazeUnavailableError,
)
from coterie.connectors.braze.forms import BrazeObject, target_of
from coterie.connectors.braze.probe import probe_braze
from coterie.model.control import ProbeResult

KEYS = ["good-key", "poor-key:users.export.ids", "track-key:users.track"]
ATTRIBUTES = target_of("array", objects_per_request=75)


def vip(recipient: str) -> BrazeObject:
    return {"external_id": recipient, "seg": {"add": ["vip"]}}


@pytest.fixture
async def sandbox() -> AsyncIterator[BrazeSandbox]:
    async with BrazeSandbox.start(keys=KEYS) as running:
        yield running


async def probe(config: dict[str, object], *, allow: bool = True) -> ProbeResult:
    return await asyncio.to_thread(probe_braze, config, allow_private_addresses=allow)


async def test_attributes_arrive_with_the_partner_user_agent(sandbox: BrazeSandbox) -> None:
    update = vip("u1")

    async with BrazeClient(sandbox.url, "good-key", allow_private_addresses=True) as client:
        answer = await client.send(ATTRIBUTES, [update])

    assert answer.refused == {}
    assert answer.limit is not None
    entry = sandbox.engine.journal.newest(limit=1)[0]
    assert (entry.status, entry.user_agent) == (201, "partner-Coterie")


async def test_the_fate_of_each_object_is_told(sandbox: BrazeSandbox) -> None:
    updates = [vip(name) for name in ("u1", "x" * 1000)]

    async with BrazeClient(sandbox.url, "good-key", allow_private_addresses=True) as client:
        answer = await client.send(ATTRIBUTES, updates)

    assert list(answer.refused) == [1]
    assert "988" in answer.refused[1]


async def test_a_wrong_key_is_named_as_such_and_not_shown(sandbox: BrazeSandbox) -> None:
    client = BrazeClient(sandbox.url, "wrong-key", allow_private_addresses=True)

    async with client:
        with pytest.raises(BrazeKeyError) as caught:
            await client.send(ATTRIBUTES, [vip("u1")])

    assert "wrong-key" not in caught.value.message


async def test_a_rate_limit_says_how_long_to_wait(sandbox: BrazeSandbox) -> None:
    busy = Fault(path="/users/track", status=429, rate_headers="mau", retry_after=7)
    sandbox.engine.faults.plan(busy)

    async with BrazeClient(sandbox.url, "good-key", allow_private_addresses=True) as client:
        with pytest.raises(BrazeBusyError) as caught:
            await client.send(ATTRIBUTES, [vip("u1")])

    assert caught.value.retry_after == 7


@pytest.mark.parametrize("fault", [Fault(cut=True), Fault(hang_seconds=5.0)])
async def test_no_answer_is_not_available(sandbox: BrazeSandbox, fault: Fault) -> None:
    sandbox.engine.faults.plan(fault)
    client = BrazeClient(sandbox.url, "good-key", allow_private_addresses=True, timeout=0.3)

    async with client:
        with pytest.raises(BrazeUnavailableError):
            await client.send(ATTRIBUTES, [vip("u1")])


async def test_a_redirect_is_not_followed(sandbox: BrazeSandbox) -> None:
    sandbox.engine.faults.plan(Fault(path="/users/track", status=302))

    async with BrazeClient(sandbox.url, "good-key", allow_private_addresses=True) as client:
        with pytest.raises(BrazeEndpointError):
            await client.send(ATTRIBUTES, [vip("u1")])

    assert len(sandbox.engine.journal.newest(limit=10)) == 1


async def test_a_private_address_is_not_reached_unless_allowed(sandbox: BrazeSandbox) -> None:
    for url in (sandbox.url, sandbox.url.replace("127.0.0.1", "localhost")):
        async with BrazeClient(url, "good-key") as client:
            with pytest.raises(ForbiddenAddressError):
                await client.send(ATTRIBUTES, [])

    assert sandbox.engine.journal.newest(limit=10) == []


async def test_a_good_key_passes_the_probe_without_writing(sandbox: BrazeSandbox) -> None:
    result = await probe({"apikey": "good-key", "endpoint_url": sandbox.url})

    assert result.ok, result.detail
    assert len(sandbox.engine.state.workspaces["default"].profiles) == 0


async def test_a_wrong_key_fails_the_probe_with_its_cure(sandbox: BrazeSandbox) -> None:
    result = await probe({"apikey": "wrong-key", "endpoint_url": sandbox.url})

    assert not result.ok
    assert "belongs to this instance" in result.detail
    assert "wrong-key" not in result.detail


async def test_a_key_without_permission_fails_the_probe_with_its_cure(
    sandbox: BrazeSandbox,
) -> None:
    result = await probe({"apikey": "poor-key", "endpoint_url": sandbox.url})

    assert not result.ok
    assert "users.track" in result.detail


@pytest.mark.parametrize(
    ("fault", "cure"),
    [
        (Fault(cut=True), "Compare the instance or endpoint URL"),
        (Fault(status=503), "Compare the instance or endpoint URL"),
        (Fault(status=429), "Try again in a minute"),
    ],
    ids=["cut", "unavailable", "busy"],
)
async def test_a_trial_without_a_verdict_does_not_say_that_something_is_sent(
    sandbox: BrazeSandbox, fault: Fault, cure: str
) -> None:
    sandbox.engine.faults.plan(fault)

    result = await probe({"apikey": "good-key", "endpoint_url": sandbox.url})

    assert not result.ok
    assert cure in result.detail
    assert "by itself" not in result.detail


async def test_a_key_that_may_not_delete_passes_the_probe_with_a_caution(
    sandbox: BrazeSandbox,
) -> None:
    full = await probe({"apikey": "good-key", "endpoint_url": sandbox.url})
    lesser = await probe({"apikey": "track-key", "endpoint_url": sandbox.url})

    assert (full.ok, full.caution) == (True, "")
    assert lesser.ok
    assert "users.delete" not in lesser.detail
    assert "lacks the permission users.delete" in lesser.caution


async def test_nothing_is_said_of_deletions_that_could_not_be_asked_about(
    sandbox: BrazeSandbox,
) -> None:
    sandbox.engine.faults.plan(Fault(path="/users/delete", status=503))

    result = await probe({"apikey": "good-key", "endpoint_url": sandbox.url})

    assert (result.ok, result.caution) == (True, "")
    assert "users.delete" not in result.detail


async def test_a_private_address_fails_the_probe_unless_allowed(sandbox: BrazeSandbox) -> None:
    config: dict[str, object] = {"apikey": "good-key", "endpoint_url": sandbox.url}

    result = await probe(config, allow=False)

    assert not result.ok
    assert "COTERIE_ALLOW_PRIVATE_ADDRESSES" in result.detail


async def test_a_server_that_is_not_braze_fails_the_probe(sandbox: BrazeSandbox) -> None:
    elsewhere = sandbox.url + "/_sandbox"

    result = await probe({"apikey": "good-key", "endpoint_url": elsewhere})

    assert not result.ok
