"""Audiences are built anew when profiles show other values to them at once."""

import msgspec

from coterie.control.definitions.change import Change
from coterie.control.definitions.filters import list_dependents
from coterie.control.rows import list_all, run
from coterie.lang.filterql import compile_filter, read_stored
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
    # One that can no longer be read is set aside, and keeps its members as they are.
    filters = read_stored({row.slug: row.filter_text for row in rows}).filters
    affected = {slug for slug, flt in filters.items() if compile_filter(flt).reads & fields}
    for slug in tuple(affected):
        affected |= list_dependents(slug, filters)
    for row in rows:
        if row.slug in affected:
            run(change.conn, queries.rebuild_audience, {"audience_id": row.id, "now": change.now})
