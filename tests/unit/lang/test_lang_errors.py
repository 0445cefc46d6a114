"""Errors of the languages: where they point, how they look, and that all are told at once."""

from collections.abc import Callable
from datetime import UTC, datetime

import msgspec
import pytest

from coterie.lang.expr.errors import LangError, Problem, suggest
from coterie.lang.expr.interpret import World, evaluate
from coterie.lang.expr.limits import (
    MAX_CONDITIONS,
    MAX_INCLUDES,
    MAX_PATTERN,
    MAX_PROBLEMS,
    MAX_TEXT,
)
from coterie.lang.expr.parser import parse_expression
from coterie.lang.expr.places import LONGEST_SHOWN_LINE, locate
from coterie.lang.filterql import check_includes, compile_filter, parse_filter
from coterie.lang.lql import parse_lql


def problems(text: str, parse: Callable[[str], object] = parse_filter) -> tuple[Problem, ...]:
    with pytest.raises(LangError) as caught:
        parse(text)
    return caught.value.problems


def places(text: str, parse: Callable[[str], object] = parse_filter) -> list[tuple[int, int]]:
    return [(problem.line, problem.column) for problem in problems(text, parse)]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_lines_and_columns_are_the_same_whatever_ends_a_line(newline: str) -> None:
    text = newline.join(("FILTER AND (", "  x LKE 1,", "", "\ty LKE 2", ")"))

    assert places(text) == [(2, 5), (4, 4)]


def test_a_marker_shows_its_line_without_what_ends_it() -> None:
    assert locate("a\r\nbc d\r\ne", 6, 1).marker == "  bc d\n     ^"


def test_a_marker_stands_under_wide_letters_and_after_marks_that_take_no_place() -> None:
    wide, accented = locate('"日本" x', 5, 1), locate('"e\u0301" x', 5, 1)

    assert (wide.column, accented.column) == (6, 6)
    assert wide.marker.split("\n")[1] == "  " + " " * 7 + "^"
    assert accented.marker.split("\n")[1] == "  " + " " * 4 + "^"


def test_a_long_line_is_shown_in_part_with_the_marker_under_its_place() -> None:
    text = "a " * 500 + "WRONG" + " b" * 500

    shown, marker = locate(text, 1_000, 5).marker.split("\n")

    assert len(shown) <= LONGEST_SHOWN_LINE + 2
    assert shown[marker.index("^") : marker.rindex("^") + 1] == "WRONG"


def test_what_steers_a_terminal_is_not_shown() -> None:
    marker = locate("x\x1b[31m \u202e\u2028y \ud800", 0, 1).marker

    assert "\x1b" not in marker
    assert "\u202e" not in marker
    marker.encode()


def test_a_place_never_leaves_its_text() -> None:
    end = locate("ab", 99, 5)

    assert (end.line, end.column, end.length) == (1, 3, 0)
    assert locate("", 0, 1).marker == "  \n  ^"


def test_every_wrong_line_of_a_list_is_told_at_once() -> None:
    text = """FILTER AND (
        nosuch(a) == 1
        b LKE 2
        OR (c IS 3, d == 4, e ==)
        NOT f BETWEN 1 AND 2,
        INCLUDE g
    )"""

    assert [problem.suggestion for problem in problems(text)] == [
        None,
        "like",
        "=",
        None,
        "between",
    ]
    assert [line for line, _ in places(text)] == [2, 3, 4, 4, 5]


def test_every_wrong_column_of_a_query_is_told_at_once() -> None:
    text = """SELECT nosuch(a) AS a,
        b AZ c,
        email(d, 1, 2) AS d,
        from AS sender, `from`, id
    FROM s INTO user BY id ALIAS s"""

    assert [line for line, _ in places(text, parse_lql)] == [1, 2, 3]


def test_a_forgotten_quote_is_looked_for_where_it_is_missing() -> None:
    text = 'FILTER AND (\n  a == "x\n  b == "y"\n  c LKE "z"\n)'

    assert places(text) == [(2, 8), (4, 5)]


def test_a_text_over_several_lines_is_no_forgotten_quote() -> None:
    assert parse_filter('FILTER a == "x\n  y"').reads == {"a"}


