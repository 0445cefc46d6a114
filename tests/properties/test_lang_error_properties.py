"""Whatever is read, only errors of ours come out, they point into the text, and work is bounded."""

import sys
from collections.abc import Callable
from types import FrameType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coterie.lang.behaviour.functions import BEHAVIOUR
from coterie.lang.expr.cursor import _MEANT
from coterie.lang.expr.errors import LangError, Problem
from coterie.lang.expr.functions import FUNCTIONS
from coterie.lang.expr.kinds import SchemaView
from coterie.lang.expr.limits import MAX_PROBLEMS
from coterie.lang.expr.operands import SPELT_WRONG
from coterie.lang.expr.parser import parse_expression
from coterie.lang.expr.tokens import _LOOKALIKES
from coterie.lang.filterql import (
    check_filter,
    normal_text,
    parse_filter,
    write_json_form,
)
from coterie.lang.lql import parse_lql, render_lql
from coterie.model.merging import KINDS, OPS

Parse = Callable[[str], object]

FILTERS = (
    'FILTER AND (\n  email CONTAINS "@"\n  country IN ("DE", "AT"),\n  visits >= 3\n)',
    "-- who is lost\nFILTER NOT OR (x == 1, y LIKE 'a*', INCLUDE other) FROM user LIMIT 3",
    'FILTER x > "now-3d" AND y != NULL OR `odd name`.`b.c` BETWEEN 1 AND 2 ALIAS a',
    'SELECT a, tolower(b) AS c IF d, * FROM user FILTER EXISTS x WITH k = "v", on = true',
    'FILTER AND (count_of("order", price > 3, "now-90d") >= 3, tags INTERSECTS [a, 1])',
    "FILTER (a + 2 * -b) % 3 > len(c) || !(d) && cast(e AS int) = .5e3; /* end */",
)
QUERIES = (
    'SELECT\n  toint(p) AS points IF exists(card) SHORTDESC "Points" KIND int MERGEOP sum, -- why\n'
    "  `odd name` AS tags KIND []string MERGEOP capped, from AS sender, card\n"
    "FROM shop INTO user BY card OR email WHERE p > 0 ALIAS shop",
    'select "a" IF b > 1 ELSE "c" as d, map(event, todate(ts)) as t kind map[string]time\n'
    "from web into user by d alias w;",
)
VIEW = SchemaView(
    kinds={
        "email": "string",
        "visits": "int",
        "x": "date",
        "tags": "[]string",
        "counts": "map[string]intsum",
        "card": "string",
    },
    ops={"email": "latest", "visits": "sum", "x": "max", "tags": "merge", "card": "latest"},
)
SCRAPS = """
    AND OR NOT ( ) ( ) , a b.c "x" 'y' `z` 5 1.5 = != > <= LIKE LKE IN [ ] BETWEEN EXISTS INCLUDE *
    - + / % now() tolowr( FROM ALIAS WITH LIMIT && || ; . -- true NULL cast( AS /* */ // " ' ` “ ≥
    é 日 SELECT INTO BY KIND MERGEOP IF ELSE WHERE FILTER map[string]int did( count_of( IS EQUALS
"""
PIECES = (*SCRAPS.split(), "\n", "\r\n", "\t")

soups = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=30).map(" ".join)
garbage = st.text(max_size=60)


@st.composite
def mutated(draw: st.DrawFn, texts: tuple[str, ...]) -> str:
    """Draw a valid text in which something was cut out, put in, doubled or swapped."""
    text = draw(st.sampled_from(texts))
    for _ in range(draw(st.integers(1, 4))):
        start, end = sorted(draw(st.tuples(*[st.integers(0, len(text))] * 2)))
        end = min(end, start + draw(st.integers(0, 12)))
        piece = draw(st.sampled_from(PIECES) | st.text(max_size=2) | st.just(text[start:end] * 2))
        text = text[:start] + piece + text[end:]
    return text


# What checks ask of the definition comes on top of reading, once for a text.
CALLS_AT_LEAST = 200_000
CALLS_A_LETTER = 200
filter_texts = mutated(FILTERS) | soups | garbage
query_texts = mutated(QUERIES) | soups | garbage


def complaint(parse: Parse, text: str) -> tuple[Problem, ...]:
    """Return what is wrong with a text; any other error than ours fails the test."""
    try:
        parse(text)
    except LangError as error:
        return error.problems
    return ()


def check(text: str) -> object:
    return check_filter(parse_filter(text), VIEW, includes={"other": parse_filter("*")})


def check_query(text: str) -> object:
    return parse_lql(text, view=VIEW)


def hold_places(text: str, problems: tuple[Problem, ...]) -> None:
    lines = text.split("\n")
    assert list(problems) == sorted(problems, key=lambda problem: (problem.line, problem.column))
    for problem in problems:
        line = lines[problem.line - 1].removesuffix("\r")
        assert 1 <= problem.line <= len(lines)
        assert 1 <= problem.column <= len(line) + 1
        assert 0 <= problem.column - 1 + problem.length <= len(line)
        shown, marker = problem.marker.split("\n")
        assert set(marker.strip()) == {"^"}
        if line.isascii() and line.isprintable() and len(line) < 100:
            place = marker.index("^") - 2
            assert place == problem.column - 1
            assert shown[2:].startswith(line[: place + problem.length].rstrip())
        problem.explain().encode()


