"""COPY of rows that the caller packed in PostgreSQL's binary form.

The layout is the one of https://www.postgresql.org/docs/current/sql-copy.html: a row is the number
of its columns, then the length and the bytes of each.
"""

from collections.abc import Iterable

from coterie.store.pool import Connection

COPY_HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
COPY_TRAILER = b"\xff\xff"
NULL = b"\xff\xff\xff\xff"
"""A column without a value, in place of its length."""
# Instants are counted from here, in microseconds.
PG_EPOCH_US = 946_684_800_000_000


def copy_packed(conn: Connection, statement: str, rows: Iterable[bytes]) -> None:
    """Run a COPY … FROM STDIN (FORMAT BINARY) over `rows`, or parts of rows, in their order."""
    with conn.cursor() as cursor, cursor.copy(statement.encode()) as copy:
        copy.write(b"".join((COPY_HEADER, *rows, COPY_TRAILER)))
