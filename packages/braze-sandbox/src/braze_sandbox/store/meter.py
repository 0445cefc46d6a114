"""The count of data points, which is what Braze bills."""

from collections.abc import Iterable

import msgspec


class MeterLine(msgspec.Struct, frozen=True):
    """The data points that one key spent on one attribute, event or product.

    `kind` is `attribute`, `event` or `purchase`.
    """

    key_name: str
    kind: str
    name: str
    points: int


class Meter:
    """Data points per key, kind and name since the last reset."""

    def __init__(self) -> None:
        self._points: dict[tuple[str, str, str], int] = {}
        self._dirty: set[tuple[str, str, str]] = set()

    def add(self, key_name: str, kind: str, name: str, points: int = 1) -> None:
        """Count `points` more."""
        line = (key_name, kind, name)
        self._points[line] = self._points.get(line, 0) + points
        self._dirty.add(line)

    def restore(self, lines: Iterable[MeterLine]) -> None:
        """Take over what was counted before a restart."""
        self._points.update({(x.key_name, x.kind, x.name): x.points for x in lines})

    def lines(self) -> list[MeterLine]:
        """Return all counts, the largest first."""
        ordered = sorted(self._points.items(), key=lambda item: (-item[1], item[0]))
        return [MeterLine(*line, points) for line, points in ordered]

    def total(self) -> int:
        """Return the sum of all counts."""
        return sum(self._points.values())

    def unsaved(self) -> list[MeterLine]:
        """Return the counts that changed since `mark_saved`."""
        return [MeterLine(*line, self._points[line]) for line in self._dirty]

    def mark_saved(self) -> None:
        """Note that all counts are on disk."""
        self._dirty.clear()

    def clear(self) -> None:
        """Start again from zero."""
        self._points.clear()
        self._dirty.clear()
