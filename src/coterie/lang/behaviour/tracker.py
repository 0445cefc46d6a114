"""What is watched for in events on behalf of filters: a kind of event, a condition, a value.

A tracker is known by its normal text, `track("order", price, price > 50)`, which is also the key
under which a row holds its history. NULL in the second place means no value, * any event.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct

from coterie.lang.behaviour.history import LARGEST_NUMBER, LONGEST_TEXT
from coterie.lang.expr.codegen import Writer
from coterie.lang.expr.parser import parse_expression
from coterie.lang.expr.render import render
from coterie.lang.expr.tree import Call, Everything, Name, Node, Null, Text, walk
from coterie.lang.expr.values import aware

# The keys of an event that may hold its name; the first that holds a text does.
EVENT_KEYS = ("_e", "event", "event_name", "event_type")
ANY_EVENT = "*"
STREAM = "_stream"
_FUNCTION = "track"

Event = Mapping[str, object]
Sight = Callable[[Event, datetime], tuple[object] | None]


class Tracker(Struct, frozen=True):
    """What to watch for: events of a name, where a condition holds, with the value of interest."""

    event: str
    condition: Node
    value: Node | None = None

    @property
    def text(self) -> str:
        """The normal text, which trackers of the same meaning share."""
        value = Null() if self.value is None else self.value
        return render(Call(_FUNCTION, (Text(self.event), value, self.condition)))


def parse_tracker(text: str) -> Tracker:
    """Return the tracker that a normal text says."""
    match parse_expression(text, names_in_single_quotes=True):
        case Call(name="track", args=(Text(value=event), value, condition)):
            return Tracker(event, condition, None if isinstance(value, Null) else value)
        case _:
            raise ValueError(text)


class Observer:
    """Sees in events what several trackers watch for; trackers are told by their position."""

    def __init__(self, trackers: Iterable[Tracker]) -> None:
        self._by_name: dict[str, list[tuple[int, Sight]]] = {}
        self._of_any: list[tuple[int, Sight]] = []
        self._reads_stream = False
        for index, tracker in enumerate(trackers):
            parts = [tracker.condition, *([tracker.value] if tracker.value else [])]
            names = [node for part in parts for node in walk(part) if isinstance(node, Name)]
            self._reads_stream |= any(name.path[0] == STREAM for name in names)
            watching = (
                self._of_any
                if tracker.event == ANY_EVENT
                else self._by_name.setdefault(tracker.event, [])
            )
            watching.append((index, _compile(tracker)))

    def observe(self, event: Event, stream: str, at: datetime) -> list[tuple[int, Any]]:
        """Return (position, value) for each tracker that the event is an occurrence of."""
        name = name_of(event)
        watching = self._of_any
        if name is not None and name in self._by_name:
            watching = [*watching, *self._by_name[name]]
        if not watching:
            return []
        row = {**event, STREAM: stream} if self._reads_stream else event
        seen = ((index, sight(row, at)) for index, sight in watching)
        return [(index, found[0]) for index, found in seen if found is not None]


def name_of(event: Event) -> str | None:
    """Return what an event is called, None for one without a name."""
    for key in EVENT_KEYS:
        name = event.get(key)
        if isinstance(name, str) and name:
            return name
    return None


def keepable(value: object) -> object:
    """Return a value as it is kept, None for one that is not: lists, maps, long texts."""
    match value:
        case bool():
            return value
        case str():
            return str(value) if 0 < len(value) <= LONGEST_TEXT else None
        case datetime():
            return aware(value)
        case int():
            return value if -LARGEST_NUMBER < value < LARGEST_NUMBER else None
        case float() | Decimal():
            number = float(value)
            # Adding 0 makes -0.0 the 0.0 that it equals.
            is_kept = math.isfinite(number) and -LARGEST_NUMBER < number < LARGEST_NUMBER
            return number + 0.0 if is_kept else None
        case _:
            return None


def _compile(tracker: Tracker) -> Sight:
    """Return what gives (value,) for an event that is an occurrence, None for all others."""
    writer = Writer()
    condition = writer.truth(tracker.condition).code
    value = "None" if tracker.value is None else writer.value(tracker.value).code
    writer.table.names["keepable"] = keepable
    is_bare = tracker.value is None
    lines = [
        "def sight(p, now):",
        *writer.prologue(),
        "    try:",
        f"        if ({condition}) is not True:",
        "            return None",
        f"        x = {'None' if is_bare else f'keepable({value})'}",
        "    except FAULTS:",
        "        return None",
        f"    return {'(None,)' if is_bare else 'None if x is None else (x,)'}",
    ]
    return writer.build(lines, "sight")


EVERY_EVENT: Node = Everything()
