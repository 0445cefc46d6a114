"""Which files of a folder a job takes, and in which order."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from coterie.connectors.files import SourceFile
from coterie.lang.expr.safe_regex import whole_matcher
from coterie.model.control import ImportCsvConfig

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
# What programs call a file that has not all come.
UNFINISHED = (".part", ".partial", ".filepart", ".tmp", ".temp", ".crdownload", ".download", "~")
# What may follow what a pattern fits: a time stamp, then extensions such as .csv.gpg.
STAMP = r"[-_. T:Z+0-9]*(?:\.[A-Za-z0-9]+)*"
DATE = re.compile(r"(?:19|20)\d\d[-_.]?\d\d[-_.]?\d\d(?:[-_.T ]?\d\d[-_.:]?\d\d(?:[-_.:]?\d\d)?)?")

Seen = Mapping[str, Sequence[object]]
"""By name: size, time of change, and since when both are so; as JSON keeps them."""


def choose_files(found: Sequence[SourceFile], config: ImportCsvConfig) -> list[SourceFile]:
    """Return the files that fit, in order of their change, then of the date in their names."""
    if config.filename:
        return [file for file in found if file.name == config.filename]
    whole = [file for file in found if not is_unfinished(file.name)]
    if config.pattern:
        fits = whole_matcher(name_pattern(config.pattern))
        chosen = [file for file in whole if fits is not None and fits(file.name)]
    else:
        chosen = [file for file in whole if file.name.startswith(config.prefix)]
    return sorted(chosen, key=_place_in_order)


def name_pattern(pattern: str) -> str:
    """Return what a whole name must fit, given what it must fit up to its time stamp."""
    return f"(?:{pattern}){STAMP}"


def is_unfinished(name: str) -> bool:
    """Answer whether a name says that a file has not all come, or is nobody's business."""
    return name.startswith(".") or name.lower().endswith(UNFINISHED)


def is_settled(file: SourceFile, seen: Seen, *, now: datetime, settle: timedelta) -> bool:
    """Answer whether a file has not changed for so long that its upload must be over.

    Its time of change tells if it is old enough by our clock; that of a server may be wrong, so a
    younger one counts by how long we have seen it as it is.
    """
    modified = file.modified_at
    if modified is not None and modified <= now - settle:
        return True
    known = seen.get(file.name)
    if known is None or list(known[:2]) != look_of(file)[:2]:
        return settle <= timedelta(0)
    return datetime.fromisoformat(str(known[2])) <= now - settle


def look_of(file: SourceFile) -> list[object]:
    """Return size and time of change as they are compared later."""
    return [file.size, file.modified_at.isoformat() if file.modified_at else ""]


def _place_in_order(file: SourceFile) -> tuple[datetime, str, str]:
    dates = DATE.findall(file.name)
    digits = re.sub(r"\D", "", dates[-1]) if dates else ""
    return (file.modified_at or LONG_AGO, digits, file.name)
