"""A filter's text follows when a field gets another name, and says the same as before."""

import json
from pathlib import Path
from typing import Any

import pytest

from coterie.lang.expr.errors import LangError
from coterie.lang.expr.render import render
from coterie.lang.expr.tree import Name, walk
from coterie.lang.filterql import Filter, parse_filter, rename_fields

GOLDEN = Path(__file__).parents[2] / "golden" / "lang"
KNOWN = ("city", "hits", "hits.odd", "last seen", "a.b.c")


def renamed(text: str, old: str, new: str) -> str:
    return rename_fields(parse_filter(text), {old: new}, KNOWN)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FILTER city == \"city\"", "FILTER town == \"city\""),
        ("city", "town"),
        ("FILTER AND (\n  city == \"city\", -- by city\n  NOT EXISTS 'city'\n)",
         "FILTER AND (\n  town == \"city\", -- by city\n  NOT EXISTS town\n)"),
        ("FILTER tolower( `city` ) IN (\"a\", city)", "FILTER tolower( town ) IN (\"a\", town)"),
        ("SELECT city AS place IF city != \"x\" FROM user FILTER EXISTS city",
         "SELECT town AS place IF town != \"x\" FROM user FILTER EXISTS town"),
        ("FILTER INCLUDE city AND citys > 1", "FILTER INCLUDE city AND citys > 1"),
        ("FILTER count_of(\"order\", city == \"x\", \"now-90d\") > 2 AND EXISTS city",
         "FILTER count_of(\"order\", city == \"x\", \"now-90d\") > 2 AND EXISTS town"),
    ],
)  # fmt: skip
def test_only_names_of_the_field_change(text: str, expected: str) -> None:
    assert renamed(text, "city", "town") == expected


@pytest.mark.parametrize(
    ("text", "old", "new", "expected"),
    [
        ("hits.home > 1", "hits", "views", "views.home > 1"),
        ("`hits`.`home page` > 1", "hits", "views", "views.`home page` > 1"),
        ("hits.odd > 1", "hits", "views", "hits.odd > 1"),
        ("hits.odd > 1", "hits.odd", "strange", "strange > 1"),
        ("a.b.c.d > 1", "a.b.c", "x", "x.d > 1"),
        ("`a`.`b`.`c` > 1", "a.b.c", "x y", "`x y` > 1"),
        ("`a`.`b.c.d` > 1", "a.b.c", "x", "`x.d` > 1"),
        ("EXISTS `last seen`", "last seen", "exists", "EXISTS `exists`"),
        ("EXISTS `last seen` AND city = 1", "last seen", "seen", "EXISTS seen AND city = 1"),
    ],
)
def test_keys_of_maps_and_names_with_dots_are_told_apart(
    text: str, old: str, new: str, expected: str
) -> None:
    found = renamed(text, old, new)

    assert parse_filter(found).reads == parse_filter(expected).reads
    assert render(parse_filter(found).tree) == render(parse_filter(expected).tree)


def readable() -> list[Filter]:
    found: list[Filter] = []
    for file in ("filter_eval.json", "filter_normal.json", "filter_layout.json", "flips.json"):
        for text in sorted(set(texts_of(json.loads((GOLDEN / file).read_text())))):
            try:
                found.append(parse_filter(text))
            except LangError:
                continue
    return found


def texts_of(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for each in inside for text in texts_of(each)]


def names_of(flt: Filter) -> list[tuple[str, ...]]:
    return [
        node.path
        for tree in (flt.tree, *flt.column_trees)
        for node in walk(tree)
        if isinstance(node, Name)
    ]


def test_every_name_of_every_golden_filter_can_be_changed_there_and_back() -> None:
    filters = readable()
    assert len(filters) > 100
    for flt in filters:
        known = {".".join(path) for path in names_of(flt)}
        there = {name: f"new {name.replace('.', '_')}" for name in known}
        back = {new: old for old, new in there.items()}

        other = parse_filter(rename_fields(flt, there, known))
        again = parse_filter(rename_fields(other, back, there.values()))

        assert names_of(other) == [(there[".".join(path)],) for path in names_of(flt)], flt.text
        assert [".".join(path) for path in names_of(again)] == [
            ".".join(path) for path in names_of(flt)
        ]
