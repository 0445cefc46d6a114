"""What the bytes of a request hold."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from coterie.base.errors import UserError
from coterie.flow.collect.body import MalformedBodyError
from coterie.flow.collect.items import EventTooLargeError, Sender
from coterie.flow.collect.parse import Parsed, parse_body, parse_fields
from coterie.flow.collect.times import UnreadableTimeError

NOW = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
LIMIT = 200


def sender(**given: Any) -> Sender:
    return Sender(account=7, stream="web", received_at=NOW, event_limit=LIMIT, **given)


def parse(body: bytes, content_type: str = "application/json", **given: Any) -> Parsed:
    return parse_body(body, content_type=content_type, sender=sender(**given))


def values(parsed: Parsed) -> list[Any]:
    return [msgspec.json.decode(event.body) for event in parsed.events]


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":1,"b":[{"c":2}]}',
        b' \r\n\t{"a":1,"b":[{"c":2}]}\n\n',
        b'\xef\xbb\xbf{"a":1,"b":[{"c":2}]}',
        b'[{"a":1,"b":[{"c":2}]}]',
        b'{\n"a":1,\n"b":[\n{"c":2}\n]\n}',
    ],
)
def test_one_event_may_be_written_in_several_ways(body: bytes) -> None:
    parsed = parse(body)

    assert values(parsed) == [{"a": 1, "b": [{"c": 2}]}]
    assert not parsed.refusals


def test_what_was_sent_is_kept_letter_by_letter() -> None:
    body = '{ "a" : 1.50, "a":2, "ü":"\\u0000" }'

    assert [event.body for event in parse(body.encode()).events] == [body]
    assert [event.body for event in parse(f"[ {body} ]".encode()).events] == [body]


def test_an_empty_array_holds_no_event() -> None:
    parsed = parse(b"[]")

    assert not parsed.events
    assert not parsed.refusals


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b'{"n":1}\n{"n":2}', "application/json"),
        (b'\n\n{"n":1}\r\n\r\n{"n":2}\r\n', "text/plain"),
        (b'{"n":1}\n{"n":2}', "application/x-ndjson"),
    ],
)
def test_lines_are_told_from_one_object_whatever_the_type_says(
    body: bytes, content_type: str
) -> None:
    assert values(parse(body, content_type)) == [{"n": 1}, {"n": 2}]


def test_a_broken_first_line_counts_as_one_of_many_only_where_the_type_says_lines() -> None:
    body = b'{"n":\n{"n":2}'

    assert values(parse(body, "application/x-ndjson")) == [{"n": 2}]
    with pytest.raises(MalformedBodyError):
        parse(body)


def test_each_item_is_refused_for_its_own_reason() -> None:
    body = b'{"n":1}\n7\nnull\n"x"\n{"n":\n{"a":"\xff"}\n{"a":"' + b"x" * LIMIT + b'"}\n{"n":2}'

    parsed = parse(body, "application/x-ndjson")

    assert values(parsed) == [{"n": 1}, {"n": 2}]
    assert [(each.position, each.code) for each in parsed.refusals] == [
        ("line 2", "not_an_object"),
        ("line 3", "not_an_object"),
        ("line 4", "not_an_object"),
        ("line 5", "malformed_event"),
        ("line 6", "malformed_event"),
        ("line 7", "event_too_large"),
    ]


def test_a_nested_bomb_is_refused_and_not_fallen_over() -> None:
    bomb = b"[" * 50_000 + b"]" * 50_000

    with pytest.raises(MalformedBodyError, match="nested too deeply"):
        parse(bomb)
    with pytest.raises(MalformedBodyError, match="nested too deeply"):
        parse(b'{"a":' + bomb + b"}")


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (b'{"a":1,}', "line 1 column 8"),
        (b'{\n  "a": tru\n}', "line 2 column 8"),
        (b'[{"a":1},\n{"b":2', "line 2 column 7"),
        (b'[{"a":1} {"b":2}]', "line 1 column 10"),
        (b"hello", "line 1 column 1"),
        (b'{"a":"' + b"x" * 9, "line 1 column 6"),
    ],
)
def test_a_fault_is_located(body: bytes, place: str) -> None:
    with pytest.raises(MalformedBodyError, match=f"at {place}:") as refusal:
        parse(body)

    assert refusal.value.position == place


@pytest.mark.parametrize(
    "body", [b"", b" \n ", b"7", b'"x"', b"null", b'{"a":"\xff"}', b'{"a":NaN}']
)
def test_a_body_without_any_object_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedBodyError):
        parse(body)


def test_the_limit_of_an_event_is_inclusive() -> None:
    frame = len(b'{"a":""}')

    parse(b'{"a":"' + b"x" * (LIMIT - frame) + b'"}')
    with pytest.raises(EventTooLargeError, match="201 bytes"):
        parse(b'{"a":"' + b"x" * (LIMIT - frame + 1) + b'"}')


@pytest.mark.parametrize("key", ["message_id", "messageId", "_mid"])
def test_a_message_id_makes_a_resent_event_recognisable(key: str) -> None:
    first, again, other = parse(
        f'[{{"{key}":"m1","try":1}},{{"{key}":"m1","try":2}},{{"{key}":"m2"}}]'.encode()
    ).events

    assert first.message_hash == again.message_hash
    assert first.message_hash != other.message_hash
    assert first.message_hash is not None
    assert len(first.message_hash) == 16


def test_the_same_message_id_on_another_stream_is_another_message() -> None:
    body = b'{"message_id":1}'
    other = Sender(account=7, stream="shop", received_at=NOW, event_limit=LIMIT)

    (here,) = parse(body).events
    (there,) = parse_body(body, content_type="", sender=other).events

    assert here.message_hash != there.message_hash


@pytest.mark.parametrize("value", ['""', "null", "true", "[]", "{}", "1.5"])
def test_what_cannot_name_a_message_does_not(value: str) -> None:
    (event,) = parse(f'{{"message_id":{value}}}'.encode()).events

    assert event.message_hash is None


def test_an_idempotency_key_names_each_event_of_a_request_by_its_place() -> None:
    body = b'[{"n":1},{"n":1},{"message_id":"m"}]'

    first = parse(body, idempotency_key="k").events
    again = parse(body, idempotency_key="k").events
    plain = parse(body).events

    assert [event.message_hash for event in first] == [event.message_hash for event in again]
    assert first[0].message_hash != first[1].message_hash
    assert first[2].message_hash == plain[2].message_hash
    assert plain[0].message_hash is None


def test_the_event_time_is_read_from_the_named_field() -> None:
    body = b'[{"t":1700000000},{"t":null},{},{"t":"no time"},{"at":{"t":"x"},"t":"2023-11-14"}]'

    parsed = parse(body, timestamp_field="t")

    assert [event.occurred_at for event in parsed.events] == [
        datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC),
        None,
        None,
        datetime(2023, 11, 14, tzinfo=UTC),
    ]
    assert [(each.position, each.code) for each in parsed.refusals] == [
        ("item 4", "unreadable_time")
    ]


def test_the_event_time_may_lie_inside_an_object() -> None:
    body = b'{"meta":{"at":"2023-11-14T10:00:00+02:00"},"a.b":"2020-01-01"}'

    (nested,) = parse(body, timestamp_field="meta.at").events
    (dotted,) = parse(body, timestamp_field="a.b").events

    assert nested.occurred_at == datetime(2023, 11, 14, 8, tzinfo=UTC)
    assert dotted.occurred_at == datetime(2020, 1, 1, tzinfo=UTC)


def test_nothing_happened_later_than_it_arrived() -> None:
    later = (NOW + timedelta(hours=1)).isoformat()

    (event,) = parse(f'{{"t":"{later}"}}'.encode(), timestamp_field="t").events

    assert event.occurred_at == NOW


def test_a_single_event_with_an_unreadable_time_is_an_error() -> None:
    with pytest.raises(UnreadableTimeError, match="ISO 8601"):
        parse(b'{"t":"soon"}', timestamp_field="t")


def test_form_fields_become_an_object_and_repeated_ones_a_list() -> None:
    parsed = parse(b"a=1&b=&a=2&c=%C3%BC+x&a=3", "application/x-www-form-urlencoded")

    assert values(parsed) == [{"a": ["1", "2", "3"], "b": "", "c": "ü x"}]


@pytest.mark.parametrize("text", [b"", b"a=%FF", b"a=\xff", b"&".join([b"a=1"] * 1001)])
def test_fields_that_cannot_be_read_are_malformed(text: bytes) -> None:
    with pytest.raises(MalformedBodyError):
        parse_fields(text, sender=sender())


def test_every_refusal_says_what_to_do() -> None:
    with pytest.raises(UserError) as refusal:
        parse(b"{")

    assert "Send a JSON object" in refusal.value.message
