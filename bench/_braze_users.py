"""Users as Braze's "CSV Export User Data" writes them, always the same."""

import csv
import random
from collections.abc import Iterator
from pathlib import Path

from braze_sandbox.csv_export import USER_COLUMNS

CITIES = ("Oslo", "Porto", "Łódź", "São Paulo", "Frankfurt am Main", "New York, NY")
FIRST = ("Kim", "Zoë", "Jürgen", "María", "Sam", "Noor")
LAST = ("Hansen", "O'Brien", "Silva", "Nowak", "Müller", "Okafor")
DAYS = "2026-{:02}-{:02}T{:02}:15:00.000Z"


def write_users(path: Path, users: int, *, first: int) -> None:
    """Write users numbered from `first` as CSV."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(USER_COLUMNS)
        writer.writerows(rows(users, first=first))


def rows(users: int, *, first: int) -> Iterator[list[str]]:
    """Yield the rows of users, in the order of Braze's columns."""
    chance = random.Random(first)
    for number in range(first, first + users):
        known = _values(number, chance)
        yield [known.get(column, "") for column in USER_COLUMNS]


def _values(number: int, chance: random.Random) -> dict[str, str]:
    month, day, hour = chance.randint(1, 10), chance.randint(1, 28), chance.randint(0, 23)
    born = f"{chance.randint(1940, 2008)}-{month:02}-{day:02}"
    tokens = chance.randint(0, 3)
    return {
        "Appboy ID": f"{number:024x}",
        "country": chance.choice(("NO", "PT", "PL", "BR", "DE", "US")),
        "created_at": DAYS.format(month, day, hour),
        "devices": '[{"model": "Pixel 9", "os": "Android 16"}]' if tokens else "",
        "date_of_birth": born,
        "email": f"user.{number}@shop.example",
        "user_id": f"user-{number}",
        "first_name": chance.choice(FIRST),
        "first_session": DAYS.format(month, day, hour),
        "gender": chance.choice("MFO"),
        "city": chance.choice(CITIES),
        "language": chance.choice(("no", "pt", "pl", "de", "en")),
        "last_app_version_used": f"7.{chance.randint(0, 30)}.1" if tokens else "",
        "last_name": chance.choice(LAST),
        "last_session": DAYS.format(11, day, hour),
        "number_of_google_ad_ids": "0",
        "number_of_IDFAs": "0",
        "number_of_IDFVs": str(tokens),
        "number_of_push_tokens": str(tokens),
        "number_of_roku_ad_ids": "0",
        "number_of_windows_ad_ids": "0",
        # Braze guards what a spreadsheet would take for a formula.
        "phone_number": f"'+47{40_000_000 + number}",
        "random_bucket": str(number * 7_919 % 10_000),
        "session_count": str(chance.randint(0, 400)),
        "timezone": "Europe/Oslo",
        "in_app_purchase_total": f"{chance.randint(0, 90_000) / 100:.2f}",
    }
