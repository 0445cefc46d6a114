"""Times as Braze reads and writes them."""

import re
from datetime import UTC, datetime

_ISO = re.compile(r"\d{4}-\d{2}-\d{2}(?:$|[T ]\d{2}:\d{2})")
_ZONE_AFTER_SPACE = re.compile(r" (?=[+-]\d{2}:?\d{2}$)")
_COLON_BEFORE_MILLISECONDS = re.compile(r"(T\d{2}:\d{2}:\d{2}):(\d{1,6})")
_US_DATE = re.compile(r"\d{2}/\d{2}/\d{4}$")
_WEEKDAY = re.compile(r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) \d{2} \d{2} ")
_LAST_YEAR = 3000


def parse_time(text: str) -> datetime | None:
    """Return the moment that `text` names in one of Braze's formats, else None.

    Accepted are ISO 8601, `yyyy-MM-ddTHH:mm:ss:SSSZ`, `yyyy-MM-dd HH:mm:ss`, `yyyy-MM-dd`,
    `MM/dd/yyyy` and `ddd MM dd HH:mm:ss.TZD YYYY`. A time without a zone is UTC. Years after 3000
    are no times (Braze stores them as strings).
    """
    try:
        moment = _read(text)
    except ValueError:
        return None
    if moment is None or moment.year > _LAST_YEAR:
        return None
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        return None


def format_time(moment: datetime) -> str:
    """Return `moment` in the form of Braze's answers, `2020-06-17T20:01:33.385Z`."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def _read(text: str) -> datetime | None:
    if _ISO.match(text):
        whole = _ZONE_AFTER_SPACE.sub("", text)
        return datetime.fromisoformat(_COLON_BEFORE_MILLISECONDS.sub(r"\1.\2", whole))
    if _US_DATE.match(text):
        return datetime.strptime(text, "%m/%d/%Y").replace(tzinfo=UTC)
    if _WEEKDAY.match(text):
        return datetime.strptime(text.replace(".", " ", 1), "%a %m %d %H:%M:%S %z %Y")
    return None
