"""What of an event filters watch for."""

from collections.abc import Iterable, Mapping
from typing import Any

from coterie.base.clock import from_us
from coterie.lang.behaviour import Observer, Occurrence, parse_tracker
from coterie.model.config import TrackerSpec
from coterie.model.mapped import MappedEvent


class Watcher:
    """Adds to mapped events the occurrences that they are of an account's trackers."""

    def __init__(self, trackers: Iterable[TrackerSpec]) -> None:
        known = tuple(trackers)
        self._ids = [tracker.field_id for tracker in known]
        self._observer = Observer(parse_tracker(tracker.text) for tracker in known)

    def values_in(
        self, mapped: MappedEvent, body: Mapping[str, Any]
    ) -> tuple[tuple[int, Occurrence], ...]:
        """Return (hidden field, occurrence) for each tracker that the event is one of."""
        at = from_us(mapped.received_us)
        return tuple(
            (
                self._ids[index],
                Occurrence(mapped.occurred_us, mapped.lane, mapped.seq, value),
            )
            for index, value in self._observer.observe(body, mapped.stream, at)
        )
