"""The standard profile fields of /users/track."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any
from zoneinfo import available_timezones

import msgspec

from braze_sandbox.model.profile import Value
from braze_sandbox.times import format_time, parse_time
from braze_sandbox.track.codes import COUNTRIES, LANGUAGES, RAILS_ZONES

_GENDERS = ("M", "F", "O", "N", "P")
_TEXT_CHARACTERS = 255
_DATE = "YYYY-MM-DD"


class Ignored(msgspec.Struct, frozen=True):
    """A value that is accepted and not stored."""

    reason: str


def read_field(name: str, value: Any) -> Value | Ignored:
    """Return the stored form of a standard field's value, or why it is ignored.

    `value` is not None; `name` is one of `STANDARD_FIELDS`.
    """
    return _READERS[name](value)


def _read_text(value: Any) -> Value | Ignored:
    if not isinstance(value, str):
        return Ignored("must be a string")
    return value[:_TEXT_CHARACTERS]


def _read_country(value: Any) -> Value | Ignored:
    code = value.strip().upper() if isinstance(value, str) else ""
    return code if code in COUNTRIES else Ignored("is no ISO 3166-1 alpha-2 code")


def _read_language(value: Any) -> Value | Ignored:
    code = value.strip().lower() if isinstance(value, str) else ""
    return code if code in LANGUAGES else Ignored("is no ISO 639-1 code")


def _read_gender(value: Any) -> Value | Ignored:
    return value if value in _GENDERS else Ignored("must be one of M, F, O, N, P")


def _read_birth_date(value: Any) -> Value | Ignored:
    fits = isinstance(value, str) and len(value) == len(_DATE) and value[4] == "-"
    moment = parse_time(value) if fits else None
    return Ignored(f"must be {_DATE}") if moment is None else f"{moment:%Y-%m-%d}"


def _read_time_zone(value: Any) -> Value | Ignored:
    known = isinstance(value, str) and (value in RAILS_ZONES or value in _iana_zones())
    return value if known else Ignored("is no IANA or Rails time zone")


@lru_cache(maxsize=1)
def _iana_zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _read_moment(value: Any) -> Value | Ignored:
    moment = parse_time(value) if isinstance(value, str) else None
    return Ignored("is no time") if moment is None else format_time(moment)


def _read_flag(value: Any) -> Value | Ignored:
    return value if isinstance(value, bool) else Ignored("must be true or false")


def _read_object(value: Any) -> Value | Ignored:
    return value if isinstance(value, dict) else Ignored("must be an object")


def _read_as_is(value: Any) -> Value | Ignored:
    return value


_READERS: dict[str, Callable[[Any], Value | Ignored]] = {
    "country": _read_country,
    "current_location": _read_as_is,
    "date_of_first_session": _read_moment,
    "date_of_last_session": _read_moment,
    "dob": _read_birth_date,
    "email": _read_as_is,
    "email_click_tracking_disabled": _read_flag,
    "email_open_tracking_disabled": _read_flag,
    "email_subscribe": _read_as_is,
    "facebook": _read_object,
    "first_name": _read_text,
    "gender": _read_gender,
    "home_city": _read_text,
    "image_url": _read_text,
    "language": _read_language,
    "last_name": _read_text,
    "marked_email_as_spam_at": _read_moment,
    "phone": _read_text,
    "push_subscribe": _read_as_is,
    "push_tokens": _read_as_is,
    "time_zone": _read_time_zone,
    "twitter": _read_object,
}

STANDARD_FIELDS = frozenset(_READERS)
