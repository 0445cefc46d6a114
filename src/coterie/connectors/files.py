"""What a place that holds files to import, or takes files, must be able to do."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import BinaryIO, Protocol

import msgspec

from coterie.base.errors import TransientError, UserError
from coterie.base.ids import random_token

Watch = Callable[[int], None]
"""Hears how many bytes of a file have travelled; may raise to end the journey."""

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
UNITS = ("bytes", "KB", "MB", "GB", "TB")


class MissingFolderError(UserError):
    """The folder to look for files in does not exist, or may not be read."""

    code = "missing_folder"

    def __init__(self, *, folder: str, where: str) -> None:
        super().__init__(
            f"There is no readable folder {folder!r} {where}. Correct the folder of the job, or "
            "create it and let this user read it."
        )


class MissingFileError(TransientError):
    """A file is not there (yet), or may not be read."""

    code = "missing_file"

    def __init__(self, *, name: str, folder: str, where: str) -> None:
        super().__init__(
            f"There is no readable file {name!r} in the folder {folder!r} {where}. Put it there or "
            "correct the name in the job; it is looked for again by itself."
        )


class BadFileNameError(UserError):
    """A name that would lead out of its folder."""

    code = "bad_file_name"

    def __init__(self, *, name: str) -> None:
        super().__init__(
            f"{name!r} is not the name of a file in a folder. Rename the file: its name must hold "
            "no slash, no backslash and no control character."
        )


class SourceFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file as its folder lists it; `modified_at` is None if the place does not tell."""

    name: str
    size: int
    modified_at: datetime | None = None


class Sink(Protocol):
    """What bytes can be written to."""

    def write(self, block: bytes, /) -> int:
        """Write all of a block."""
        ...


class FileSource(Protocol):
    """A folder somewhere."""

    def list_files(self) -> list[SourceFile]:
        """Return the regular files directly in the folder. Raises the place's errors."""
        ...

    def fetch(self, name: str, into: Sink, *, watch: Watch | None = None) -> SourceFile:
        """Write a file's bytes to `into`; return it as listed once all was read.

        `watch` hears how many bytes have come. Raises `MissingFileError`, `BadFileNameError` and
        the place's errors.
        """
        ...


class FileTarget(Protocol):
    """A folder that takes files."""

    def holds(self, name: str) -> bool:
        """Answer whether something of that name is there, as far as the place tells.

        Raises `BadFileNameError` and the place's errors.
        """
        ...

    def put(
        self, name: str, source: BinaryIO, *, watch: Watch | None = None, mark: str = ""
    ) -> SourceFile:
        """Write a file whole or not at all, replacing one of that name. Raises its errors.

        Until it is whole its name is that of `unfinished_name`. A `mark` that a killed process had
        used takes the place of what that process left behind.
        """
        ...

    def discard(self, name: str, mark: str) -> None:
        """Remove what a `put` that was killed left behind, if it is there. Raises its errors."""
        ...


def check_name(name: str) -> str:
    """Return the name of a file directly in a folder. Raises `BadFileNameError`.

    Names come from servers of others too, which may try to lead out of the folder.
    """
    if name in ("", ".", "..") or "/" in name or "\\" in name or not name.isprintable():
        raise BadFileNameError(name=name)
    return name


def unfinished_name(name: str, mark: str) -> str:
    """Return what a file is called while it is written, in the same folder."""
    return f".{name}.{mark or random_token()[:8]}.part"


def describe_files(files: Sequence[SourceFile]) -> str:
    """Return in words how many files there are and which is the newest."""
    if not files:
        return "no files there"
    newest = max(files, key=lambda file: file.modified_at or LONG_AGO)
    count = "1 file there" if len(files) == 1 else f"{len(files):,} files there"
    return f"{count}; newest {newest.name}, {shown_size(newest.size)}"


def shown_size(size: int) -> str:
    """Return a number of bytes as people write it, such as "41 MB"."""
    amount = float(size)
    for unit in UNITS:
        if amount < 999.5 or unit == UNITS[-1]:
            digits = 1 if unit != "bytes" and amount < 10 else 0
            return f"{amount:.{digits}f} {unit}"
        amount /= 1000
    raise AssertionError(size)
