"""The geometry of the console's charts; templates/macros/charts.html draws it as SVG."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from coterie.model.control import SizePoint
from coterie.model.views import HourCount

WIDTH = 720
HEIGHT = 180
LEFT = 64
# The name of the last hour is wider than its column.
RIGHT = 12
BOTTOM = 30
TOP = 18
GAP = 6
MOST_LABELS = 8


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """One upright bar, in SVG units; `label` is empty where the axis names no hour."""

    x: float
    y: float
    width: float
    height: float
    label: str
    hour: datetime
    events: int


class GridLine(msgspec.Struct, frozen=True, kw_only=True):
    """A horizontal line of the scale."""

    y: float
    value: int


class HourChart(msgspec.Struct, frozen=True, kw_only=True):
    """Events per hour as upright bars; `total` is the sum of what is drawn."""

    columns: tuple[Column, ...]
    lines: tuple[GridLine, ...]
    total: int
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM


class SizeMark(msgspec.Struct, frozen=True, kw_only=True):
    """One point of a line, in SVG units; `label` is empty where the axis names no day."""

    x: float
    y: float
    label: str
    at: datetime
    size: int


class SizeChart(msgspec.Struct, frozen=True, kw_only=True):
    """Sizes over time as a line."""

    marks: tuple[SizeMark, ...]
    lines: tuple[GridLine, ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM

    @property
    def path(self) -> str:
        """The points of the line as SVG writes them."""
        return " ".join(f"{mark.x},{mark.y}" for mark in self.marks)


class Bar(msgspec.Struct, frozen=True, kw_only=True):
    """One lying bar: `share` is its length in percent of the longest."""

    name: str
    link: str
    value: int
    share: float


def nice_ceiling(value: int) -> int:
    """Return the smallest of 4, 8, 12, 20, 40, 80, 120, 200… that is not below `value`."""
    power = 1
    while True:
        for step in (4, 8, 12, 20):
            if step * power >= value:
                return step * power
        power *= 10


def hour_chart(hours: Sequence[HourCount]) -> HourChart:
    """Return the chart of `hours`, oldest first."""
    top = nice_ceiling(max((hour.events for hour in hours), default=0))
    plot = HEIGHT - BOTTOM - TOP
    slot = (WIDTH - LEFT - RIGHT) / max(1, len(hours))
    columns = tuple(
        Column(
            x=round(LEFT + index * slot + GAP / 2, 1),
            y=round(TOP + plot - plot * hour.events / top, 1),
            width=round(slot - GAP, 1),
            height=round(plot * hour.events / top, 1),
            label=f"{hour.hour:%H:%M}" if hour.hour.hour % 4 == 0 else "",
            hour=hour.hour,
            events=hour.events,
        )
        for index, hour in enumerate(hours)
    )
    return HourChart(columns=columns, lines=_grid(top), total=sum(hour.events for hour in hours))


def size_chart(points: Sequence[SizePoint]) -> SizeChart | None:
    """Return the chart of sizes, oldest first; None for fewer than two, which are no line."""
    if len(points) < 2:
        return None
    top = nice_ceiling(max(point.size for point in points))
    plot, span = HEIGHT - BOTTOM - TOP, points[-1].at - points[0].at
    labelled = _label_days(points)
    marks = tuple(
        SizeMark(
            x=round(LEFT + (WIDTH - LEFT - RIGHT) * ((point.at - points[0].at) / span), 1),
            y=round(TOP + plot - plot * point.size / top, 1),
            label=f"{point.at.day} {point.at:%b}" if index in labelled else "",
            at=point.at,
            size=point.size,
        )
        for index, point in enumerate(points)
    )
    return SizeChart(marks=marks, lines=_grid(top))


def _label_days(points: Sequence[SizePoint]) -> frozenset[int]:
    """Choose the points that the axis names: the first of a day, a handful in all."""
    days = [
        index
        for index, point in enumerate(points)
        if index == 0 or point.at.date() != points[index - 1].at.date()
    ]
    step = max(1, -(-len(days) // MOST_LABELS))
    return frozenset(days[::step])


def _grid(top: int) -> tuple[GridLine, ...]:
    plot = HEIGHT - BOTTOM - TOP
    return tuple(
        GridLine(y=TOP + plot - plot * step / 4, value=top * step // 4) for step in (0, 1, 2, 3, 4)
    )


def bars(rows: Sequence[tuple[str, str, int]]) -> tuple[Bar, ...]:
    """Return one bar a (name, link, value), longest first."""
    longest = max((value for _, _, value in rows), default=0)
    ordered = sorted(rows, key=lambda row: (-row[2], row[0]))
    return tuple(
        Bar(
            name=name,
            link=link,
            value=value,
            share=round(100 * value / longest, 2) if longest else 0.0,
        )
        for name, link, value in ordered
    )
