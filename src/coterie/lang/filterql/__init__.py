"""FilterQL: the language of audiences."""

from coterie.lang.filterql.check import check_filter
from coterie.lang.filterql.compiled import CompiledFilter, Predicate, compile_filter
from coterie.lang.filterql.errors import FilterError
from coterie.lang.filterql.explain import Explained, explain
from coterie.lang.filterql.filter import Filter, normal_text
from coterie.lang.filterql.format import format_filter
from coterie.lang.filterql.grammar import parse_filter
from coterie.lang.filterql.include import check_includes
from coterie.lang.filterql.inline import inline_includes
from coterie.lang.filterql.jsonform import (
    JsonFormError,
    json_form_text,
    read_json_form,
    write_json_form,
)
from coterie.lang.filterql.renaming import rename_fields
from coterie.lang.filterql.stored import StoredFilters, read_stored

__all__ = [
    "CompiledFilter",
    "Explained",
    "Filter",
    "FilterError",
    "JsonFormError",
    "Predicate",
    "StoredFilters",
    "check_filter",
    "check_includes",
    "compile_filter",
    "explain",
    "format_filter",
    "inline_includes",
    "json_form_text",
    "normal_text",
    "parse_filter",
    "read_json_form",
    "read_stored",
    "rename_fields",
    "write_json_form",
]
