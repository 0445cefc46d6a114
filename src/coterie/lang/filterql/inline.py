"""Writing a filter with the filters it includes taken in."""

from collections.abc import Mapping

from coterie.lang.expr.errors import problem_at
from coterie.lang.expr.parser import group
from coterie.lang.expr.tree import Group, Include, Infix, Node, Not, walk
from coterie.lang.filterql.errors import FilterError
from coterie.lang.filterql.filter import Filter
from coterie.lang.filterql.include import check_includes

# Filters that include one filter twice, level upon level, double with each of them.
MAX_NODES = 50_000


def inline_includes(flt: Filter, includes: Mapping[str, Filter]) -> Node:
    """Return the tree of a filter with the conditions it includes in their places.

    Raises FilterError where an included filter is unknown, comes back to itself or is too deep, or
    where the whole would be too long. It is for people to read: `NOT INCLUDE x` holds for those of
    whom x cannot be told, and the inlined `NOT …` does not.
    """
    check_includes(flt, includes)
    if _count(flt.tree, includes, {}) > MAX_NODES:
        msg = "with all it includes, the filter is too long to be written out"
        raise FilterError(problem_at(flt.text, 0, msg, length=len(flt.text)))
    return _inline(flt.tree, includes)


def _count(node: Node, includes: Mapping[str, Filter], known: dict[str, int]) -> int:
    total = 0
    for part in walk(node):
        total += 1
        if isinstance(part, Include):
            if part.name not in known:
                known[part.name] = _count(includes[part.name].tree, includes, known)
            total += known[part.name]
    return total


def _inline(node: Node, includes: Mapping[str, Filter]) -> Node:
    match node:
        case Include(name=name):
            return _inline(includes[name].tree, includes)
        case Group(op=op, items=items, at=at):
            return group(op, [_inline(item, includes) for item in items], at)
        case Infix(op=op, items=items, at=at):
            return Infix(op, tuple(_inline(item, includes) for item in items), at)
        case Not(arg=arg, at=at):
            return Not(_inline(arg, includes), at)
        case _:
            return node
