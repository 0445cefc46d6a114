"""Checking a filter against what it will run on: the fields of a schema, and other filters."""

from collections.abc import Collection, Mapping
from itertools import chain, islice

from coterie.lang.expr.chances import find_idle_conditions
from coterie.lang.expr.doubts import (
    find_broken_patterns,
    find_missing_traps,
    find_unknown_fields,
)
from coterie.lang.expr.errors import Problem, first_problems
from coterie.lang.expr.kinds import SchemaView
from coterie.lang.expr.limits import MAX_PROBLEMS
from coterie.lang.expr.typecheck import find_type_problems
from coterie.lang.filterql.errors import FilterError
from coterie.lang.filterql.filter import Filter
from coterie.lang.filterql.include import find_include_problems


def check_filter(
    flt: Filter,
    view: SchemaView,
    *,
    includes: Mapping[str, Filter],
    unreadable: Collection[str] = (),
) -> tuple[Problem, ...]:
    """Return what is doubtful about a filter, in the order of its text: it may be saved so.

    Raises FilterError with all that is wrong: an audience that cannot be included, and what can
    never be told of fields of these kinds. A field that the schema does not have is a doubt, since
    the mapping to it may be published later. `unreadable` are filters that exist beside `includes`.
    """
    text, tree = flt.text, flt.tree
    errors = [
        *islice(find_include_problems(flt, includes, unreadable=unreadable), MAX_PROBLEMS),
        *islice(find_type_problems(tree, text, view), MAX_PROBLEMS),
    ]
    if errors:
        raise FilterError(*errors)
    doubts = (
        find_unknown_fields(tree, text, view),
        find_broken_patterns(tree, text),
        find_missing_traps(tree, text),
        find_idle_conditions(tree, text, view),
    )
    return first_problems(chain(*(islice(found, MAX_PROBLEMS) for found in doubts)))
