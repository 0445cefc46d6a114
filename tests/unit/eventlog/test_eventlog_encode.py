"""Rows for the database's binary COPY."""

from datetime import UTC, datetime

import pytest

from coterie.flow.eventlog.encode import UnstorableEventError, copy_data, encode_event
from coterie.model.events import IncomingEvent

NOW = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)


def event(stream: str = "web", body: str = "{}") -> IncomingEvent:
    return IncomingEvent(account=7, stream=stream, received_at=NOW, body=body)


def test_a_copy_is_framed_as_the_manual_says() -> None:
    data = copy_data(3, 41, [encode_event(event())])

    # https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format".
    assert data.startswith(b"PGCOPY\n\xff\r\n\x00" + bytes(8) + b"\x00\x09")
    assert data[21:37] == b"\0\0\0\4\0\0\0\3" + b"\0\0\0\x08" + b"\0\0\0\0"
    assert data.endswith(b"\0\0\0\2{}\xff\xff")


@pytest.mark.parametrize("text", ["a\x00b", "\ud800"])
def test_text_that_the_database_cannot_hold_harms_only_its_own_request(text: str) -> None:
    with pytest.raises(UnstorableEventError, match="stream"):
        encode_event(event(stream=text))
    with pytest.raises(UnstorableEventError, match="body"):
        encode_event(event(body=text))
