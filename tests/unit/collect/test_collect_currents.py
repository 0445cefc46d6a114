"""Batches of Braze Currents."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from coterie.base.errors import UserError
from coterie.flow.collect.currents import parse_currents
from coterie.flow.collect.items import Sender
from coterie.flow.collect.parse import Parsed

NOW = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)


def parse(body: object) -> Parsed:
    sender = Sender(account=7, stream="braze_currents", received_at=NOW, event_limit=2_000)
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return parse_currents(raw, sender=sender)


def event(number: int, **more: Any) -> dict[str, Any]:
    user = {"user_id": f"b{number}", "external_user_id": f"u{number}"}
    return {"event_type": "users.messages.email.Open", "id": f"e{number}", "time": 1_577_836_800,
            "user": user, "properties": {}, **more}  # fmt: skip


def test_each_event_of_a_batch_happened_when_braze_says_and_counts_once() -> None:
    first, second, again = parse({"events": [event(1), event(2), event(1)]}).events

    assert first.occurred_at == datetime(2020, 1, 1, tzinfo=UTC)
    assert first.message_hash == again.message_hash != second.message_hash
    assert first.route == again.route != second.route


def test_a_batch_may_be_empty() -> None:
    assert parse({"events": []}) == Parsed([], [])


def test_an_event_that_is_none_does_not_cost_the_others() -> None:
    parsed = parse({"events": ["x", event(1), event(2, time="when?")]})

    assert len(parsed.events) == 1
    assert [(each.position, each.code) for each in parsed.refusals] == [
        ("event 1", "not_an_object"),
        ("event 3", "unreadable_time"),
    ]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"[]", "the array `events`"),
        (b'{"event": 1}', "the array `events`"),
        (b'{"events": [', "line 1"),
        (b"", "cannot be read"),
    ],
)
def test_what_is_no_batch_is_refused(body: bytes, words: str) -> None:
    with pytest.raises(UserError, match=words):
        parse(body)
