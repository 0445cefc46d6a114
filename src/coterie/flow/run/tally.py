"""Counts the values of one field."""

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from coterie.model.insights import FieldInfo, ValueCount
from coterie.model.schema import Field

# A list or a map of one person counts with at most so many of its members.
MOST_MEMBERS = 100
# What is longer says nothing in a list of values.
LONGEST_VALUE = 200


class Tally:
    """The values of a field, person by person; a redacted one counts only who has any."""

    def __init__(self, field: Field, *, is_redacted: bool) -> None:
        self._field = field
        self._is_redacted = is_redacted
        self._counts: Counter[Any] = Counter()
        self._present = 0
        self._least: Any = None
        self._greatest: Any = None

    def add(self, value: Any) -> None:
        """Count the value of one person."""
        self._present += 1
        if self._is_redacted:
            return
        for part in _parts(value):
            self._counts[_shown(part)] += 1
            if self._is_ordered(part):
                self._least = part if self._least is None else min(self._least, part)
                self._greatest = part if self._greatest is None else max(self._greatest, part)

    def report(self, asked: int, limit: int) -> FieldInfo:
        """Return what was counted among `asked` people, with the `limit` most common values."""
        # Ties in the order of the texts, so that an answer can be told again.
        ordered = sorted(self._counts.items(), key=lambda item: (-item[1], str(item[0])))
        return FieldInfo(
            field=self._field.name,
            kind=self._field.kind,
            asked=asked,
            present=self._present,
            distinct=len(ordered),
            values=tuple(ValueCount(value=value, count=n) for value, n in ordered[:limit]),
            least=_number(self._least),
            greatest=_number(self._greatest),
            is_redacted=self._is_redacted,
        )

    def _is_ordered(self, part: Any) -> bool:
        if self._field.kind.startswith("map"):
            return False
        return isinstance(part, int | float | Decimal | datetime) and not isinstance(part, bool)


def _parts(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return list(value)[:MOST_MEMBERS]
    return value[:MOST_MEMBERS] if isinstance(value, list) else (value,)


def _shown(part: Any) -> Any:
    if isinstance(part, str):
        return part[:LONGEST_VALUE]
    if isinstance(part, int | float | bool | Decimal | date | datetime):
        return part
    return str(part)[:LONGEST_VALUE]


def _number(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value
