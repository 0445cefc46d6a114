"""Brings a file to this machine's disk, and opens it there."""

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, BinaryIO

import msgspec

from coterie.base.errors import TransientError
from coterie.base.settings import Settings
from coterie.connectors.files import SourceFile, shown_size
from coterie.connectors.pgp.files import decrypt
from coterie.control.places import Place
from coterie.flow.imports.errors import BadContentError
from coterie.worker.runners.import_progress import JobProgress

FOLDER = "imports-in-transit"


class FileStillChangingError(TransientError):
    """A file was written to while it was read."""

    code = "file_still_changing"

    def __init__(self, *, name: str) -> None:
        super().__init__(
            f"The file {name!r} changed while it was read, so nothing of it was imported. It is "
            "tried again by itself; write files under another name and rename them when complete."
        )


class Spooled(msgspec.Struct, frozen=True):
    """A file on disk: `content` is what it holds once decrypted, `sha256` that of its own bytes."""

    content: Any
    sha256: bytes


class Spool:
    """Holds one file at a time."""

    def __init__(self, place: Place, settings: Settings, progress: JobProgress) -> None:
        self._place = place
        self._limit = settings.import_file_limit_bytes
        self._folder = settings.data_dir / FOLDER
        self._progress = progress

    @contextmanager
    def holding(self, file: SourceFile) -> Iterator[Spooled]:
        """Yield a file, decrypted if that is how it comes; it is gone afterwards.

        Raises FileStillChangingError, what the place and its key raise, and StoppedError.
        """
        if file.size > self._limit:
            raise BadContentError(
                name=file.name,
                problem=f"has {shown_size(file.size)}",
                cure="Split it, or raise COTERIE_IMPORT_FILE_LIMIT_BYTES.",
            )
        self._folder.mkdir(parents=True, exist_ok=True)
        # Without names in the folder, so that even a killed run leaves nothing behind.
        with tempfile.TemporaryFile(dir=self._folder) as copy:
            hashed = _Hashing(copy)
            watch = partial(self._progress.travel, "fetching", total=file.size)
            after = self._place.source.fetch(file.name, hashed, watch=watch)
            if (after.size, after.modified_at) != (file.size, file.modified_at):
                raise FileStillChangingError(name=file.name)
            copy.flush()
            copy.seek(0)
            if self._place.key is None:
                yield Spooled(copy, hashed.digest())
                return
            watch = partial(self._progress.travel, "decrypting", total=file.size)
            with tempfile.TemporaryFile(dir=self._folder) as opened:
                decrypt(
                    copy, opened, self._place.key, name=file.name, limit=self._limit, watch=watch
                )
                copy.truncate(0)
                yield Spooled(opened, hashed.digest())


class _Hashing:
    """Writes to a file and hashes what is written."""

    def __init__(self, target: BinaryIO) -> None:
        self._target = target
        self._hasher = hashlib.sha256()

    def write(self, block: bytes) -> int:
        self._hasher.update(block)
        return self._target.write(block)

    def digest(self) -> bytes:
        return self._hasher.digest()
