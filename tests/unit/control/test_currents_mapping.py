"""What the default mapping makes of the events of Braze Currents."""

from datetime import UTC, datetime
from typing import Any

import pytest

from coterie.control.definitions.draft import Draft
from coterie.control.definitions.schema import default_draft
from coterie.lang.lql import CompiledMapping, MappingRule, compile_mapping

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
# Braze sends again for hours what had no answer, so events may be old when they come.
THEN = datetime(2026, 2, 28, 9, 30, tzinfo=UTC)
SHARED = {"user_id", "first_seen", "last_event", "event_counts", "event_times"}
MESSAGE = {"campaign_id": "c1", "campaign_name": "Spring", "canvas_id": "v1", "canvas_name": "Hi"}
NAMES = {"br_campaign_names", "br_canvas_names"}


@pytest.fixture(scope="module")
def draft() -> Draft:
    return default_draft()


@pytest.fixture(scope="module")
def fields(draft: Draft) -> list[str]:
    return [item.field for item in draft.mappings if item.stream == "braze_currents"]


@pytest.fixture(scope="module")
def compiled(draft: Draft) -> CompiledMapping:
    return compile_mapping(
        [
            MappingRule(item.field, item.expr, item.guard)
            for item in draft.mappings
            if item.stream == "braze_currents"
        ]
    )


def said(
    compiled: CompiledMapping, fields: list[str], kind: str, **properties: Any
) -> dict[str, Any]:
    event = {
        "event_type": kind,
        "id": "e1",
        "time": int(THEN.timestamp()),
        "user": {"external_user_id": "u1"},
        "properties": properties,
    }
    found = {fields[index]: value for index, value in compiled.apply(event, NOW) or ()}
    assert found["event_counts"] == {kind: 1}
    return {name: value for name, value in found.items() if name not in SHARED}


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("email.Send", {"br_sent", "br_last_sent", "br_campaigns_received",
                        "br_canvases_received"}),
        ("email.Delivery", {"br_delivered"}),
        ("email.Open", {"last_seen", "br_opened", "br_last_opened", "br_campaigns_opened",
                        "br_canvases_opened"}),
        ("pushnotification.Open", {"last_seen", "br_opened", "br_last_opened",
                                   "br_campaigns_opened", "br_canvases_opened"}),
        ("whatsapp.Read", {"br_opened", "br_last_opened", "br_campaigns_opened",
                           "br_canvases_opened"}),
        ("inappmessage.Click", {"last_seen", "br_clicked", "br_last_clicked",
                                "br_campaigns_clicked", "br_canvases_clicked"}),
        ("sms.ShortLinkClick", {"last_seen", "br_clicked", "br_last_clicked",
                                "br_campaigns_clicked", "br_canvases_clicked"}),
        ("email.Bounce", {"br_bounced", "br_email_bounced_at"}),
        ("email.SoftBounce", {"br_bounced"}),
        ("sms.Rejection", {"br_bounced"}),
        ("email.Unsubscribe", {"br_email_unsubscribed_at"}),
        ("email.MarkAsSpam", {"br_spam_reported_at"}),
    ],
)  # fmt: skip
def test_engagement_becomes_fields_by_channel(
    compiled: CompiledMapping, fields: list[str], kind: str, expected: set[str]
) -> None:
    found = said(compiled, fields, f"users.messages.{kind}", **MESSAGE)

    channel = kind.partition(".")[0]
    assert found.keys() == expected | NAMES
    assert found["br_campaign_names"] == {"c1": "Spring"}
    for name, value in found.items():
        if name in {"br_sent", "br_delivered", "br_opened", "br_clicked", "br_bounced"}:
            assert value == {channel: 1}
        elif name.startswith("br_last"):
            assert value == {channel: THEN}
        elif name.startswith("br_campaigns"):
            assert value == ["c1"]
        elif name.startswith("br_canvases"):
            assert value == ["v1"]


def test_canvases_and_subscriptions_become_fields(
    compiled: CompiledMapping, fields: list[str]
) -> None:
    group = {"subscription_group_id": "g", "subscription_status": "Subscribed"}
    refused = {"channel": "email", "subscription_status": "Unsubscribed"}

    def of(kind: str, **properties: Any) -> dict[str, Any]:
        return said(compiled, fields, f"users.{kind}", **properties)

    assert of("canvas.Entry", canvas_id="v1") == {"br_canvases_entered": ["v1"]}
    assert of("canvas.Conversion", canvas_id="v1") == {"br_canvases_converted": ["v1"]}
    assert of("behaviors.subscriptiongroup.StateChange", **group) == {
        "br_subscription_groups": {"g": "subscribed"}
    }
    assert of("behaviors.subscription.GlobalStateChange", **refused) == {
        "br_email_unsubscribed_at": THEN,
        "br_email_subscription": "unsubscribed",
    }
    assert of("behaviors.CustomEvent", name="seen") == {
        "last_seen": THEN,
        "br_custom_events": {"seen": 1},
    }
    assert of("behaviors.Purchase", product_id="p1", price=2.5) == {
        "last_seen": THEN,
        "br_products_bought": ["p1"],
    }
