"""A folder of this machine, to read files from and to put files into."""

import os
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from coterie.base.errors import UserError
from coterie.connectors.files import (
    MissingFileError,
    MissingFolderError,
    Sink,
    SourceFile,
    Watch,
    check_name,
    unfinished_name,
)

HERE = "on this machine"
COPY_BYTES = 1 << 20


class FolderOutsideError(UserError):
    """A job names a folder that jobs may not read."""

    code = "folder_outside"

    def __init__(self, *, folder: str, root: Path) -> None:
        super().__init__(
            f"The folder {folder!r} is not inside {str(root)!r}, the only place that import jobs "
            "may read. Move the files there."
        )


class LocalFolder:
    """One folder; with `root`, it and its files must really be inside of that."""

    def __init__(self, folder: str, *, root: Path | None = None) -> None:
        self._folder = folder
        self._root = root.resolve() if root is not None else None
        base = self._root or Path.cwd()
        self._path = (base / folder).resolve()
        self._check_inside(self._path)

    def list_files(self) -> list[SourceFile]:
        """Return the regular files directly in the folder. Raises `MissingFolderError`."""
        try:
            return [self._describe(path) for path in self._path.iterdir() if path.is_file()]
        except OSError as error:
            raise MissingFolderError(folder=self._folder, where=HERE) from error

    def fetch(self, name: str, into: Sink, *, watch: Watch | None = None) -> SourceFile:
        """Copy a file's bytes; return it as it is afterwards.

        Raises `MissingFileError`, `BadFileNameError`, and whatever `watch` raises.
        """
        path = (self._path / check_name(name)).resolve()
        self._check_inside(path)
        try:
            with path.open("rb") as stream:
                _copy(stream, into, watch)
            return self._describe(self._path / name)
        except OSError as error:
            raise MissingFileError(name=name, folder=self._folder, where=HERE) from error

    def holds(self, name: str) -> bool:
        """Answer whether something of that name is there. Raises `BadFileNameError`."""
        return os.path.lexists(self._path / check_name(name))

    def put(
        self, name: str, source: BinaryIO, *, watch: Watch | None = None, mark: str = ""
    ) -> SourceFile:
        """Write a file whole or not at all: under another name first, then renamed in one step.

        A file of that name is replaced. Raises `MissingFolderError`, `BadFileNameError`, and
        whatever `watch` raises.
        """
        path = self._path / check_name(name)
        unfinished = self._path / unfinished_name(name, mark)
        try:
            # What a killed process left behind is no file to be written into: it may be a link.
            unfinished.unlink(missing_ok=True)
            with unfinished.open("xb") as stream:
                _copy(source, stream, watch)
                stream.flush()
                os.fsync(stream.fileno())
            return self._describe(unfinished.replace(path))
        except OSError as error:
            raise MissingFolderError(folder=self._folder, where=HERE) from error
        finally:
            with suppress(OSError):
                unfinished.unlink(missing_ok=True)

    def discard(self, name: str, mark: str) -> None:
        """Remove what a `put` that was killed left behind, if it is there."""
        with suppress(OSError):
            (self._path / unfinished_name(check_name(name), mark)).unlink()

    def _describe(self, path: Path) -> SourceFile:
        found = path.stat()
        modified = datetime.fromtimestamp(found.st_mtime_ns // 1000 / 1e6, tz=UTC)
        return SourceFile(name=path.name, size=found.st_size, modified_at=modified)

    def _check_inside(self, path: Path) -> None:
        if self._root is not None and not path.is_relative_to(self._root):
            raise FolderOutsideError(folder=self._folder, root=self._root)


def _copy(source: BinaryIO, target: Sink, watch: Watch | None) -> None:
    done = 0
    while block := source.read(COPY_BYTES):
        target.write(block)
        done += len(block)
        if watch is not None:
            watch(done)
