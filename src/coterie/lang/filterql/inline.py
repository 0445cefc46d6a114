"""Writing a filter with the filters it includes taken in."""

from collections.abc import Mapping

from coterie.lang.expr.parser import group
from coterie.lang.expr.tree import Group, Include, Infix, Node, Not
from coterie.lang.filterql.filter import Filter
from coterie.lang.filterql.include import check_includes


def inline_includes(flt: Filter, includes: Mapping[str, Filter]) -> Node:
    """Return the tree of a filter with the conditions it includes in their places.

    Raises FilterError where an included filter is unknown, comes back to itself or is too deep, or
    where the whole would be too much. It is for people to read: `NOT INCLUDE x` holds for those of
    whom x cannot be told, and the inlined `NOT …` does not.
    """
    check_includes(flt, includes)
    return _inline(flt.tree, includes)


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
