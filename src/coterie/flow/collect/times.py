"""Reading the event time that a sender put into an event."""

from datetime import UTC, datetime, timedelta
from typing import Any

from coterie.base.errors import UserError
from coterie.lang.expr.dates import parse_date

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# A number is a count of seconds up to the year 5138, of milliseconds beyond that, and so on; so
# numbers of today are told apart whatever the unit.
_UNITS = ((1e11, 1.0), (1e14, 1e3), (1e17, 1e6), (float("inf"), 1e9))
_SHORTEST_NUMBER = 9
_SHOWN = 40


class UnreadableTimeError(UserError):
    """The field that should hold the event time holds something else."""

    code = "unreadable_time"

    def __init__(self, *, field: str, value: object) -> None:
        super().__init__(
            f"The time in field {field!r} cannot be read: {str(value)[:_SHOWN]!r}. Send ISO 8601, "
            "or seconds or milliseconds since 1970."
        )


def occurred_at(event: dict[str, Any], *, field: str, received_at: datetime) -> datetime | None:
    """Return the time in `field` (a dotted path reaches into objects); None if there is none.

    Times after `received_at` count as `received_at`: a sender's clock may run ahead, the future has
    not happened. Raises UnreadableTimeError.
    """
    value = _find(event, field)
    if value is None or value == "":
        return None
    instant = read_instant(value)
    if instant is None:
        raise UnreadableTimeError(field=field, value=value)
    return min(instant, received_at)


def read_instant(value: object) -> datetime | None:
    """Return the instant that a text or number names, in UTC; None if it names none."""
    if isinstance(value, str):
        return parse_date(value) or _read_number(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _since_epoch(value)
    return None


def _find(event: dict[str, Any], field: str) -> object:
    if field in event:
        return event[field]
    found: object = event
    for part in field.split("."):
        if not isinstance(found, dict):
            return None
        found = found.get(part)
    return found


def _read_number(text: str) -> datetime | None:
    if len(text) < _SHORTEST_NUMBER or not text.isascii():
        return None
    try:
        return _since_epoch(float(text))
    except ValueError:
        return None


def _since_epoch(count: float) -> datetime | None:
    unit = next((unit for limit, unit in _UNITS if abs(count) < limit), None)
    if unit is None:
        return None
    try:
        return _EPOCH + timedelta(seconds=count / unit)
    except OverflowError:
        return None
