"""When a job looks for files again, and when one is overdue."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from coterie.model.control import ImportCsvConfig

WATCH = timedelta(seconds=60)
# A quarter more than the time between two files, before anybody is bothered.
EXPECTED = {
    "hourly": timedelta(hours=1, minutes=15),
    "daily": timedelta(hours=30),
    "weekly": timedelta(days=8, hours=18),
    "monthly": timedelta(days=39),
}


def next_look(config: ImportCsvConfig, *, now: datetime) -> datetime | None:
    """Return when to look for files again, None if the job is over."""
    if not config.continuous_update:
        return None
    if not config.time_of_day:
        return now + WATCH
    zone = ZoneInfo(config.timezone or "UTC")
    hour, minute = config.time_of_day.split(":")
    today = now.astimezone(zone).date()
    for days in (0, 1, 2):
        # A time that the clocks leave out is the one an hour later, as the zone says.
        at = datetime.combine(today + timedelta(days=days), time(int(hour), int(minute)), zone)
        moment = at.astimezone(now.tzinfo)
        if moment > now:
            return moment
    raise AssertionError(config.time_of_day)


def overdue_since(
    config: ImportCsvConfig, *, latest: str | None, started_at: datetime | None, now: datetime
) -> datetime | None:
    """Return since when no file has come, if one should have; `latest` is an ISO text."""
    wait = EXPECTED.get(config.file_frequency)
    since = datetime.fromisoformat(latest) if latest else started_at
    if wait is None or since is None or now - since < wait:
        return None
    return since
