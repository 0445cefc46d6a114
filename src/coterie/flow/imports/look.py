"""Says what a CSV file seems to hold, from its first rows."""

import csv
import re
from collections.abc import Callable, Mapping, Sequence

import msgspec

from coterie.flow.imports.rows import DELIMITERS
from coterie.model.previews import ColumnLook

# Columns of Braze's "CSV Export User Data" that no other export has (docs, segment_data_to_csv).
BRAZE_COLUMNS = frozenset(
    {
        "Appboy ID", "unsubscribed_from_emails_at", "google_ad_ids", "IDFAs", "IDFVs",
        "last_app_version_used", "number_of_push_tokens", "opted_into_push_at",
        "unsubscribed_from_push_at", "random_bucket", "in_app_purchase_total", "user_aliases",
        "opted_in_to_emails_at",
    }
)  # fmt: skip
BRAZE_STREAM = "braze_csv"
BRAZE_ENOUGH = 3

# What columns are called that mean what the default mappings know under another name.
KNOWN_AS = {
    "user_id": ("userid", "customerid", "customernumber", "externalid", "externaluserid",
                "clientid", "memberid", "kundennummer", "uid"),
    "email": ("email", "emailaddress", "mail", "emailaddresse", "correo"),
    "phone_number": ("phone", "phonenumber", "mobile", "mobilephone", "telephone", "tel"),
    "first_name": ("firstname", "givenname", "forename", "vorname"),
    "last_name": ("lastname", "surname", "familyname", "nachname"),
    "date_of_birth": ("dateofbirth", "birthdate", "birthday", "dob"),
    "city": ("city", "town"),
    "country": ("country", "countrycode"),
    "gender": ("gender", "sex"),
    "language": ("language", "locale", "lang"),
}  # fmt: skip
TIME_NAMES = re.compile(
    r"^(timestamp|event_?time|time|occurred_?at|created_?at|updated_?at|date|event_?date)$",
    re.IGNORECASE,
)
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
NUMBER = re.compile(r"[-+]?\d{1,18}([.,]\d+)?")
PHONE = re.compile(r"\+?[\d ()/.-]{7,20}")
YES_NO = frozenset({"true", "false", "yes", "no", "y", "n", "ja", "nein"})
DATE = re.compile(r"\d{4}-\d\d-\d\d([T ].*)?|\d{1,2}[./]\d{1,2}[./]\d{2,4}( .*)?")
SAMPLES = 3
SAMPLE_LENGTH = 60

Kind = tuple[str, Callable[[str], bool]]
KINDS: tuple[Kind, ...] = (
    ("yes or no", lambda cell: cell.lower() in YES_NO),
    ("number", lambda cell: NUMBER.fullmatch(cell) is not None),
    ("date", lambda cell: DATE.fullmatch(cell) is not None),
    ("e-mail", lambda cell: EMAIL.fullmatch(cell) is not None),
    ("phone", lambda cell: PHONE.fullmatch(cell) is not None),
    ("list", lambda cell: cell[:1] in "[{" and cell[-1:] in "]}"),
)


class Proposal(msgspec.Struct, frozen=True):
    """Options for a file, as far as its header tells."""

    is_braze: bool
    stream: str
    timestamps: tuple[str, ...]


def guess_delimiter(head: str) -> str:
    """Return the character that separates the cells of the first line."""
    first = next(iter(head.splitlines()), "")
    # Outside of quotes: a name may hold a comma.
    bare = re.sub(r'"[^"]*"', "", first)
    best = max(DELIMITERS, key=bare.count)
    return best if bare.count(best) else ","


def read_header(head: str, delimiter: str) -> list[str]:
    """Return the cells of the first line, [] if there is none."""
    try:
        return [cell.strip() for cell in next(csv.reader(head.splitlines(), delimiter=delimiter))]
    except (StopIteration, csv.Error):
        return []


def propose(header: Sequence[str], *, stream: str) -> Proposal:
    """Return options that fit a header; Braze's is known by columns that only Braze exports."""
    is_braze = len(BRAZE_COLUMNS & set(header)) >= min(BRAZE_ENOUGH, len(header))
    if is_braze:
        return Proposal(True, BRAZE_STREAM, ())
    timestamps = tuple(column for column in header if TIME_NAMES.fullmatch(column))
    return Proposal(False, stream, timestamps[:1])


def look_at_columns(
    header: Sequence[str],
    rows: Sequence[Mapping[str, str]],
    *,
    names: Mapping[str, str],
    is_braze: bool,
) -> tuple[ColumnLook, ...]:
    """Return what each column holds; `names` are raw keys that were chosen already."""
    looks = []
    taken: set[str] = set()
    for column in header:
        cells = [cell for row in rows if (cell := row.get(column))]
        key = names.get(column) or (column if is_braze else raw_key(column))
        key = column if key in taken else key
        taken.add(key)
        samples = tuple(cell[:SAMPLE_LENGTH] for cell in dict.fromkeys(cells))[:SAMPLES]
        looks.append(ColumnLook(name=column, samples=samples, kind=_kind(cells), raw_key=key))
    return tuple(looks)


def raw_key(column: str) -> str:
    """Return the raw key that the default mappings know a column by, else the column itself."""
    plain = re.sub(r"[^a-z]", "", column.lower())
    for key, names in KNOWN_AS.items():
        if plain in names or column == key:
            return key
    return column


def _kind(cells: Sequence[str]) -> str:
    if not cells:
        return "empty"
    for name, holds in KINDS:
        if all(holds(cell) for cell in cells):
            return name
    return "text"
