"""Turns a file of JSON lines into a Parquet file, whatever its size."""

from collections.abc import Sequence
from typing import BinaryIO

from arro3.core import DataType, Field, Schema
from arro3.io import read_json, write_parquet

from coterie.model.file_exports import Column, ColumnKind

BATCH_ROWS = 2_000
# Rows of a group are in memory until it is full.
GROUP_ROWS = 100_000
COMPRESSION = "zstd(3)"


def convert_to_parquet(source: BinaryIO, target: BinaryIO, columns: Sequence[Column]) -> None:
    """Write the JSON objects of `source`, one a line, to `target` as rows of `columns`.

    Every value must be of its column's type or null. `source` is read from its start, and both
    files are at theirs afterwards.
    """
    schema = Schema([Field(column.heading, _type(column), nullable=True) for column in columns])
    source.seek(0)
    rows = read_json(source, schema, batch_size=BATCH_ROWS)
    write_parquet(
        rows,
        target,
        compression=COMPRESSION,
        max_row_group_size=GROUP_ROWS,
        skip_arrow_metadata=True,
    )
    source.seek(0)
    target.seek(0)


def _type(column: Column) -> DataType:
    value = _value_type(column.kind)
    match column.shape:
        case "list":
            return DataType.list(Field("element", value, nullable=True))
        case "map":
            key = Field("key", DataType.string(), nullable=False)
            return DataType.map(key, Field("value", value, nullable=True), keys_sorted=False)
        case _:
            return value


def _value_type(kind: ColumnKind) -> DataType:
    match kind:
        case "integer":
            return DataType.int64()
        case "number":
            return DataType.float64()
        case "boolean":
            return DataType.bool()
        case "time":
            return DataType.timestamp("us", tz="UTC")
        case _:
            return DataType.string()
