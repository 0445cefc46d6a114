"""Calls of the Segment spec, alone and in batches."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from coterie.base.errors import UserError
from coterie.flow.collect.items import Sender
from coterie.flow.collect.parse import Parsed
from coterie.flow.collect.segment import parse_segment

NOW = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
WIRE = Path(__file__).parents[4] / "shared/vectors/peers/sdk-wire/real_sdk_requests.jsonl"


def parse(body: object, call: str = "batch") -> Parsed:
    sender = Sender(account=7, stream="segment", received_at=NOW, event_limit=2_000)
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return parse_segment(raw, call=call, sender=sender)


def values(parsed: Parsed) -> list[Any]:
    return [msgspec.json.decode(event.body) for event in parsed.events]


def times(*messages: dict[str, Any], **batch: Any) -> list[datetime | None]:
    parsed = parse({"batch": [{"type": "track", "userId": "u", **m} for m in messages], **batch})
    assert not parsed.refusals
    return [event.occurred_at for event in parsed.events]


def ago(**span: float) -> str:
    return (NOW - timedelta(**span)).isoformat()


@pytest.mark.parametrize("call", ["identify", "track", "page", "screen", "group", "alias"])
def test_a_single_call_gets_the_type_of_its_route(call: str) -> None:
    (value,) = values(parse({"userId": "u1", "event": "x"}, call))

    assert value == {"userId": "u1", "event": "x", "type": call}


def test_a_message_with_its_type_is_kept_byte_for_byte() -> None:
    text = '{"type":"track",  "userId":"u1", "properties":{"total":1.50}}'

    parsed = parse(f'{{"batch": [{text}]}}'.encode())

    assert [event.body for event in parsed.events] == [text]


def test_what_a_batch_says_for_all_holds_where_a_message_says_nothing() -> None:
    messages = [
        {"type": "track", "userId": "u", "context": {"ip": "1.1.1.1"}},
        {"type": "track", "userId": "u"},
    ]
    context = {"ip": "9.9.9.9", "locale": "de"}

    first, second = values(parse({"batch": messages, "context": context}))

    assert first["context"] == {"ip": "1.1.1.1", "locale": "de"}
    assert second["context"] == context


def test_messages_that_are_none_are_refused_alone_with_their_place() -> None:
    good = {"type": "track", "userId": "u1", "event": "x"}
    bad = [7, {"type": "order", "userId": "u"}, {"type": "track", "userId": "", "event": "x"},
           {**good, "timestamp": "soon"}]  # fmt: skip

    parsed = parse({"batch": [bad[0], good, *bad[1:]]})

    assert len(parsed.events) == 1
    assert [(each.position, each.code) for each in parsed.refusals] == [
        ("message 1", "bad_call"),
        ("message 3", "bad_call"),
        ("message 4", "bad_call"),
        ("message 5", "unreadable_time"),
    ]
    assert json.loads(parsed.refusals[1].raw) == bad[1]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"{", "line 1 column 2"),
        (b"[]", "the array `batch`"),
        (b'{"batch": {}}', "the array `batch`"),
        (b'{"batch": [{]}', "line 1"),
        (b"\xff", "UTF-8"),
    ],
)
def test_what_is_no_batch_is_refused_as_a_whole(body: bytes, words: str) -> None:
    with pytest.raises(UserError, match=words):
        parse(body)


@pytest.mark.parametrize("body", [b"7", b'{"event": "x"}', b"{"])
def test_a_single_call_that_is_none_is_refused(body: bytes) -> None:
    with pytest.raises(UserError):
        parse(body, "track")


def test_an_event_time_is_taken_at_its_word_where_clocks_agree() -> None:
    found = times({"timestamp": ago(hours=3)}, {}, sentAt=ago(seconds=2))

    assert found == [NOW - timedelta(hours=3), None]


def test_a_clock_that_is_wrong_is_corrected_by_what_it_said_when_it_sent() -> None:
    slow = {"originalTimestamp": ago(days=1, minutes=5), "sentAt": ago(days=1)}
    fast = {"timestamp": ago(hours=-2, minutes=1)}

    assert times(slow) == [NOW - timedelta(minutes=5)]
    assert times(fast, sentAt=ago(hours=-2)) == [NOW - timedelta(minutes=1)]


def test_nothing_happens_in_the_future() -> None:
    assert times({"timestamp": ago(hours=-5)}) == [NOW]


def test_a_message_counts_once_by_its_id() -> None:
    message = {"type": "track", "userId": "u1", "messageId": "m-1"}

    first, second = parse({"batch": [message, message]}).events

    assert first.message_hash == second.message_hash is not None


@pytest.mark.skipif(not WIRE.exists(), reason="the shared vectors are not beside this checkout")
def test_recorded_requests_of_real_sdks_are_read_whole() -> None:
    recorded = [json.loads(line) for line in WIRE.read_text().splitlines()]
    batches = [one for one in recorded if one["path"] == "/v1/batch"]

    assert len(batches) >= 5
    for request in batches:
        parsed = parse(request["body"])
        assert not parsed.refusals
        assert values(parsed) == request["body"]["batch"]
        assert all(event.message_hash for event in parsed.events)
