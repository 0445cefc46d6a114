"""What a place that holds files to import must be able to do."""

from datetime import datetime
from typing import BinaryIO, Protocol

import msgspec

from coterie.base.errors import TransientError, UserError


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


class SourceFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file as its folder lists it; `modified_at` is None if the place does not tell."""

    name: str
    size: int
    modified_at: datetime | None = None


class FileSource(Protocol):
    """A folder somewhere."""

    def list_files(self) -> list[SourceFile]:
        """Return the regular files directly in the folder. Raises the place's errors."""
        ...

    def fetch(self, name: str, into: BinaryIO) -> SourceFile:
        """Write a file's bytes to `into`; return it as listed once all was read.

        Raises `MissingFileError` and the place's errors.
        """
        ...
