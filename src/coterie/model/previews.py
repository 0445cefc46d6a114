"""What a look at files says before they are imported."""

from datetime import datetime
from typing import Any

import msgspec

from coterie.model.preview import ProfilePreview

MOST_SHOWN = 20
USUAL_ROWS, MOST_ROWS = 5, 100
"""How many rows of a file a look shows unless more are asked for, and at most."""


class FoundFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file that fits the job's options; `is_settled` is False while it is being uploaded."""

    name: str
    size: int
    modified_at: datetime | None
    is_settled: bool


class ColumnLook(msgspec.Struct, frozen=True, kw_only=True):
    """A column: some of its values, what they look like, and the raw key it would be taken under.

    `kind` is one of "empty", "number", "date", "e-mail", "phone", "yes or no", "list", "text".
    """

    name: str
    samples: tuple[str, ...]
    kind: str
    raw_key: str


class RowLook(msgspec.Struct, frozen=True, kw_only=True):
    """What the stream's mapping would make of a row; `problem` says why it would be left out."""

    line: int
    problem: str = ""
    identifiers: tuple[tuple[str, str], ...] = ()
    values: tuple[tuple[str, Any], ...] = ()


class PersonLook(msgspec.Struct, frozen=True, kw_only=True):
    """What would become of a person, of those lines and of all that is known already."""

    lines: tuple[int, ...]
    profile: ProfilePreview


class FileLook(msgspec.Struct, frozen=True, kw_only=True):
    """What the first rows of the first file say, and the options that are proposed from them.

    `people_hint` says why `people` are not shown; "" if they are.
    """

    name: str
    delimiter: str
    is_braze: bool
    stream: str
    timestamps: tuple[str, ...]
    columns: tuple[ColumnLook, ...]
    rows: tuple[RowLook, ...] = ()
    people: tuple[PersonLook, ...] = ()
    people_hint: str = ""
    problem: str = ""


class FilesLook(msgspec.Struct, frozen=True, kw_only=True):
    """The files that fit, at most 20 of `count`, and a look into the newest."""

    count: int
    files: tuple[FoundFile, ...]
    newest: FileLook | None
