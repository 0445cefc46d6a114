"""Values as people read them: numbers, instants, JSON."""

import json
import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal

import msgspec
from markupsafe import Markup, escape

from coterie.base.words import counted, grouped
from coterie.model.exports import IdentifierKind
from coterie.model.recipients import read_recipient
from coterie.model.views import FieldValue

LONGEST_INDENTED = 200_000

IDENTIFIER_NAMES: Mapping[IdentifierKind, str] = {
    "external_id": "external ID",
    "braze_id": "Braze ID",
    "alias": "alias",
    "email": "e-mail address",
    "phone": "phone number",
    "device_id": "device",
}

_AUDIENCE = re.compile(r"\baudience '([^']+)'")
_PERSON = re.compile(r"person:\d+")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_STEPS = (
    (timedelta(minutes=1), timedelta(seconds=1), "second"),
    (timedelta(hours=1), timedelta(minutes=1), "minute"),
    (timedelta(days=1), timedelta(hours=1), "hour"),
    (timedelta(days=31), timedelta(days=1), "day"),
)
_COMPACT = ((1_000_000_000, "B"), (1_000_000, "M"), (1_000, "k"))


def compact(number: int) -> str:
    """Return a number in few characters: 950, 1.2k, 12.4k, 3.1M."""
    for limit, letter in _COMPACT:
        if abs(number) >= limit:
            return f"{number / limit:.1f}".removesuffix(".0") + letter
    return grouped(number)


def detail(value: FieldValue) -> str:
    """Return a value of the audit log as text: as `scalar`, and instants as people read them."""
    if isinstance(value, str) and _INSTANT.fullmatch(value):
        return instant(datetime.fromisoformat(value))
    return scalar(value)


def percent(part: int, whole: int) -> int:
    """Return `part` of `whole` as 0 to 100, rounded down; 0 of 0 is 0."""
    return min(100, max(0, part * 100 // whole)) if whole > 0 else 0


def instant(moment: datetime) -> str:
    """Return an instant in full: 23 Nov 2026, 21:08:41 UTC."""
    return f"{moment.day} {moment:%b %Y, %H:%M:%S} UTC"


def stamp(moment: datetime, now: datetime) -> str:
    """Return an instant in UTC for a table of many: 23 Nov, 21:08:41; the year if it is another."""
    year = "" if moment.year == now.year else f" {moment.year}"
    return f"{moment.day} {moment:%b}{year}, {moment:%H:%M:%S}"


def day(moment: datetime) -> str:
    """Return the date of an instant: 23 Nov 2026."""
    return f"{moment.day} {moment:%b %Y}"


def ago(moment: datetime, now: datetime) -> str:
    """Return how long before or after `now` an instant lies; the date if it is over a month."""
    distance = abs(now - moment)
    if distance < timedelta(seconds=5):
        return "just now"
    for below, unit, noun in _STEPS:
        if distance < below:
            words = counted(distance // unit, noun)
            return f"{words} ago" if moment <= now else f"in {words}"
    return day(moment)


def with_names(text: str, names: Mapping[str, str]) -> str:
    """Return a text with the actors in it, such as person:3, replaced by their names."""
    return _PERSON.sub(lambda found: names.get(found[0], found[0]), text)


def with_audiences(text: str, names: Mapping[str, str]) -> str:
    """Return a reason with the slugs of audiences in it replaced by their names."""
    return _AUDIENCE.sub(lambda found: f"audience “{names.get(found[1], found[1])}”", text)


def user(recipient: str) -> str:
    """Return how people call a user of a destination: by the value, and of what kind it is."""
    read = read_recipient(recipient)
    if read.kind == "external_id":
        return read.value
    label = f" {read.label}" if read.label else ""
    return f"{IDENTIFIER_NAMES[read.kind]}{label} {read.value}"


def with_code(text: str) -> Markup:
    """Return a text as HTML in which what stands between back-ticks is code."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return escape(text)
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if index % 2 else escape(part)
        for index, part in enumerate(parts)
    )


def pretty_json(text: str) -> str:
    """Return JSON text indented, its keys, numbers and texts exactly as they are written.

    Text that is not JSON comes back unchanged, as does what would become mostly indentation.
    """
    try:
        indented = msgspec.json.format(text, indent=2)
    except (ValueError, RecursionError):
        return text
    return indented if len(indented) <= LONGEST_INDENTED else text


def scalar(value: FieldValue) -> str:
    """Return one value of a profile field as text."""
    match value:
        case None:
            return "none"
        case bool():
            return "true" if value else "false"
        case datetime():
            return instant(value)
        case date():
            return value.isoformat()
        case int() | float():
            return grouped(value)
        case Decimal():
            return f"{value:,f}"
        case str():
            return value
        case _:
            return json.dumps(value, ensure_ascii=False, default=str)
