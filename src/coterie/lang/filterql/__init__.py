"""FilterQL: the language of audiences."""

from coterie.lang.filterql.compiled import CompiledFilter, compile_filter
from coterie.lang.filterql.errors import FilterError
from coterie.lang.filterql.filter import Filter, normal_text
from coterie.lang.filterql.grammar import parse_filter
from coterie.lang.filterql.include import check_includes

__all__ = [
    "CompiledFilter",
    "Filter",
    "FilterError",
    "check_includes",
    "compile_filter",
    "normal_text",
    "parse_filter",
]
