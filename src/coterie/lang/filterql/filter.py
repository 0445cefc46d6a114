"""A filter as a value, together with its one normal text."""

from msgspec import Struct

from coterie.lang.expr.render import quote_name, quote_text, render
from coterie.lang.expr.tree import Everything, Node

Setting = str | int | float | bool


class SelectColumn(Struct, frozen=True):
    """A column of `SELECT … FILTER …`: what to show, under which name, and on which condition."""

    value: Node
    name: str
    guard: Node | None = None


class Filter(Struct, frozen=True):
    """A parsed filter.

    `reads` are the top-level fields that this text names itself; a dotted name counts as the
    whole key as well as the map before the dot. `includes` are the filters it names,
    `has_datemath` says that its own answer may change with time alone.
    """

    text: str
    tree: Node
    reads: frozenset[str]
    includes: frozenset[str]
    alias: str | None = None
    has_datemath: bool = False
    table: str | None = None
    limit: int | None = None
    settings: tuple[tuple[str, Setting], ...] = ()
    description: str | None = None
    columns: tuple[SelectColumn, ...] = ()

    @property
    def column_trees(self) -> tuple[Node, ...]:
        """What the columns show, and on which conditions."""
        nodes = [node for column in self.columns for node in (column.value, column.guard)]
        return tuple(node for node in nodes if node is not None)


def normal_text(flt: Filter) -> str:
    """Return the one text that filters of the same meaning and clauses share."""
    head = f"-- {flt.description}\n" if flt.description else ""
    select = f"{select_text(flt)} " if flt.columns else ""
    return head + " ".join([f"{select}FILTER {render(flt.tree)}", *clause_texts(flt)])


def select_text(flt: Filter) -> str:
    """Return what stands before FILTER, for a filter with columns."""
    table = f" FROM {quote_name(flt.table)}" if flt.table is not None else ""
    return f"SELECT {', '.join(_column(column) for column in flt.columns)}{table}"


def clause_texts(flt: Filter) -> list[str]:
    """Return the clauses after the condition, in their one order."""
    clauses: list[str] = []
    if flt.table is not None and not flt.columns:
        clauses.append(f"FROM {quote_name(flt.table)}")
    if flt.limit is not None:
        clauses.append(f"LIMIT {flt.limit}")
    if flt.settings:
        settings = ", ".join(f"{quote_name(k)} = {_setting(v)}" for k, v in flt.settings)
        clauses.append(f"WITH {settings}")
    if flt.alias:
        clauses.append(f"ALIAS {quote_name(flt.alias)}")
    return clauses


def _column(column: SelectColumn) -> str:
    shown = render(column.value)
    is_named = isinstance(column.value, Everything) and column.name == "*"
    name = "" if is_named or shown == quote_name(column.name) else f" AS {quote_name(column.name)}"
    guard = "" if column.guard is None else f" IF {render(column.guard)}"
    return f"{shown}{name}{guard}"


def _setting(value: Setting) -> str:
    if isinstance(value, str):
        return quote_text(value)
    return str(value).lower() if isinstance(value, bool) else repr(value)
