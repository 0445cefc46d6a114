"""The examples for marketers answer as the page says."""

import json
import re
from datetime import datetime
from typing import Any

import pytest
from tests.docs.conftest import read_pages
from tests.docs.test_fences import FILTERS

from coterie.base.clock import to_us
from coterie.control.definitions.filters import check_against
from coterie.control.definitions.schema import default_draft
from coterie.lang.behaviour import (
    EMPTY,
    Bounds,
    History,
    Observer,
    Occurrence,
    add,
    parse_tracker,
    trackers_of,
)
from coterie.lang.expr.jsondata import read_row
from coterie.lang.filterql import Filter, compile_filter, parse_filter
from coterie.model.schema import Schema

NAME = "docs/howto/write-audiences.md"
NOW = datetime.fromisoformat("2026-03-31T12:00:00Z")
INCLUDED = re.compile(r"`(\w+)` is\s+`(FILTER [^`]+)`")
CELL = re.compile(r"^\| [^|]+ \| (.+) \|$", re.MULTILINE)
CODE = re.compile(r"``(.+?)``|`([^`]+)`")
(PAGE,) = (page for page in read_pages() if page.name == NAME)
EXAMPLES = [
    parse_filter(text)
    for fence in PAGE.fences()
    if fence.language == "filterql"
    for text in FILTERS.findall(fence.text)
]


def fence(language: str) -> str:
    (found,) = (each.text for each in PAGE.fences() if each.language == language)
    return found


def ada(flt: Filter) -> dict[str, Any]:
    """Return what the page says of Ada, with the histories that a filter asks for."""
    row = read_row(json.loads(fence("json")), find_times=True)
    trackers = sorted(trackers_of(flt.tree))
    observer = Observer([parse_tracker(text) for text in trackers])
    histories: list[History] = [EMPTY for _ in trackers]
    for seq, line in enumerate(fence("jsonl").splitlines()):
        event = json.loads(line)
        at = datetime.fromisoformat(event.pop("at"))
        for index, value in observer.observe(event, "default", at):
            seen = Occurrence(to_us(at), 0, seq, value)
            histories[index] = add(histories[index], seen, Bounds())
    return {**row, **dict(zip(trackers, histories, strict=True))}


def included() -> dict[str, Filter]:
    found = {name: parse_filter(text) for name, text in INCLUDED.findall(PAGE.text)}
    assert set(found) == {"regulars", "do_not_disturb"}
    return found


@pytest.mark.parametrize("flt", EXAMPLES, ids=lambda flt: str(flt.description)[:60])
def test_ada_is_in_or_not_as_the_page_says(flt: Filter) -> None:
    says = re.match(r"Ada is (in|not in):", str(flt.description))
    assert says is not None, flt.text

    answer = compile_filter(flt, includes=included()).matches(ada(flt), NOW)

    assert (answer is True) is (says[1] == "in")


def test_the_page_shows_enough_examples_of_both() -> None:
    assert len(EXAMPLES) >= 10
    assert "It is 31 March 2026, noon in UTC" in PAGE.text


def test_the_examples_fit_the_schema_of_a_new_account() -> None:
    draft = default_draft()
    schema = Schema(version=1, published_at=NOW, fields=draft.fields, mappings=draft.mappings)
    shown = (*EXAMPLES, *included().values(), *map(parse_filter, cells()))

    doubtful = [
        flt
        for flt in shown
        if check_against(flt, slug=None, filters=included(), schema=schema) != ()
    ]

    # The page says of this one that Coterie points it out.
    assert [flt for flt in doubtful if "NOT BETWEEN" not in flt.text] == []
    assert len(doubtful) == 1


def cells() -> list[str]:
    """Return the whole conditions of the table of what one may want to say."""
    spans = [span for cell in CELL.findall(PAGE.text) for span in CODE.findall(cell)]
    codes = [double.strip() or single for double, single in spans]
    return [code for code in codes if code == "*" or len(code) > len(">=")]


def test_ada_fits_every_line_of_the_table_but_two() -> None:
    row = ada(parse_filter("*"))

    answers = {text: compile_filter(parse_filter(text)).matches(row, NOW) for text in cells()}

    assert len(answers) >= 11
    assert [text for text, answer in answers.items() if answer is not True] == [
        'city != "Porto"',
        "EXISTS birth_date",
    ]


def test_ada_leaves_and_enters_when_the_page_says() -> None:
    lately, lost = (
        next(flt for flt in EXAMPLES if sign in flt.text)
        for sign in ('last_order > "now-30d"', 'last_order < "now-90d"')
    )

    leaves = compile_filter(lately).next_flip(ada(lately), NOW)
    enters = compile_filter(lost).next_flip(ada(lost), NOW)

    assert leaves == datetime.fromisoformat("2026-04-19T10:00:00Z")
    assert enters is not None
    assert f"{enters:%d %B}" == "18 June"


def test_page_is_about_two_pages_long() -> None:
    assert len(PAGE.prose().split()) < 1_200
