"""What a receiver answers decides what happens next; private addresses are never asked."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace
from tests.functional.webhooks.conftest import SECRET, HookShop, Receiver, running_receiver

from coterie.base.errors import CoterieError
from coterie.connectors.addresses import ForbiddenAddressError
from coterie.connectors.webhook.connector import WebhookConnector, make_webhook_connector
from coterie.connectors.webhook.errors import (
    WebhookBusyError,
    WebhookEndpointError,
    WebhookRefusedError,
    WebhookUnavailableError,
)
from coterie.connectors.webhook.probe import probe_webhook
from coterie.flow.exports.destinations import plan_draft
from coterie.model.delivery import DestinationPlan
from coterie.model.webhooks import WebhookShape, WebhookSpec

NOW = datetime(2031, 5, 31, 12, 0, tzinfo=UTC)
MESSAGE = {"id": "msg_1", "data": {}, "meta": {"subscription_id": "7"}}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with running_receiver() as running:
        yield running


def connect(receiver: Receiver, *, allow_private_addresses: bool = True) -> WebhookConnector:
    return make_webhook_connector(
        {"url": receiver.url, "secret": SECRET},
        allow_private_addresses=allow_private_addresses,
        timeout=30.0,
        clock=lambda: NOW,
    )


def plan_for(*do_not_retry: int) -> DestinationPlan:
    hook = WebhookSpec(
        job_id=7,
        shape=WebhookShape(do_not_retry=do_not_retry),
        events="both",
        fields=(),
        changes=(),
        names={},
        from_ms={},
    )
    return replace(plan_draft(None, (), "webhook", "", now=NOW), webhook=hook)


async def post(connector: WebhookConnector, plan: DestinationPlan) -> None:
    async with connector:
        await connector.send(plan, connector.target(plan), [MESSAGE])


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (302, WebhookEndpointError), (401, WebhookEndpointError), (403, WebhookEndpointError),
        (410, WebhookEndpointError), (404, WebhookRefusedError), (408, WebhookUnavailableError),
        (422, WebhookUnavailableError), (429, WebhookBusyError), (500, WebhookUnavailableError),
    ],
)  # fmt: skip
async def test_each_status_says_what_to_do_next(
    receiver: Receiver, status: int, kind: type[CoterieError]
) -> None:
    receiver.statuses.append(status)

    with pytest.raises(kind):
        await post(connect(receiver), plan_for(404))

    assert len(receiver.requests) == 1


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("120", 120.0),
        ("Sat, 31 May 2031 12:02:00 GMT", 120.0),
        ("Sat, 31 May 2031 11:00:00 GMT", 0.0),
        ("999999", 3_600.0),
        ("soon", None),
    ],
)
async def test_the_pause_that_a_receiver_asks_for_is_read(
    receiver: Receiver, said: str, seconds: float | None
) -> None:
    receiver.statuses.append(429)
    receiver.headers["Retry-After"] = said

    with pytest.raises(WebhookBusyError) as caught:
        await post(connect(receiver), plan_for())

    assert caught.value.retry_after == seconds


async def test_a_job_may_park_what_is_answered_with_410(receiver: Receiver) -> None:
    receiver.statuses.append(410)

    with pytest.raises(WebhookRefusedError, match="replay"):
        await post(connect(receiver), plan_for(410))


async def test_a_private_address_is_refused_before_a_byte_leaves(receiver: Receiver) -> None:
    with pytest.raises(ForbiddenAddressError, match="COTERIE_ALLOW_PRIVATE_ADDRESSES"):
        await post(connect(receiver, allow_private_addresses=False), plan_for())

    assert receiver.requests == []


def test_an_authorization_of_a_private_address_is_tried_in_vain(receiver: Receiver) -> None:
    config = {"url": receiver.url, "secret": SECRET}

    refused = probe_webhook(config, allow_private_addresses=False)
    allowed = probe_webhook(config, allow_private_addresses=True)

    assert (refused.ok, allowed.ok) == (False, True)
    assert "COTERIE_ALLOW_PRIVATE_ADDRESSES" in refused.detail
    assert [request.json for request in receiver.requests] == [{"type": "test"}]


def test_a_trial_that_nobody_answers_does_not_say_that_something_is_sent_again() -> None:
    with running_receiver() as gone:
        config = {"url": gone.url, "secret": "x" * 24}

    result = probe_webhook(config, allow_private_addresses=True)

    assert not result.ok
    assert "Check the address" in result.detail
    assert "by itself" not in result.detail


@pytest.mark.parametrize("status", [401, 410])
def test_what_met_a_closed_door_is_kept_and_told_when_it_opens(
    hooks: HookShop, status: int
) -> None:
    hooks.hook()
    hooks.receiver.statuses.append(status)
    hooks.send({"user_id": "ada", "city": "Oslo"})
    hooks.work()

    hooks.deliver(jobs=lambda: setattr(hooks, "now", hooks.now + timedelta(seconds=30)))

    assert [request.json["data"]["user_id"] for request in hooks.receiver.taken] == ["ada"]
    assert len(hooks.receiver.requests) == 2


def test_a_dry_run_of_a_change_shows_no_exits_that_are_not_told(hooks: HookShop) -> None:
    hooks.audience("named", "FILTER EXISTS first_name")
    hooks.build()
    hooks.hook()
    hooks.tell(user_id="ada", city="Oslo", first_name="Ada")

    found = hooks.foresee(audiences=["named"])
    hooks.change(audiences=["named"])
    hooks.follow()

    [foreseen] = [sample["data"]["segment_events"] for sample in found.samples]
    told = hooks.receiver.taken[-1].json["data"]["segment_events"]
    assert [(event["event"], event["slug"]) for event in foreseen] == [("enter", "named")]
    assert [(event["event"], event["slug"]) for event in told] == [("enter", "named")]
