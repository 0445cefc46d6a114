"""Audiences are built anew when profiles show other values to them at once."""

import msgspec

from coterie.base.errors import UserError
from coterie.control.definitions.change import Change
from coterie.control.definitions.filters import list_dependents
from coterie.control.rows import list_all, run
from coterie.lang.filterql import Filter, compile_filter, parse_filter
from coterie.store import load_queries


class _Row(msgspec.Struct, frozen=True):
    id: int
    slug: str
    filter_text: str


def rebuild_readers(change: Change, account: int, fields: frozenset[str]) -> None:
    """Let the audiences that read one of `fields`, also through others, be built anew."""
    if not fields:
        return
    queries = load_queries("definitions")
    rows = list_all(change.conn, queries.list_filters, {"account": account}, row=_Row)
    filters = {row.slug: flt for row in rows if (flt := _read(row.filter_text)) is not None}
    affected = {slug for slug, flt in filters.items() if compile_filter(flt).reads & fields}
    for slug in tuple(affected):
        affected |= list_dependents(slug, filters)
    for row in rows:
        if row.slug in affected:
            run(change.conn, queries.rebuild_audience, {"audience_id": row.id, "now": change.now})


def _read(text: str) -> Filter | None:
    """Return a saved filter; one that no longer parses holds nobody, and stays as it is."""
    try:
        return parse_filter(text)
    except UserError:
        return None