def exists(suggestion: str) -> bool:
    """Say whether a suggestion is a name, a word or a sign that is known, or a good condition."""
    words = {*SPELT_WRONG, *_MEANT.values(), *_LOOKALIKES.values(), *KINDS}
    words |= {"select", "filter", "from", "limit", "with", "alias", "into", "by", "where"}
    words |= {"as", "if", "shortdesc", "longdesc", "kind", "mergeop", "other"}
    words |= {op for ops in OPS.values() for op in ops}
    if suggestion in words or suggestion in FUNCTIONS or suggestion in BEHAVIOUR:
        return True
    return not complaint(parse_filter, suggestion)


def count_calls(parse: Parse, text: str) -> tuple[int, tuple[Problem, ...]]:
    """Return how many Python functions a reading calls, and what is wrong with the text."""
    calls = 0

    def count(_frame: FrameType, event: str, _arg: object) -> None:
        nonlocal calls
        calls += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        problems = complaint(parse, text)
    finally:
        sys.setprofile(before)
    return calls, problems


def hold(parse: Parse, text: str) -> None:
    calls, problems = count_calls(parse, text)

    # Calls and not seconds, so that a busy machine does not matter.
    assert calls < CALLS_AT_LEAST + CALLS_A_LETTER * len(text)
    assert len(problems) <= MAX_PROBLEMS
    hold_places(text, problems)
    assert all(exists(each.suggestion) for each in problems if each.suggestion)


PILES = ("(", "AND (", "x LKE 1\n", "NOT ", "'", '"', "`", "/*", "[", ",", "f(", "x == ", "\\'")


@pytest.mark.parametrize("piece", PILES)
def test_reading_takes_work_in_proportion_to_the_text(piece: str) -> None:
    for length in (2_000, 20_000):
        for parse, start in ((parse_filter, "FILTER AND ("), (parse_lql, "SELECT ")):
            calls, problems = count_calls(parse, (start + piece * length)[:length])

            assert problems
            assert calls < CALLS_AT_LEAST + CALLS_A_LETTER * length


@pytest.mark.parametrize("item", ["nosuch{}(a)", "nosuch{} == 1", "INCLUDE nosuch{}"])
def test_looking_for_what_was_meant_is_bounded(item: str) -> None:
    text = f"FILTER OR ({', '.join(item.format(number) for number in range(450))})"
    view = SchemaView(kinds={f"nosach{number}": "string" for number in range(500)})
    known = {f"nosach{number}": parse_filter("*") for number in range(500)}

    calls, _ = count_calls(
        lambda text: check_filter(parse_filter(text), view, includes=known), text
    )

    assert calls < CALLS_AT_LEAST + CALLS_A_LETTER * len(text)


@settings(max_examples=600, deadline=None)
@given(filter_texts)
def test_a_filter_is_read_or_refused_with_places(text: str) -> None:
    hold(parse_filter, text)


@settings(max_examples=400, deadline=None)
@given(query_texts)
def test_a_query_is_read_or_refused_with_places(text: str) -> None:
    hold(parse_lql, text)


@settings(max_examples=300, deadline=None)
@given(soups | garbage)
def test_an_expression_is_read_or_refused_with_places(text: str) -> None:
    hold(parse_expression, text)


@settings(max_examples=300, deadline=None)
@given(mutated(FILTERS))
def test_a_filter_is_checked_or_refused_with_places(text: str) -> None:
    hold(check, text)


@settings(max_examples=200, deadline=None)
@given(mutated(QUERIES))
def test_a_query_is_checked_or_refused_with_places(text: str) -> None:
    hold(check_query, text)


@settings(max_examples=400, deadline=None)
@given(mutated(FILTERS) | soups)
def test_what_can_be_read_is_the_same_in_its_normal_text(text: str) -> None:
    if complaint(parse_filter, text):
        return
    flt = parse_filter(text)

    # `- 5` and a list in one of its kind become one on the way, so the first turn may fold.
    settled = parse_filter(normal_text(flt))
    again = parse_filter(normal_text(settled))

    assert write_json_form(again.tree) == write_json_form(settled.tree)
    assert normal_text(again) == normal_text(settled)
    clauses = ("alias", "table", "limit", "settings", "includes", "reads")
    assert [getattr(again, each) for each in clauses] == [getattr(flt, each) for each in clauses]


@settings(max_examples=300, deadline=None)
@given(mutated(QUERIES))
def test_a_query_that_can_be_read_is_the_same_in_its_normal_text(text: str) -> None:
    if complaint(parse_lql, text):
        return
    settled = parse_lql(render_lql(parse_lql(text)))

    assert parse_lql(render_lql(settled)) == settled


@pytest.mark.prove
@settings(max_examples=20_000, deadline=None)
@given(filter_texts, query_texts)
def test_many_more_texts_are_read_or_refused(one: str, other: str) -> None:
    for parse in (parse_filter, check):
        hold(parse, one)
    for parse in (parse_lql, check_query):
        hold(parse, other)
