from datetime import UTC, datetime
from typing import Any

import pytest

from coterie.control.jobs.schedule import next_file
from coterie.model.file_exports import ExportFilesConfig

OSLO = {"timezone": "Europe/Oslo"}
QUARTER = {"frequency": "hourly", "time_of_day": "00:15"}


def after(text: str, **options: Any) -> str | None:
    config = ExportFilesConfig(audience="vips", **options)
    found = next_file(config, now=datetime.fromisoformat(text).replace(tzinfo=UTC))
    return None if found is None else found.strftime("%Y-%m-%d %H:%M:%S")


@pytest.mark.parametrize(
    ("now", "options", "then"),
    [
        ("2026-03-01T12:00", {}, None),
        ("2026-03-01T12:00:30", {"frequency": "hourly"}, "2026-03-01 13:00:00"),
        (
            "2026-03-01T12:00",
            {"frequency": "hourly", "time_of_day": "00:15"},
            "2026-03-01 12:15:00",
        ),
        (
            "2026-03-01T12:15",
            {"frequency": "hourly", "time_of_day": "00:15"},
            "2026-03-01 13:15:00",
        ),
        (
            "2026-03-01T12:20",
            {"frequency": "hourly", "time_of_day": "00:15", "timezone": "Asia/Kolkata"},
            "2026-03-01 12:45:00",
        ),
        (
            "2026-03-01T12:00",
            {"frequency": "daily", "time_of_day": "02:30", **OSLO},
            "2026-03-02 01:30:00",
        ),
        # Clocks are put forward from 02:00 to 03:00 on this night, back on the next one.
        (
            "2026-03-28T12:00",
            {"frequency": "daily", "time_of_day": "02:30", **OSLO},
            "2026-03-29 01:30:00",
        ),
        (
            "2026-10-25T00:30",
            {"frequency": "daily", "time_of_day": "02:30", **OSLO},
            "2026-10-26 01:30:00",
        ),
        (
            "2026-03-01T12:00",  # a Sunday
            {"frequency": "weekly", "weekday": "sunday", "time_of_day": "12:00"},
            "2026-03-08 12:00:00",
        ),
        (
            "2026-03-01T12:00",
            {"frequency": "weekly", "weekday": "monday", "time_of_day": "00:30", **OSLO},
            "2026-03-01 23:30:00",
        ),
    ],
)
def test_the_next_file_is_due_at_its_time_in_its_zone(
    now: str, options: dict[str, Any], then: str | None
) -> None:
    assert after(now, **options) == then
