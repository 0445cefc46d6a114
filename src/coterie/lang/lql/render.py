"""Writing a query as text."""

from coterie.lang.expr.render import quote_name, quote_text
from coterie.lang.lql.query import Column, Query


def render_lql(query: Query) -> str:
    """Return the text of a query; parsing it gives an equal query."""
    columns = ",\n  ".join(_column(column) for column in query.columns)
    lines = [
        f"SELECT\n  {columns}",
        f"FROM {quote_name(query.stream)}",
        f"INTO {quote_name(query.table)}",
        f"BY {' OR '.join(quote_name(name) for name in query.by)}",
    ]
    if query.where_text is not None:
        lines.append(f"WHERE {query.where_text}")
    lines.append(f"ALIAS {quote_name(query.alias)}")
    return "\n".join(lines)


def _column(column: Column) -> str:
    parts = [column.expr_text, "AS", quote_name(column.field)]
    if column.guard_text is not None:
        parts += ["IF", column.guard_text]
    if column.shortdesc is not None:
        parts += ["SHORTDESC", quote_text(column.shortdesc)]
    if column.longdesc is not None:
        parts += ["LONGDESC", quote_text(column.longdesc)]
    if column.kind is not None:
        parts += ["KIND", column.kind]
    if column.mergeop is not None:
        parts += ["MERGEOP", column.mergeop]
    return " ".join(parts)
