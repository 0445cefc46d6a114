"""Histories made of a list of events, for trying conditions without a database."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from coterie.base.clock import to_us
from coterie.base.errors import UserError
from coterie.lang.behaviour.history import EMPTY, Bounds, History, Occurrence, add
from coterie.lang.behaviour.tracker import STREAM, Observer, parse_tracker
from coterie.lang.expr.values import to_time

EVENTS = "_events"
TIME = "_time"
DEFAULT_STREAM = "default"


class BadEventsError(UserError):
    """What a person did is not told in a form that can be read."""

    code = "bad_events"

    def __init__(self, *, problem: str) -> None:
        super().__init__(
            f"{problem}. A profile's {EVENTS} are a list of events as they were received, each a "
            f"JSON object with its instant as {TIME}, such as "
            '{"_time": "2026-01-31T09:00:00Z", "event": "order", "price": 60}.'
        )


def histories_of(trackers: Iterable[str], events: object, now: datetime) -> dict[str, History]:
    """Return what `events` say for each tracker text, in the order of their times and places.

    An event is a mapping with its instant as `_time` and the name of its stream as `_stream`
    (default: "default"). Raises BadEventsError.
    """
    texts = sorted(trackers)
    if not isinstance(events, list):
        raise BadEventsError(problem=f"{EVENTS} is no list")
    observer = Observer(parse_tracker(text) for text in texts)
    found = dict.fromkeys(texts, EMPTY)
    for place, event in enumerate(events):
        if not isinstance(event, Mapping):
            raise BadEventsError(problem=f"{EVENTS}[{place}] is no JSON object")
        at = to_time(event.get(TIME), now)
        if at is None:
            raise BadEventsError(problem=f"{EVENTS}[{place}] has no {TIME} that is an instant")
        stream = event.get(STREAM)
        stream = stream if isinstance(stream, str) else DEFAULT_STREAM
        body = {key: value for key, value in event.items() if key not in (TIME, STREAM)}
        for index, value in observer.observe(body, stream, at):
            occurrence = Occurrence(to_us(at), 0, place, value)
            found[texts[index]] = add(found[texts[index]], occurrence, Bounds())
    return found