def test_so_many_problems_are_told_and_no_more() -> None:
    lines = "\n".join(f"f{n} LKE {n}" for n in range(MAX_PROBLEMS * 3))

    with pytest.raises(LangError, match=f"^{MAX_PROBLEMS} things are wrong and perhaps more") as e:
        parse_filter(f"AND (\n{lines}\n)")

    assert len(e.value.problems) == MAX_PROBLEMS


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"OR ({'x == 1,' * MAX_CONDITIONS} y == 2)", "more than 10,000 conditions"),
        (f"OR ({'INCLUDE a,' * MAX_INCLUDES} INCLUDE b)", "more than 500 audiences"),
        (f'x LIKE "{"a" * MAX_PATTERN}*"', "has 1,001 characters, at most 1,000 are matched"),
        (f'x LIKE ("a*", "{"a" * MAX_PATTERN}*")', "at most 1,000 are matched"),
        ("x" * (MAX_TEXT + 1), "has 1,000,001 characters, at most 1,000,000 are read"),
        (f"{'(' * 100}x{')' * 100}", "nested more than 64 levels deep"),
    ],
    ids=["conditions", "includes", "pattern", "patterns", "text", "depth"],
)
def test_what_is_beyond_a_limit_is_refused_with_the_limit(text: str, words: str) -> None:
    assert words in problems(text)[0].message


def test_what_is_at_a_limit_is_read() -> None:
    parse_filter(f"OR ({'x == 1,' * MAX_CONDITIONS})")
    parse_filter(f"OR ({'INCLUDE a,' * MAX_INCLUDES})")
    parse_filter(f'x LIKE "{"a" * (MAX_PATTERN - 1)}*"')


def test_ten_thousand_open_quotes_are_refused_in_good_time() -> None:
    text = "'\n" + "\\'\n" * 300_000

    assert len(problems(text)) == MAX_PROBLEMS


def test_words_of_other_languages_are_understood() -> None:
    assert problems("x equals 1")[0].suggestion == "="
    assert problems('x has "a"')[0].suggestion == "contains"


def test_only_a_near_word_is_suggested() -> None:
    assert suggest("emial", ("email", "phone")) == "email"
    assert suggest("xyz", ("email", "phone")) is None


def test_programs_get_each_problem_in_fields() -> None:
    problem = problems('FILTER x LKE "a"')[0]

    assert msgspec.to_builtins(problem) == {
        "message": "found 'LKE'",
        "line": 1,
        "column": 10,
        "length": 3,
        "expected": "the end of the filter",
        "suggestion": "like",
        "marker": '  FILTER x LKE "a"\n           ^^^',
    }


def test_what_only_a_filter_can_ask_is_told_apart_from_what_does_not_exist() -> None:
    text = 'SELECT did("x") AS a, cont(x) AS b, count_of() AS c FROM s INTO user BY a ALIAS q'

    found = [
        (each.column, each.message.split(",")[0], each.suggestion)
        for each in problems(text, parse_lql)
    ]

    assert found == [
        (8, "did asks what a person did", None),
        (23, "there is no function 'cont'", "count"),
        (37, "count_of asks what a person did", None),
    ]


def test_filters_that_double_what_they_include_are_refused_and_cost_nothing() -> None:
    doubling = {
        f"x{n}": parse_filter(f"AND (INCLUDE x{n + 1}, INCLUDE x{n + 1})") for n in range(40)
    }
    includes = {**doubling, "x40": parse_filter("a == 1")}
    few = {name: includes[name] for name in ("x30", *list(includes)[31:])}

    with pytest.raises(LangError, match="more than 20,000 conditions"):
        check_includes(parse_filter("INCLUDE x0"), includes)
    check_includes(parse_filter("INCLUDE x30"), few)

    now = datetime(2026, 3, 31, tzinfo=UTC)
    assert (
        compile_filter(parse_filter("INCLUDE x0"), includes=includes).matches({"a": 1}, now) is None
    )
    assert compile_filter(parse_filter("INCLUDE x30"), includes=few).matches({"a": 1}, now) is True


def test_numbers_do_not_grow_beyond_their_digits() -> None:
    product = " * ".join(["9" * 300] * 20)

    assert evaluate(parse_expression(product), World({}, datetime(2026, 3, 31, tzinfo=UTC))) is None
