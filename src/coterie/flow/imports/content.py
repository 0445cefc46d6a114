"""Finds the CSV text inside of a file: packed or not, in whatever encoding, never endless."""

import codecs
import gzip
import io
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, BinaryIO, TextIO, cast

import msgspec

from coterie.flow.imports.errors import BadContentError
from coterie.flow.imports.rows import ENCODING_ERRORS

GZIP = b"\x1f\x8b"
ZIP = b"PK\x03\x04"
EMPTY_ZIP = b"PK\x05\x06"
OLD_EXCEL = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ARMOR = b"-----BEGIN PGP MESSAGE"
# How a message to somebody's key or password begins without armor (RFC 9580, section 4.2): the tags
# 1 and 3 in the old form, 1 in the new. No text in UTF-8 begins with one of these bytes.
SEALED = frozenset(b"\x84\x85\x86\x8c\x8d\x8e\xc1")
HEAD_BYTES = 4_096
MOST_MEMBERS = 10_000
# What compresses better than this is made to fill a disk; CSV reaches about 1 to 20.
MOST_RATIO = 500
RATIO_FROM = 100_000_000

BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
SAVE_AS_CSV = "Save it as CSV UTF-8 (in Excel: File > Save As > CSV UTF-8) and import that."


class Part(msgspec.Struct, frozen=True):
    """A CSV text; `name` is that of the file, and of the member if it was packed with others."""

    name: str
    text: TextIO


def open_parts(source: BinaryIO, *, name: str, encoding: str, limit: int) -> Iterator[Part]:
    """Yield the CSV texts of a file in order, each to be read before the next is asked for.

    `encoding` "" finds it out: by a byte order mark, else UTF-8. `limit` is the most bytes in all
    once unpacked. Raises `BadContentError`, here or while a text is read.
    """
    source.seek(0)
    head = source.read(HEAD_BYTES)
    source.seek(0)
    if not head:
        yield Part(name, io.StringIO(""))
        return
    if head.startswith(OLD_EXCEL) or name.lower().endswith((".xlsx", ".xls", ".xlsm", ".ods")):
        raise BadContentError(name=name, problem="is a spreadsheet and no CSV", cure=SAVE_AS_CSV)
    if head.startswith(ARMOR) or (head[0] in SEALED and not encoding):
        raise BadContentError(
            name=name,
            problem="is encrypted with PGP",
            cure="Read it by an authorization with the PGP private key that opens it.",
        )
    if head.startswith((ZIP, EMPTY_ZIP)):
        yield from _open_zip(source, name=name, encoding=encoding, limit=limit)
    elif head.startswith(GZIP):
        unpacked = cast("BinaryIO", gzip.GzipFile(fileobj=source))
        yield _open_text(unpacked, name, encoding, _Budget(name, limit, _size(source)))
    else:
        yield _open_text(source, name, encoding, _Budget(name, limit, 0))


def _open_zip(source: BinaryIO, *, name: str, encoding: str, limit: int) -> Iterator[Part]:
    try:
        packed = zipfile.ZipFile(source)
    except (zipfile.BadZipFile, OSError, NotImplementedError) as error:
        raise BadContentError(
            name=name,
            problem="is a zip file that is cut off or damaged",
            cure="Upload it again, whole.",
        ) from error
    with packed:
        members = [each for each in packed.infolist() if not each.is_dir()]
        if any(each.filename == "[Content_Types].xml" for each in members):
            raise BadContentError(name=name, problem="is an Excel workbook", cure=SAVE_AS_CSV)
        members = [each for each in members if _is_text(each.filename)]
        _check_members(members, name)
        budget = _Budget(name, limit, _size(source))
        for member in sorted(members, key=lambda each: each.filename):
            # The path inside of the zip is shown and never written to.
            shown = name if len(members) == 1 else f"{name}/{member.filename}"
            with _open_member(packed, member, name) as stream:
                yield _open_text(cast("BinaryIO", stream), shown, encoding, budget)


