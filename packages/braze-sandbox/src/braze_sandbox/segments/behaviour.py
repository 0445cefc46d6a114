"""Filters on what a user did; their form is ours."""

from datetime import datetime, timedelta
from typing import Any

from braze_sandbox.model.profile import Profile, Tally
from braze_sandbox.segments.asking import Asking, BadFilterError, Condition, Test, read_content
from braze_sandbox.segments.comparisons import make_test
from braze_sandbox.store.deeds import Kind

_MOST_DAYS = 30


def read_custom_event(content: Any, asking: Asking) -> Condition:
    """Return the test of an event.

    `{"custom_event_name", "comparison", "value", "measure", "days"}`: `measure` is `count` (the
    default), `first` or `last`; `days` (1 to 30) counts in the last calendar days in UTC only.
    """
    found = read_content("custom_event", content, "custom_event_name")
    return _read("event", found["custom_event_name"], found, asking)


def read_purchase(content: Any, asking: Asking) -> Condition:
    """Return the test of purchases: as for events, with `product_id`, or of any product."""
    found = read_content("purchase", content)
    return _read("purchase", found.get("product_id"), found, asking)


def _read(kind: Kind, name: str | None, content: dict[str, Any], asking: Asking) -> Condition:
    test = make_test(content.get("comparison"), content.get("value"), now=asking.now)
    measure, days = content.get("measure", "count"), content.get("days")
    if measure not in ("count", "first", "last"):
        raise BadFilterError("'measure' is count, first or last")
    if days is not None:
        return _read_recent(kind, name, days, test, asking)
    if measure == "count":
        return lambda p: test(sum(tally.count for tally in _tallies(p, kind, name)))
    if measure == "first":
        return lambda p: test(min((t.first for t in _tallies(p, kind, name)), default=None))
    return lambda p: test(max((t.last for t in _tallies(p, kind, name)), default=None))


def _read_recent(kind: Kind, name: str | None, days: Any, test: Test, asking: Asking) -> Condition:
    if isinstance(days, bool) or not isinstance(days, int) or not 1 <= days <= _MOST_DAYS:
        message = f"'days' is a whole number from 1 to {_MOST_DAYS}"
        raise BadFilterError(message)
    counts = asking.deeds.counts(
        asking.workspace.id, kind, name, since=calendar_start(asking.now, days)
    )
    return lambda profile: test(counts.get(profile.braze_id, 0))


def calendar_start(now: datetime, days: int) -> datetime:
    """Return where "the last `days` days" begin: calendar days in UTC, so up to a day more."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - timedelta(days=days)


def _tallies(profile: Profile, kind: Kind, name: str | None) -> list[Tally]:
    tallies = profile.events if kind == "event" else profile.purchases
    if name is None:
        return list(tallies.values())
    return [tallies[name]] if name in tallies else []
