"""Which published examples of the engine come out otherwise here; docs/ lists them too."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

# An expression, and why its value differs from what the engine gives.
KNOWN_DIFFERENCES = {
    'todate("Apr 7, 2014 4:58:55 PM") < todate("now-3m")': (
        "date math counts from the event's time, as the manual says, and not from the wall clock"
    ),
}
# Date math in a list, which the engine's reader of dates takes and no expression of it can write.
UNWRITTEN_TIMES = (["now+1d"],)
_PLACE = "America/Los_Angeles"


def published_value(case: dict[str, Any]) -> Any:
    """Return the value of a published example, dates in UTC.

    The engine's own test does not compare dates: one is that of the example before it, and one
    is written in local time.
    """
    value = case["value"]
    if case["expr"] == f'todatein("now-3d","{_PLACE}")':
        return "2014-04-04T16:58:55Z"
    if case.get("type") != "time" or not value.endswith(_PLACE):
        return value
    local = datetime.fromisoformat(value.removesuffix(_PLACE).strip())
    instant = local.replace(tzinfo=ZoneInfo(_PLACE)).astimezone(UTC)
    return instant.isoformat().replace("+00:00", "Z")
