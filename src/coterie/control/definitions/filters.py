"""What the filters of an account say about each other and about the schema."""

from collections.abc import Iterable, Mapping

import msgspec

from coterie.base.errors import UserError
from coterie.lang.expr.errors import suggest
from coterie.lang.expr.lookup import top_level_names
from coterie.lang.expr.tree import Name, walk
from coterie.lang.filterql import Filter, check_includes, parse_filter
from coterie.model.schema import Schema

Filters = Mapping[str, Filter]
"""The parsed filters of an account by slug."""


class UnknownFilterFieldError(UserError):
    """A filter asks for a field that no profile can have."""

    code = "unknown_filter_field"

    def __init__(self, *, field: str, near: str | None) -> None:
        hint = f" Did you mean {near!r}?" if near else ""
        super().__init__(
            f"The schema has no field {field!r}.{hint} Correct the filter, or publish a mapping to "
            "that field first."
        )


def parse_all(texts: Mapping[str, str]) -> dict[str, Filter]:
    """Return the filters of these texts by slug. Raises FilterError."""
    return {slug: parse_filter(text) for slug, text in texts.items()}


def check_filter(slug: str, filters: Filters, schema: Schema) -> None:
    """Check what a filter reads and includes.

    Raises FilterError for an audience that it includes and that does not exist or leads back to it,
    UnknownFilterFieldError for a field that is not in the schema.
    """
    named = msgspec.structs.replace(filters[slug], alias=slug)
    check_includes(named, filters)
    check_fields(named, {field.name for field in schema.fields})


def check_fields(flt: Filter, known: set[str]) -> None:
    """Raise UnknownFilterFieldError for a field that is not `known`; a leading _ marks our own."""
    for node in walk(flt.tree):
        if not isinstance(node, Name) or node.path[0].startswith("_"):
            continue
        if not top_level_names(node) & known:
            field = ".".join(node.path)
            raise UnknownFilterFieldError(field=field, near=suggest(field, known))


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
