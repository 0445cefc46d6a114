"""LQL: the language of mappings from events to profile fields."""

from coterie.lang.lql.check import check_rule
from coterie.lang.lql.errors import LqlError
from coterie.lang.lql.format import format_lql
from coterie.lang.lql.grammar import parse_lql
from coterie.lang.lql.guess import guess_kind
from coterie.lang.lql.mapping import (
    CompiledMapping,
    Fit,
    MappingRule,
    Values,
    compile_mapping,
    parse_mapping,
)
from coterie.lang.lql.query import Column, Query
from coterie.lang.lql.render import render_lql
from coterie.lang.lql.settings import IDENTIFIER_SETTINGS, Settings, SettingValue
from coterie.lang.lql.unreadable import find_unreadable

__all__ = [
    "IDENTIFIER_SETTINGS",
    "Column",
    "CompiledMapping",
    "Fit",
    "LqlError",
    "MappingRule",
    "Query",
    "SettingValue",
    "Settings",
    "Values",
    "check_rule",
    "compile_mapping",
    "find_unreadable",
    "format_lql",
    "guess_kind",
    "parse_lql",
    "parse_mapping",
    "render_lql",
]
