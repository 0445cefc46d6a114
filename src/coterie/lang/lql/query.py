"""A query as a value: which columns of a stream become which fields of a profile."""

from msgspec import Struct

from coterie.lang.lql.settings import Settings


class Column(Struct, frozen=True):
    """One field and how it is made; expressions are in their normal text."""

    expr_text: str
    field: str
    guard_text: str | None = None
    kind: str | None = None
    mergeop: str | None = None
    shortdesc: str | None = None
    longdesc: str | None = None
    settings: Settings = ()


class Query(Struct, frozen=True):
    """A whole query: `by` are the identity fields, strongest first as written."""

    columns: tuple[Column, ...]
    stream: str
    table: str
    by: tuple[str, ...]
    where_text: str | None
    alias: str
    settings: Settings = ()
