"""When a job looks for files again, when one is overdue, when the next is to be written."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from coterie.model.control import ImportCsvConfig
from coterie.model.file_exports import ExportFilesConfig

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
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
    return _next_day(config.time_of_day, config.timezone, now=now)


def next_file(config: ExportFilesConfig, *, now: datetime) -> datetime | None:
    """Return when the next file is to be written, None if the job is over."""
    match config.frequency:
        case "":
            return None
        case "hourly":
            return _next_hour(config.time_of_day, config.timezone, now=now)
        case "daily":
            return _next_day(config.time_of_day, config.timezone, now=now)
        case "weekly":
            weekday = WEEKDAYS.index(config.weekday)
            return _next_day(config.time_of_day, config.timezone, now=now, weekday=weekday)


def _next_day(
    time_of_day: str, timezone: str, *, now: datetime, weekday: int | None = None
) -> datetime:
    """Return the next instant at a time of day, of one day of the week (Monday 0) if given."""
    zone = ZoneInfo(timezone or "UTC")
    hour, minute = time_of_day.split(":")
    today = now.astimezone(zone).date()
    for days in range(9):
        # A time that the clocks leave out is the one an hour later, as the zone says.
        day = today + timedelta(days=days)
        at = datetime.combine(day, time(int(hour), int(minute)), zone)
        moment = at.astimezone(now.tzinfo)
        if moment > now and weekday in (None, day.weekday()):
            return moment
    raise AssertionError(time_of_day)


def _next_hour(time_of_day: str, timezone: str, *, now: datetime) -> datetime:
    minute = int(time_of_day.partition(":")[2] or 0)
    # Zones may be shifted by less than an hour, so the minute is that of the zone.
    local = now.astimezone(ZoneInfo(timezone or "UTC"))
    wait = timedelta(minutes=minute - local.minute, seconds=-local.second)
    moment = now + wait - timedelta(microseconds=now.microsecond)
    return moment if moment > now else moment + timedelta(hours=1)


def overdue_since(
    config: ImportCsvConfig, *, latest: str | None, started_at: datetime | None, now: datetime
) -> datetime | None:
    """Return since when no file has come, if one should have; `latest` is an ISO text."""
    wait = EXPECTED.get(config.file_frequency)
    since = datetime.fromisoformat(latest) if latest else started_at
    if wait is None or since is None or now - since < wait:
        return None
    return since
