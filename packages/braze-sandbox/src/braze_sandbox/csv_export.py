"""The CSV exports of a segment."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from braze_sandbox.errors import RefusedError
from braze_sandbox.model.profile import Profile
from braze_sandbox.times import format_time

# The columns of "CSV Export User Data" in the order of braze-docs `segment_data_to_csv.md`; the
# order in real files is not known.
USER_COLUMNS: tuple[str, ...] = (
    "Appboy ID",
    "country",
    "created_at",
    "devices",
    "date_of_birth",
    "email",
    "unsubscribed_from_emails_at",
    "user_id",
    "first_name",
    "first_session",
    "gender",
    "google_ad_ids",
    "city",
    "IDFAs",
    "IDFVs",
    "language",
    "last_app_version_used",
    "last_name",
    "last_session",
    "number_of_google_ad_ids",
    "number_of_IDFAs",
    "number_of_IDFVs",
    "number_of_push_tokens",
    "number_of_roku_ad_ids",
    "number_of_windows_ad_ids",
    "phone_number",
    "opted_into_push_at",
    "unsubscribed_from_push_at",
    "random_bucket",
    "roku_ad_ids",
    "session_count",
    "timezone",
    "in_app_purchase_total",
    "user_aliases",
    "windows_ad_ids",
)

EMAIL_COLUMNS: tuple[str, ...] = (
    "user_id",
    "first_name",
    "last_name",
    "email",
    "unsubscribed_from_emails_at",
    "opted_in_to_emails_at",
    "user_aliases",
)

# Spreadsheets would take a value that begins so for a formula; Braze puts an apostrophe before it.
_FORMULA_STARTS = ("-", "=", "+", "@")
_ROWS_A_CHUNK = 1000


class TooManyUsersError(RefusedError):
    """More users than an export without S3 takes."""

    def __init__(self, users: int, limit: int) -> None:
        super().__init__(
            400,
            f"The export holds {users} users, above the {limit} that a CSV export without S3 can "
            "take. Split it: random_bucket_from and random_bucket_to choose users by their random "
            "bucket number (0 to 9999).",
        )


def user_header(events: Iterable[str], attributes: Iterable[str]) -> list[str]:
    """Return the header of a user export with the chosen events and custom attributes."""
    return [*USER_COLUMNS, *events, *attributes]


def user_row(profile: Profile, events: Iterable[str], attributes: Iterable[str]) -> list[Any]:
    """Return the row of a user; an event's cell is how often it was done."""
    row = [_cell(profile, column) for column in USER_COLUMNS]
    row += [profile.events[name].count if name in profile.events else "" for name in events]
    row += [profile.custom.get(name) for name in attributes]
    return row


def email_row(profile: Profile) -> list[Any]:
    """Return the row of a user in the export of e-mail addresses."""
    return [_cell(profile, column) for column in EMAIL_COLUMNS]


def write_chunks(header: list[str], rows: Iterable[list[Any]]) -> Iterator[bytes]:
    """Yield the file piece by piece: UTF-8, commas, RFC 4180 quoting with CRLF line ends."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(header)
    for number, row in enumerate(rows, 1):
        writer.writerow([guard_cell(value) for value in row])
        if number % _ROWS_A_CHUNK == 0:
            yield _take(buffer)
    yield _take(buffer)


def guard_cell(value: Any) -> str:
    """Return the text of a cell: lists and objects as JSON, an apostrophe before - = + @."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | dict):
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    else:
        text = str(value)
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def _take(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode()


def _cell(profile: Profile, column: str) -> Any:
    read = _CELLS.get(column)
    return "" if read is None else read(profile)


def _field(name: str) -> Callable[[Profile], Any]:
    return lambda profile: profile.fields.get(name)


def _stamp(name: str) -> Callable[[Profile], Any]:
    def read(profile: Profile) -> str | None:
        moment = profile.stamps.get(name)
        return None if moment is None else format_time(moment)

    return read


def _none(_: Profile) -> int:
    return 0


def _aliases(profile: Profile) -> list[dict[str, str]] | None:
    return [{"alias_name": a.name, "alias_label": a.label} for a in profile.aliases] or None


# Columns without an entry (devices, advertising ids, app version) stay empty: the sandbox has no
# SDK, so no user has a device.
_CELLS: dict[str, Callable[[Profile], Any]] = {
    "Appboy ID": lambda p: p.braze_id,
    "country": _field("country"),
    "created_at": lambda p: format_time(p.created_at),
    "date_of_birth": _field("dob"),
    "email": _field("email"),
    "unsubscribed_from_emails_at": _stamp("email_subscribe.unsubscribed"),
    "opted_in_to_emails_at": _stamp("email_subscribe.opted_in"),
    "user_id": lambda p: p.external_id,
    "first_name": _field("first_name"),
    "first_session": _field("date_of_first_session"),
    "gender": _field("gender"),
    "city": _field("home_city"),
    "language": _field("language"),
    "last_name": _field("last_name"),
    "last_session": _field("date_of_last_session"),
    "number_of_google_ad_ids": _none,
    "number_of_IDFAs": _none,
    "number_of_IDFVs": _none,
    "number_of_push_tokens": lambda p: len(p.fields.get("push_tokens", ())),
    "number_of_roku_ad_ids": _none,
    "number_of_windows_ad_ids": _none,
    "phone_number": _field("phone"),
    "opted_into_push_at": _stamp("push_subscribe.opted_in"),
    "unsubscribed_from_push_at": _stamp("push_subscribe.unsubscribed"),
    "random_bucket": lambda p: p.random_bucket,
    "session_count": _none,
    "timezone": _field("time_zone"),
    "in_app_purchase_total": lambda p: float(p.revenue),
    "user_aliases": _aliases,
}
