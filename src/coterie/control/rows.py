"""Runs the control plane's queries with rows as structs."""

import re
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from coterie.base.errors import UserError
from coterie.store import Connection

T = TypeVar("T")
Values = Mapping[str, Any]

ZERO_IN_JSON = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


class UnstorableTextError(UserError):
    """A text holds something that PostgreSQL cannot keep."""

    code = "unstorable_text"

    def __init__(self) -> None:
        super().__init__(
            "A text holds a zero byte or half a character. Take out what is not readable."
        )


def run(conn: Connection, text: str, values: Values) -> int:
    """Run a statement that yields no rows; return how many rows it changed."""
    return conn.execute(text.encode(), _storable(values)).rowcount


def find_one(conn: Connection, text: str, values: Values, *, row: type[T]) -> T | None:
    """Return the first row of a query as a `row`, None if there is none."""
    found = list_all(conn, text, values, row=row)
    return found[0] if found else None


def list_all(conn: Connection, text: str, values: Values, *, row: type[T]) -> list[T]:
    """Return the rows of a query, each as a `row` whose fields are the columns."""
    cursor = conn.execute(text.encode(), _storable(values))
    names = [column.name for column in cursor.description or ()]
    return [msgspec.convert(dict(zip(names, one, strict=True)), row) for one in cursor]


def get_value(conn: Connection, text: str, values: Values, *, kind: type[T]) -> T:
    """Return the one value of a query that always yields one row of one column."""
    found = conn.execute(text.encode(), _storable(values)).fetchone()
    return msgspec.convert(found[0] if found else None, kind)


def to_json(value: object) -> str:
    """Return a value as the text of a jsonb parameter. Raises UnstorableTextError."""
    try:
        text = msgspec.json.encode(value).decode()
    except UnicodeEncodeError as error:
        raise UnstorableTextError from error
    if ZERO_IN_JSON.search(text):
        raise UnstorableTextError
    return text


def _storable(values: Values) -> Values:
    for value in values.values():
        if isinstance(value, str) and not _is_storable(value):
            raise UnstorableTextError
    return values


def _is_storable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\x00" not in text
