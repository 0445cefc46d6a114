from datetime import UTC, datetime

import msgspec

from coterie.flow.collect.times import read_instant
from coterie.flow.imports.columns import Columns
from coterie.flow.imports.events import make_event, make_rejected
from coterie.flow.imports.rows import BadRow, Row
from coterie.model.events import IncomingEvent
from coterie.model.imports import CsvFormat, ImportTask

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def task(**changes: object) -> ImportTask:
    made = ImportTask(
        job_id=7,
        account=3012,
        stream="braze_csv",
        format=CsvFormat(),
        name="users.csv",
        size=10,
        sha256=b"\1" * 32,
    )
    return msgspec.structs.replace(made, **changes)


def row(number: int = 1, **values: str) -> Row:
    columns = Columns(values, CsvFormat())
    return Row(number, number + 1, list(values.values()), columns, "raw\n")


def make(of: Row, by: ImportTask, *, limit: int = 1_000) -> IncomingEvent | BadRow:
    said = msgspec.structs.replace(of, columns=Columns(of.values, by.format))
    return make_event(said, by, received_at=NOW, event_limit=limit, read_instant=read_instant)


def test_a_row_becomes_an_event_of_the_jobs_stream() -> None:
    event = make(row(id="1", city="Oslo"), task())

    assert isinstance(event, IncomingEvent)
    assert (event.account, event.stream, event.received_at) == (3012, "braze_csv", NOW)
    assert msgspec.json.decode(event.body) == {"id": "1", "city": "Oslo"}
    assert event.occurred_at is None


def test_the_first_timestamp_column_with_a_readable_time_counts() -> None:
    by = task(format=CsvFormat(timestamps=("seen", "made", "old")))

    event = make(row(seen="soon", made="2026-01-02T03:04:05Z", old="1999-01-01"), by)

    assert isinstance(event, IncomingEvent)
    assert event.occurred_at == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_a_time_in_the_future_counts_as_now() -> None:
    event = make(row(at="2999-01-01"), task(format=CsvFormat(timestamps=("at",))))

    assert isinstance(event, IncomingEvent)
    assert event.occurred_at == NOW


def test_a_row_without_any_readable_time_is_rejected_with_the_column() -> None:
    bad = make(row(at="soon"), task(format=CsvFormat(timestamps=("at",))))

    assert isinstance(bad, BadRow)
    assert bad.reason == "column 'at' holds no readable time"


def test_a_timestamp_that_is_no_chosen_field_is_read_and_not_sent() -> None:
    by = task(format=CsvFormat(fields=("id",), timestamps=("at",)))

    event = make(row(id="1", at="2026-01-01"), by)

    assert isinstance(event, IncomingEvent)
    assert msgspec.json.decode(event.body) == {"id": "1"}


def test_a_row_beyond_the_event_limit_is_rejected() -> None:
    bad = make(row(id="x" * 100), task(), limit=50)

    assert isinstance(bad, BadRow)
    assert "limit is 50" in bad.reason


def test_a_row_without_values_is_rejected() -> None:
    assert isinstance(make(row(), task()), BadRow)


def test_reading_the_same_row_again_gives_the_same_hash_and_any_other_row_another() -> None:
    hashes = [
        event.message_hash
        for event in (
            make(row(1, id="1"), task()),
            make(row(1, id="1"), task(job_id=8)),
            make(row(2, id="1"), task()),
            make(row(1, id="2"), task()),
            make(row(1, id="1"), task(sha256=b"\2" * 32)),
            make(row(1, id="1"), task(stream="default")),
        )
        if isinstance(event, IncomingEvent)
    ]

    assert hashes[0] == hashes[1]
    assert len(set(hashes)) == 5


def test_a_rejected_row_says_file_line_and_reason_and_keeps_its_bytes() -> None:
    bad = BadRow(2, 3, "it has 1 cells", "K\udcf6ln\n")

    rejected = make_rejected(bad, task(), received_at=NOW)

    assert rejected.position == "users.csv, line 3"
    assert "Line 3 of 'users.csv'" in rejected.reason
    assert rejected.body == b"K\xf6ln\n"


def test_the_id_of_a_row_stays_what_it_is_from_version_to_version() -> None:
    """A file that is imported before an upgrade and again after it must not count twice."""
    event = make(row(number=70_000, id="1", city="Łódź"), task())

    assert isinstance(event, IncomingEvent)
    assert event.message_hash == bytes.fromhex("c4257b531547a60000011170fa843cfa409ca2ba")
