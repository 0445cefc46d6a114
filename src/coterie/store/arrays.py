"""Arrays as statement parameters, each packed in one pass.

The driver's own lists are adapted element by element in Python, which took a seventh of a worker's
time. Text and numbers are sent in PostgreSQL's text form, which is JSON's but for the brackets and
some escapes; the rest in its binary form (array_recv and the *_recv of the element types).
"""

import re
import struct
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import ClassVar, cast

import msgspec
import psycopg
from psycopg.adapt import Buffer, Dumper
from psycopg.pq import Format

from coterie.base.clock import to_us
from coterie.store.copying import PG_EPOCH_US

_HEADER = struct.Struct("!iiIii").pack
_LENGTH = struct.Struct("!i").pack
_BIG = struct.Struct("!iq").pack
_NULL = _LENGTH(-1)
_UUID_LENGTH = _LENGTH(16)

_as_json = msgspec.json.Encoder().encode
# A backslash lets the next character stand for itself, where JSON may mean another by a letter.
_has_letter_escape = re.compile(rb'\\[^"\\]').search


class PackedArray(msgspec.Struct, frozen=True):
    """One array; the element types are the subclasses."""

    items: Sequence[object]


class TextArray(PackedArray, frozen=True):
    """An array of text."""


class UuidArray(PackedArray, frozen=True):
    """An array of uuid, from 32 hexadecimal digits each."""


class BytesArray(PackedArray, frozen=True):
    """An array of bytea."""


class PlaceArray(PackedArray, frozen=True):
    """An array of tid (where rows are), from the six bytes that the server gives for each."""


class BigintArray(PackedArray, frozen=True):
    """An array of bigint."""


class IntArray(PackedArray, frozen=True):
    """An array of integer."""


class TimeArray(PackedArray, frozen=True):
    """An array of timestamptz, from aware instants."""


class MicrosArray(PackedArray, frozen=True):
    """An array of timestamptz, from microseconds since 1970."""


def array_text(items: Sequence[str | int | None]) -> bytes:
    """Return the text form of an array (PostgreSQL manual, "Array Input and Output Syntax")."""
    text = _as_json(items)
    if _has_letter_escape(text):
        text = b"[%b]" % ",".join(map(_quoted, items)).encode()
    return b"{%b}" % text[1:-1]


def _quoted(item: str | int | None) -> str:
    if isinstance(item, str):
        return '"' + item.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return "NULL" if item is None else str(item)


def bigints(items: Sequence[int]) -> bytes:
    """Return an array of bigint as a COPY in binary form takes it, without its length."""
    return _array(_BIGINT, 0, items, _bigints) if items else _NO_BIGINTS


def _array(
    oid: int, has_null: int, items: Sequence[object], pack: Callable[..., list[bytes]]
) -> bytes:
    return _HEADER(1, has_null, oid, len(items), 1) + b"".join(pack(items))


def _byteses(items: Sequence[bytes | None]) -> list[bytes]:
    return [_NULL if item is None else _LENGTH(len(item)) + item for item in items]


def _uuids(items: Sequence[str | None]) -> list[bytes]:
    if not items or None in items:
        return [_NULL if item is None else _UUID_LENGTH + bytes.fromhex(item) for item in items]
    # One pass over all digits, the length before each.
    head = _UUID_LENGTH.hex()
    return [bytes.fromhex(head + head.join(cast("Sequence[str]", items)))]


def _bigints(items: Sequence[int | None]) -> list[bytes]:
    return [_NULL if item is None else _BIG(8, item) for item in items]


def _times(items: Sequence[datetime | None]) -> list[bytes]:
    return [_NULL if item is None else _BIG(8, to_us(item) - PG_EPOCH_US) for item in items]


def _micros(items: Sequence[int | None]) -> list[bytes]:
    return [_NULL if item is None else _BIG(8, item - PG_EPOCH_US) for item in items]


class _TextFormDumper(Dumper):
    def dump(self, obj: PackedArray) -> Buffer:
        return array_text(cast("Sequence[str | int | None]", obj.items))


class _BinaryDumper(Dumper):
    format = Format.BINARY
    element_oid: ClassVar[int]
    pack: ClassVar[Callable[..., list[bytes]]]

    def dump(self, obj: PackedArray) -> Buffer:
        items = obj.items
        return _array(self.element_oid, int(None in items), items, type(self).pack)


def _text_form(array_oid: int) -> type[_TextFormDumper]:
    class ArrayDumper(_TextFormDumper):
        oid = array_oid

    return ArrayDumper


def _binary(
    array_oid: int, item_oid: int, packer: Callable[..., list[bytes]]
) -> type[_BinaryDumper]:
    class ArrayDumper(_BinaryDumper):
        oid = array_oid
        element_oid = item_oid
        pack = staticmethod(packer)

    return ArrayDumper


_BIGINT = 20
_NO_BIGINTS = _HEADER(0, 0, _BIGINT, 0, 0)[:12]

# Object identifiers of the built-in types never change (src/include/catalog/pg_type.dat).
_DUMPERS: dict[type[PackedArray], type[Dumper]] = {
    TextArray: _text_form(1009),
    UuidArray: _binary(2951, 2950, _uuids),
    BytesArray: _binary(1001, 17, _byteses),
    PlaceArray: _binary(1010, 27, _byteses),
    BigintArray: _text_form(1016),
    IntArray: _text_form(1007),
    TimeArray: _binary(1185, 1184, _times),
    MicrosArray: _binary(1185, 1184, _micros),
}


def register_arrays(adapters: psycopg.adapt.AdaptersMap) -> None:
    """Teach connections made from now on to take packed arrays."""
    for kind, dumper in _DUMPERS.items():
        adapters.register_dumper(kind, dumper)


register_arrays(psycopg.adapters)
