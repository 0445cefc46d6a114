"""The filters that an account has saved, and what is wrong or doubtful about one."""

from collections.abc import Iterable

import msgspec

from coterie.control.definitions.filters import (
    Filters,
    check_against,
    list_dependents,
)
from coterie.control.definitions.lengths import check_length
from coterie.control.definitions.schema_versions import current_in
from coterie.control.rows import list_all
from coterie.lang.expr.errors import LangError, Problem
from coterie.lang.expr.render import render
from coterie.lang.filterql import (
    Filter,
    inline_includes,
    normal_text,
    parse_filter,
    read_stored,
)
from coterie.model.control import AudienceState
from coterie.store import Connection, Store, load_queries

KEPT_CURRENT: frozenset[AudienceState] = frozenset({"building", "live"})
"""The states in which the data plane says who is a member."""


class SavedFilter(msgspec.Struct, frozen=True):
    """The filter of an audience that is not archived."""

    id: int
    slug: str
    filter_text: str
    state: AudienceState


class FilterReport(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a filter that may become an audience: its one normal text, and doubts."""

    filter_text: str
    reads: tuple[str, ...]
    includes: tuple[str, ...]
    warnings: tuple[Problem, ...]


def list_filters(conn: Connection, account: int) -> list[SavedFilter]:
    """Return the filters of an account in the order they were made."""
    query = load_queries("definitions").list_filters
    return list_all(conn, query, {"account": account}, row=SavedFilter)


def read_filters(conn: Connection, account: int) -> dict[str, Filter]:
    """Return an account's parsed filters by slug, without those that can no longer be read."""
    return dict(read_stored(_texts(list_filters(conn, account))).filters)


def find_faults(conn: Connection, account: int) -> dict[str, str]:
    """Return by slug why audiences are set aside, with the cure: see `read_stored`."""
    return read_stored(_texts(list_filters(conn, account))).faults


def read_kept(conn: Connection, account: int) -> list[Filter]:
    """Return the filters of the audiences that are kept current, and all that these include.

    What drafts ask about events need not be watched for yet.
    """
    rows = list_filters(conn, account)
    filters = read_stored(_texts(rows)).filters
    waiting = {row.slug for row in rows if row.state in KEPT_CURRENT} & filters.keys()
    found: dict[str, Filter] = {}
    while waiting:
        slug = waiting.pop()
        found[slug] = filters[slug]
        waiting |= {other for other in filters[slug].includes if other in filters} - found.keys()
    return list(found.values())


def check_text(filter_text: str) -> Filter:
    """Return the filter that a text says. Raises TextTooLongError, FilterError."""
    check_length(filter_text, what="The filter")
    return parse_filter(filter_text)


def check_saved(conn: Connection, account: int, slug: str, filters: Filters) -> tuple[Problem, ...]:
    """Return the warnings about the filter `slug` among an account's filters.

    Raises FilterError for what is wrong.
    """
    schema = current_in(conn, account)
    flt = _get(conn, account, slug, filters)
    unreadable = find_faults(conn, account).keys() - filters.keys()
    return check_against(flt, slug=slug, filters=filters, schema=schema, unreadable=unreadable)


def doubts_about(conn: Connection, account: int, slug: str) -> tuple[Problem, ...]:
    """Return the warnings about a filter, and what has become wrong since it was saved."""
    try:
        return check_saved(conn, account, slug, read_filters(conn, account))
    except LangError as error:
        return error.problems


def find_warnings(store: Store, account: int, slug: str) -> tuple[Problem, ...]:
    """Return what is doubtful about an audience's filter now: fields and audiences come and go.

    The audience exists and is not archived.
    """
    with store.transaction() as conn:
        return doubts_about(conn, account, slug)


def report_filter(
    store: Store, account: int, filter_text: str, *, slug: str | None = None
) -> FilterReport:
    """Return what is known of a filter without saving it, as the audience `slug` if it has one.

    Raises TextTooLongError, UnknownSchemaError, and FilterError with all that is wrong.
    """
    flt = check_text(filter_text)
    with store.transaction() as conn:
        filters = read_filters(conn, account)
        unreadable = find_faults(conn, account).keys() - filters.keys()
        schema = current_in(conn, account)
    if slug is not None:
        filters[slug] = flt
    warnings = check_against(flt, slug=slug, filters=filters, schema=schema, unreadable=unreadable)
    return FilterReport(
        filter_text=normal_text(flt),
        reads=tuple(sorted(flt.reads)),
        includes=tuple(sorted(flt.includes)),
        warnings=warnings,
    )


def list_dependents_of(store: Store, account: int, slug: str) -> set[str]:
    """Return the slugs of the audiences that include one, directly or through others."""
    with store.transaction() as conn:
        return list_dependents(slug, read_filters(conn, account))


def inline_filter(store: Store, account: int, slug: str) -> str:
    """Return the text of an audience's filter with all that it includes in place of INCLUDE.

    The audience exists and is not archived. Raises FilterError.
    """
    with store.transaction() as conn:
        filters = read_filters(conn, account)
        flt = _get(conn, account, slug, filters)
    return f"FILTER {render(inline_includes(flt, filters))}"


def _texts(rows: Iterable[SavedFilter]) -> dict[str, str]:
    return {row.slug: row.filter_text for row in rows}


def _get(conn: Connection, account: int, slug: str, filters: Filters) -> Filter:
    """Return the filter of an audience. Raises FilterError if it can no longer be read."""
    if slug in filters:
        return filters[slug]
    return parse_filter(_texts(list_filters(conn, account))[slug])