def _check_members(members: list[zipfile.ZipInfo], name: str) -> None:
    if not members:
        raise BadContentError(
            name=name, problem="is a zip file without a CSV file in it", cure="Put one in."
        )
    if len(members) > MOST_MEMBERS:
        raise BadContentError(
            name=name,
            problem=f"is a zip file of {len(members):,} files",
            cure=f"Pack at most {MOST_MEMBERS:,} together.",
        )
    for member in members:
        if member.flag_bits & 0x1:
            raise BadContentError(
                name=name,
                problem="is a zip file with a password",
                cure="Pack it without one, and encrypt it with PGP if it must be secret.",
            )
        if member.filename.lower().endswith((".zip", ".gz", ".xlsx", ".xls")):
            raise BadContentError(
                name=name,
                problem=f"holds {member.filename!r}, which is packed again or a spreadsheet",
                cure="Put CSV files into the zip file.",
            )


def _is_text(path: str) -> bool:
    # macOS adds files of its own to each zip.
    last = path.rsplit("/", 1)[-1]
    return not path.startswith("__MACOSX/") and not last.startswith(".")


def _open_member(packed: zipfile.ZipFile, member: zipfile.ZipInfo, name: str) -> IO[bytes]:
    try:
        return packed.open(member)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError) as error:
        raise BadContentError(
            name=name,
            problem=f"is a zip file whose {member.filename!r} cannot be unpacked",
            cure="Pack it with a usual program (deflate) and upload it again.",
        ) from error


class _Budget:
    """Counts the bytes that come out of a file."""

    def __init__(self, name: str, limit: int, packed_size: int) -> None:
        self._name = name
        self._limit = limit
        self._packed = packed_size
        self._used = 0

    def spend(self, size: int) -> None:
        self._used += size
        is_bomb = (
            self._packed > 0 and self._used > RATIO_FROM and self._used > self._packed * MOST_RATIO
        )
        if self._used > self._limit or is_bomb:
            raise BadContentError(
                name=self._name,
                problem=f"unpacks to more than {self._used - size:,} bytes",
                cure="Split it, or raise COTERIE_IMPORT_FILE_LIMIT_BYTES if it really is so large.",
            )


class _Counted(io.RawIOBase):
    """Reads a stream, counting; what cannot be unpacked is told as an error of the file."""

    def __init__(self, stream: BinaryIO, name: str, budget: _Budget) -> None:
        self._stream = stream
        self._name = name
        self._budget = budget

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        try:
            block = self._stream.read(len(buffer))
        except (EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile, OSError) as error:
            raise BadContentError(
                name=self._name,
                problem="is cut off or damaged: it cannot be unpacked to its end",
                cure="Upload it again, whole. Rows before the damage were imported already.",
            ) from error
        self._budget.spend(len(block))
        buffer[: len(block)] = block
        return len(block)


def _open_text(stream: BinaryIO, name: str, encoding: str, budget: _Budget) -> Part:
    buffered = io.BufferedReader(_Counted(stream, name, budget), 1 << 18)
    head = buffered.peek(HEAD_BYTES)[:HEAD_BYTES]
    found = encoding or _guess(head, name)
    if found == "utf-8":
        found = "utf-8-sig"
    return Part(name, io.TextIOWrapper(buffered, encoding=found, errors=_errors(found), newline=""))


def _errors(encoding: str) -> str:
    # Undecodable bytes come through, so that one bad cell rejects its row and not the file; of
    # encodings in which every byte matters to the next character they are replaced.
    return ENCODING_ERRORS if encoding.startswith("utf-8") else "replace"


def _guess(head: bytes, name: str) -> str:
    for mark, encoding in BOMS:
        if head.startswith(mark):
            return encoding
    zeros = head.count(0)
    if zeros > len(head) // 4:
        # ASCII text in two bytes a character has its zeros all in one half.
        if head[1::2].count(0) > zeros * 9 // 10:
            return "utf-16-le"
        if head[::2].count(0) > zeros * 9 // 10:
            return "utf-16-be"
        raise BadContentError(
            name=name, problem="is no text file", cure="Put a CSV file in its place."
        )
    return "utf-8"


def _size(source: BinaryIO) -> int:
    source.seek(0, io.SEEK_END)
    size = source.tell()
    source.seek(0)
    return size
