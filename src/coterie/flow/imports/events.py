"""Makes an event of a row."""

import hashlib
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache

from coterie.flow.imports.rows import BadRow, Row
from coterie.model.events import IncomingEvent, RejectedEvent
from coterie.model.imports import ImportTask

ReadInstant = Callable[[object], datetime | None]
"""Returns the aware instant that a cell names, or None."""

SOURCE = "csv"
EMPTY = b"{}"
# Of a row that is far too long, so much is kept as tells people which it is.
KEPT = 100_000
# The parts of a message hash. A file has fewer rows than bytes, of which 2^40 are more than any may
# have; that two contents of one row of one file share eight bytes is as good as never.
FILE_BYTES, NUMBER_BYTES, CONTENT_BYTES = 7, 5, 8


def make_event(
    row: Row,
    task: ImportTask,
    *,
    received_at: datetime,
    event_limit: int,
    read_instant: ReadInstant,
) -> IncomingEvent | BadRow:
    """Return the row as an event; `event_limit` is in bytes of JSON.

    The event time is that of the first timestamp column with a value that can be read, and never
    in the future. The message hash tells stream, file, row and content: reading the same file
    again doubles nothing.
    """
    occurred_at = None
    unreadable = unreadable_column = ""
    for column in task.format.timestamps:
        cell = row.columns.cell(row.cells, column)
        if not cell:
            continue
        occurred_at = read_instant(cell)
        if occurred_at is not None:
            break
        if not unreadable:
            # Without the cell: reasons are counted and stand in the job's log.
            unreadable = f"column {column!r} holds no readable time"
            unreadable_column = column
    if occurred_at is None and unreadable:
        return BadRow(row.number, row.line, unreadable, row.raw, unreadable_column)
    body = row.columns.event(row.cells)
    if body == EMPTY:
        return BadRow(row.number, row.line, "none of its cells has a value", row.raw)
    if len(body) > event_limit:
        reason = f"it makes an event of {len(body)} bytes, and the limit is {event_limit}"
        return BadRow(row.number, row.line, reason, row.raw)
    return IncomingEvent(
        account=task.account,
        stream=task.stream,
        received_at=received_at,
        occurred_at=None if occurred_at is None else min(occurred_at, received_at),
        message_hash=_message_hash(task, row.number, body),
        body=body.decode(),
    )


def make_rejected(row: BadRow, task: ImportTask, *, received_at: datetime) -> RejectedEvent:
    """Return a bad row as it is kept for repair."""
    return RejectedEvent(
        account=task.account,
        stream=task.stream,
        received_at=received_at,
        source=SOURCE,
        position=f"{task.name}, line {row.line}",
        reason=f"Line {row.line} of {task.name!r} was left out: {row.reason}.",
        body=row.raw[:KEPT].encode("utf-8", "surrogateescape"),
    )


def _message_hash(task: ImportTask, number: int, body: bytes) -> bytes:
    # The file comes first and the row after it, so that the rows of a file lie side by side in the
    # index of messages: that costs the database less than hashes all over it.
    content = hashlib.blake2b(body, digest_size=CONTENT_BYTES).digest()
    return _file_hash(task.sha256, task.stream) + number.to_bytes(NUMBER_BYTES, "big") + content


@lru_cache(maxsize=16)
def _file_hash(sha256: bytes, stream: str) -> bytes:
    return hashlib.blake2b(sha256 + stream.encode(), digest_size=FILE_BYTES).digest()
