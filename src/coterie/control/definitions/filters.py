"""What the filters of an account say about each other and about the schema."""

from collections.abc import Collection, Iterable, Mapping

import msgspec

from coterie.control.definitions.known_fields import view_fields
from coterie.lang.expr.errors import Problem
from coterie.lang.filterql import Filter, check_filter
from coterie.model.schema import Schema

Filters = Mapping[str, Filter]
"""The parsed filters of an account by slug."""


def check_against(
    flt: Filter,
    *,
    slug: str | None,
    filters: Filters,
    schema: Schema,
    unreadable: Collection[str] = (),
) -> tuple[Problem, ...]:
    """Return the warnings about a filter that is, or shall be, the audience `slug`.

    Raises FilterError for all that it includes and that does not exist or leads back to it, and
    for all that fields of their kinds cannot be asked.
    """
    # Under its own alias a filter would be known to what it includes.
    named = msgspec.structs.replace(flt, alias=slug)
    view = view_fields(schema.fields)
    return check_filter(named, view, includes=filters, unreadable=unreadable)


def list_dependents(slug: str, filters: Filters) -> set[str]:
    """Return the slugs whose filters include `slug`, directly or through others."""
    found: set[str] = set()
    waiting = {slug}
    while waiting:
        waiting = set(_including(waiting, filters)) - found - {slug}
        found |= waiting
    return found


def _including(slugs: set[str], filters: Filters) -> Iterable[str]:
    return (other for other, flt in filters.items() if flt.includes & slugs)
