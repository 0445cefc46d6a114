"""Arrays as statement parameters, packed in PostgreSQL's binary form.

The driver's own lists are adapted element by element in Python, which took a seventh of a worker's
time; these are packed in one pass (PostgreSQL's array_recv and the *_recv of the element types).
"""

import struct
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import ClassVar

import msgspec
import psycopg
from psycopg.adapt import Buffer, Dumper
from psycopg.pq import Format

_HEADER = struct.Struct("!iiIii").pack
_LENGTH = struct.Struct("!i").pack
_BIG = struct.Struct("!iq").pack
_SMALL = struct.Struct("!ii").pack
_NULL = _LENGTH(-1)
_PG_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_PG_EPOCH_MICROS = 946_684_800_000_000


class PackedArray(msgspec.Struct, frozen=True):
    """One array; the element types are the subclasses."""

    items: Sequence[object]


class TextArray(PackedArray, frozen=True):
    """An array of text."""


class UuidArray(PackedArray, frozen=True):
    """An array of uuid, from 32 hexadecimal digits each."""


class BytesArray(PackedArray, frozen=True):
    """An array of bytea."""


class BigintArray(PackedArray, frozen=True):
    """An array of bigint."""


class IntArray(PackedArray, frozen=True):
    """An array of integer."""


class TimeArray(PackedArray, frozen=True):
    """An array of timestamptz, from aware instants."""


class MicrosArray(PackedArray, frozen=True):
    """An array of timestamptz, from microseconds since 1970."""


def _text(item: str) -> bytes:
    encoded = item.encode()
    return _LENGTH(len(encoded)) + encoded


def _bytes(item: bytes) -> bytes:
    return _LENGTH(len(item)) + item


def _uuid(item: str) -> bytes:
    return b"\0\0\0\x10" + bytes.fromhex(item)


def _bigint(item: int) -> bytes:
    return _BIG(8, item)


def _int(item: int) -> bytes:
    return _SMALL(4, item)


def _time(item: datetime) -> bytes:
    delta = item - _PG_EPOCH
    return _BIG(8, (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds)


def _micros(item: int) -> bytes:
    return _BIG(8, item - _PG_EPOCH_MICROS)


class _ArrayDumper(Dumper):
    format = Format.BINARY
    element_oid: ClassVar[int]
    pack: ClassVar[Callable[..., bytes]]

    def dump(self, obj: PackedArray) -> Buffer:
        items = obj.items
        pack = type(self).pack
        header = _HEADER(1, int(None in items), self.element_oid, len(items), 1)
        return header + b"".join([_NULL if item is None else pack(item) for item in items])


def _dumper(array_oid: int, item_oid: int, packer: Callable[..., bytes]) -> type[_ArrayDumper]:
    class ArrayDumper(_ArrayDumper):
        oid = array_oid
        element_oid = item_oid
        pack = staticmethod(packer)

    return ArrayDumper


# Object identifiers of the built-in types never change (src/include/catalog/pg_type.dat).
_DUMPERS: dict[type[PackedArray], type[_ArrayDumper]] = {
    TextArray: _dumper(1009, 25, _text),
    UuidArray: _dumper(2951, 2950, _uuid),
    BytesArray: _dumper(1001, 17, _bytes),
    BigintArray: _dumper(1016, 20, _bigint),
    IntArray: _dumper(1007, 23, _int),
    TimeArray: _dumper(1185, 1184, _time),
    MicrosArray: _dumper(1185, 1184, _micros),
}


def register_arrays(adapters: psycopg.adapt.AdaptersMap) -> None:
    """Teach connections made from now on to take packed arrays."""
    for kind, dumper in _DUMPERS.items():
        adapters.register_dumper(kind, dumper)


register_arrays(psycopg.adapters)
