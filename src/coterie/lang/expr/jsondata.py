"""Values of the language as JSON, both ways.

JSON has no dates. `{"$time": "2026-01-31T09:00:00Z"}` is always one. A text that is a whole
RFC 3339 instant, with its seconds and its zone, is one too where the caller asks for it: that is
how the API shows the dates of a profile. All other texts stay texts, and are read as dates by the
operators and functions that want one.
"""

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal

from coterie.base.errors import UserError
from coterie.lang.expr.values import aware, items_of, kind_of, show

TIME_KEY = "$time"
MAX_DATA_DEPTH = 100
"""Levels of lists and objects in data. Reading and writing each take a level of Python's own."""
_INSTANT = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)", re.ASCII | re.IGNORECASE
)


class BadTimeError(UserError):
    """A text that should be an instant is none."""

    code = "bad_time"

    def __init__(self, *, text: object) -> None:
        super().__init__(
            f"{str(text)[:60]!r} is no instant. Write one as RFC 3339 says, such as "
            "2026-01-31T09:00:00Z."
        )


class TooDeepDataError(UserError):
    """Data whose lists and objects are in each other too often."""

    code = "data_too_deep"

    def __init__(self) -> None:
        super().__init__(
            f"The data is nested more than {MAX_DATA_DEPTH} levels deep. Take levels out of it."
        )


def read_instant(text: object) -> datetime:
    """Return the instant that an ISO 8601 text names; without a zone it is in UTC.

    Raises BadTimeError.
    """
    if not isinstance(text, str):
        raise BadTimeError(text=text)
    try:
        # RFC 3339 allows t and z in lower case, which Python does not read.
        return aware(datetime.fromisoformat(text.upper())).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise BadTimeError(text=text) from error


def read_row(data: Mapping[str, object], *, find_times: bool) -> dict[str, object]:
    """Return a JSON object as a row; `find_times` makes instants of texts that are one.

    Raises BadTimeError for a `$time` that is none, and TooDeepDataError.
    """
    return _read_object(data, find_times, MAX_DATA_DEPTH)


def read_value(found: object, *, find_times: bool) -> object:
    """Return a JSON value as a value of the language; see `read_row`."""
    return _read(found, find_times, MAX_DATA_DEPTH)


def _read_object(data: Mapping[str, object], find_times: bool, levels: int) -> dict[str, object]:
    if levels == 0:
        raise TooDeepDataError
    return {key: _read(value, find_times, levels - 1) for key, value in data.items()}


def _read(found: object, find_times: bool, levels: int) -> object:
    match found:
        case str() if find_times and _INSTANT.fullmatch(found):
            return _instant_or_text(found)
        case dict() if found.keys() == {TIME_KEY}:
            return read_instant(found[TIME_KEY])
        case dict():
            return _read_object(found, find_times, levels)
        case list() if levels == 0:
            raise TooDeepDataError
        case list():
            return [_read(each, find_times, levels - 1) for each in found]
        case _:
            return found


def write_value(value: object) -> object:
    """Return a value as what JSON can say: an instant as text, a set as a sorted list.

    What JSON has no number for (NaN, infinity) is None, and so is what is of no kind at all.
    """
    match value:
        case bool() | int() | str() | None:
            return value
        case float() | Decimal():
            return value if math.isfinite(value) else None
        case datetime():
            return write_instant(value)
        case Mapping():
            return {
                key if isinstance(key, str) else show(key): write_value(each)
                for key, each in value.items()
            }
        case _ if kind_of(value) == "list":
            return [write_value(each) for each in items_of(value)]
        case _:
            return None


def write_instant(instant: datetime) -> str:
    """Return an instant in UTC, such as 2026-01-31T09:00:00Z."""
    return aware(instant).astimezone(UTC).isoformat().replace("+00:00", "Z")


def _instant_or_text(text: str) -> object:
    try:
        return read_instant(text)
    except BadTimeError:
        return text  # such as a 31st of February
