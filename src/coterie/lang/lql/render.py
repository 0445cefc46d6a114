"""Writing a query as text."""

from coterie.lang.expr.render import quote_name, quote_text
from coterie.lang.lql.query import Column, Query
from coterie.lang.lql.settings import show_settings


def render_lql(query: Query) -> str:
    """Return the text of a query; parsing it gives an equal query."""
    columns = ",\n  ".join(" ".join(column_parts(column)) for column in query.columns)
    return "\n".join([f"SELECT\n  {columns}", *clause_texts(query)])


def clause_texts(query: Query) -> list[str]:
    """Return the clauses after the columns."""
    clauses = [
        f"FROM {quote_name(query.stream)}",
        f"INTO {quote_name(query.table)}",
        f"BY {' OR '.join(quote_name(name) for name in query.by)}",
    ]
    if query.where_text is not None:
        clauses.append(f"WHERE {query.where_text}")
    if query.settings:
        clauses.append(show_settings(query.settings))
    return [*clauses, f"ALIAS {quote_name(query.alias)}"]


def column_parts(column: Column) -> list[str]:
    """Return a column: its expression with its field, then what else is said of it."""
    parts = [f"{column.expr_text} AS {quote_name(column.field)}"]
    if column.guard_text is not None:
        parts.append(f"IF {column.guard_text}")
    if column.shortdesc is not None:
        parts.append(f"SHORTDESC {quote_text(column.shortdesc)}")
    if column.longdesc is not None:
        parts.append(f"LONGDESC {quote_text(column.longdesc)}")
    if column.kind is not None:
        parts.append(f"KIND {column.kind}")
    if column.mergeop is not None:
        parts.append(f"MERGEOP {column.mergeop}")
    if column.settings:
        parts.append(show_settings(column.settings))
    return parts
