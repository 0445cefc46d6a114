"""Reads LQL texts as edits of a schema."""

from collections import defaultdict

from coterie.control.definitions.draft import Column, Draft, SchemaError, StreamQuery
from coterie.control.definitions.lengths import check_length
from coterie.lang.expr.parser import parse_expression
from coterie.lang.expr.tree import Call, Node
from coterie.lang.lql import MappingRule, compile_mapping, parse_lql
from coterie.lang.lql.query import Column as LqlColumn
from coterie.model.merging import find_kind

PEOPLE = "user"
# Lytics' CAPPED is a union with a limit; the limit is the field's capacity.
CAPPED = "capped"
USUAL_CAPACITY = 100

# What a column without KIND most likely is, by its outermost function.
_RESULTS = {
    "date": ("todate", "todatein", "now"),
    "int": ("toint", "count", "len", "char_length", "epochms", "totimestamp", "yy", "mm",
            "monthofyear", "dayofweek", "hourofday", "hourofweek", "string.index", "hash",
            "hash.sip"),
    "number": ("tonumber", "sum", "avg", "min", "max", "sqrt", "pow", "seconds"),
    "bool": ("tobool", "exists", "any", "all", "not", "eq", "ne", "gt", "ge", "lt", "le",
             "contains", "hasprefix", "hassuffix", "ipfilter", "regex.match", "geodistance"),
    "[]string": ("set", "split", "string.split", "hosts", "domains", "mapkeys", "mapvalues",
                 "filter", "filtermatch", "array.slice"),
    "[]time": ("totimeset",),
    "[]timebucket": ("timebucket",),
    "map[string]string": ("match", "mapinvert", "useragent.map"),
    "map[string]time": ("maptime",),
    "map[string]intsum": ("valuect",),
}  # fmt: skip
# Functions that Lytics means over all events of a person, by how their field then merges.
_TOTALS = {"count": "sum", "sum": "sum", "min": "min", "max": "max"}
_KIND_OF = {name: kind for kind, names in _RESULTS.items() for name in names}
_MAP_OF = {
    "date": "map[string]time",
    "int": "map[string]int",
    "number": "map[string]number",
    "bool": "map[string]bool",
}


def read_query(text: str) -> StreamQuery:
    """Return what an LQL text says.

    Raises TextTooLongError, LqlError, or SchemaError for what has no place here.
    """
    check_length(text, what="The LQL text")
    query = parse_lql(text)
    if query.table != PEOPLE:
        raise SchemaError(message=f"INTO {query.table} is not supported. Write INTO {PEOPLE}.")
    return StreamQuery(
        stream=query.stream,
        columns=tuple(_read_column(column) for column in query.columns),
        by=query.by,
        where=query.where_text,
    )


def check_expressions(draft: Draft) -> None:
    """Raise LqlError if an expression of the draft cannot be used."""
    rules: dict[str, list[MappingRule]] = defaultdict(list)
    for mapping in draft.mappings:
        rules[mapping.stream].append(MappingRule(mapping.field, mapping.expr, mapping.guard))
    conditions = {rule.stream: rule.where for rule in draft.streams}
    for stream in rules.keys() | conditions.keys():
        compile_mapping(rules[stream], where=conditions.get(stream))


def guess_kind(node: Node) -> str:
    """Return the kind that an expression's values most likely have."""
    if not isinstance(node, Call):
        return "string"
    if node.name in ("if", "ifcase"):
        return guess_kind(node.args[1])
    if node.name == "map" and len(node.args) == len(("key", "value")):
        return _MAP_OF.get(guess_kind(node.args[1]), "map[string]string")
    return _KIND_OF.get(node.name, "string")


def _read_column(column: LqlColumn) -> Column:
    is_capped = column.mergeop == CAPPED
    tree = parse_expression(column.expr_text)
    return Column(
        field=column.field,
        expr=column.expr_text,
        guard=column.guard_text,
        kind=None if column.kind is None else find_kind(column.kind),
        usual_kind=guess_kind(tree),
        usual_op=_TOTALS.get(tree.name) if isinstance(tree, Call) else None,
        op="merge" if is_capped else column.mergeop,
        capacity=USUAL_CAPACITY if is_capped else None,
        description=column.shortdesc or column.longdesc or "",
    )
