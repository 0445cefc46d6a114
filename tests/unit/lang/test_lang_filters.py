"""Filters: what they read, what they include, and what they refuse."""

from datetime import UTC, datetime, timedelta
from time import perf_counter

import pytest

from coterie.base.errors import UserError
from coterie.lang.expr.functions import FUNCTIONS
from coterie.lang.expr.interpret import World, evaluate_truth
from coterie.lang.expr.limits import MAX_DEPTH, MAX_INCLUDE_DEPTH, MAX_TEXT
from coterie.lang.filterql import (
    CompiledFilter,
    FilterError,
    check_includes,
    compile_filter,
    parse_filter,
)

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)


def compiled(text: str, **includes: str) -> CompiledFilter:
    """Return a compiled filter with its includes given as texts."""
    known = {name: parse_filter(body) for name, body in includes.items()}
    return compile_filter(parse_filter(text), includes=known)


def test_filter_knows_what_it_reads_and_includes() -> None:
    flt = parse_filter('AND (a == 1, tolower(b) == c, INCLUDE other, d.e > "now-1d") ALIAS x')

    assert flt.reads == {"a", "b", "c", "d", "d.e"}
    assert flt.includes == {"other"}
    assert flt.alias == "x"
    assert flt.has_datemath


def test_compiled_filter_reads_the_fields_of_what_it_includes() -> None:
    flt = compiled("AND (a == 1, INCLUDE one)", one="OR (b == 2, INCLUDE two)", two='c > "now-1d"')

    assert flt.reads == {"a", "b", "c"}
    assert flt.has_datemath


def test_text_that_looks_like_date_math_is_ordinary_beside_other_operators() -> None:
    flt = compiled('AND (word IN ("now", "later"), title CONTAINS "now", contains(title, "now"))')

    assert not flt.has_datemath
    assert flt.matches({"word": "now", "title": "do it now"}, NOW) is True
    assert flt.next_flip({"word": "now", "title": "do it now"}, NOW) is None


def test_included_filter_is_compiled_once_however_often_it_is_named() -> None:
    levels = {
        f"level{n}": f"AND (INCLUDE level{n - 1}, INCLUDE level{n - 1})" for n in range(1, 13)
    }

    start = perf_counter()
    flt = compiled("INCLUDE level12", level0="a == 1", **levels)

    assert perf_counter() - start < 5
    assert flt.reads == {"a"}


def test_longest_chain_of_includes_runs_and_one_more_is_refused() -> None:
    chain = {f"f{n}": f"AND (INCLUDE f{n - 1}, a == 1)" for n in range(1, MAX_INCLUDE_DEPTH + 1)}
    chain["f0"] = "a == 1"
    known = {name: parse_filter(text) for name, text in chain.items()}
    longest, longer = (parse_filter(f"INCLUDE f{MAX_INCLUDE_DEPTH - n}") for n in (1, 0))

    check_includes(longest, known)
    with pytest.raises(FilterError, match="more than 50 levels deep"):
        check_includes(longer, known)

    assert compile_filter(longest, includes=known).matches({"a": 1}, NOW) is True
    assert compile_filter(longer, includes=known).matches({"a": 1}, NOW) is None


def test_circle_of_includes_is_named_in_the_message() -> None:
    known = {"b": parse_filter("INCLUDE c"), "c": parse_filter("INCLUDE a")}

    with pytest.raises(FilterError, match="include each other: b → c → a → b"):
        check_includes(parse_filter("INCLUDE b ALIAS a"), known)


def test_unknown_audience_is_named_with_the_nearest_known_one() -> None:
    known = {"known_email": parse_filter("EXISTS email")}

    with pytest.raises(FilterError, match="Did you mean 'known_email'"):
        check_includes(parse_filter("FILTER INCLUDE know_email"), known)


def test_errors_are_user_errors_with_a_place() -> None:
    with pytest.raises(UserError) as caught:
        parse_filter("FILTER AND (\n\tx == 1,\n\ty LKE 2\n)")

    assert isinstance(caught.value, FilterError)
    problem = caught.value.problems[0]
    assert (problem.line, problem.column, problem.length) == (3, 4, 3)
    assert problem.suggestion == "like"
    assert problem.marker == "   y LKE 2\n     ^^^"


@pytest.mark.parametrize(
    "text",
    [
        "(" * 500 + "x" + ")" * 500,
        "NOT " * 5_000 + "x",
        "- " * 5_000 + "x",
        "x == " * 5_000 + "1",
        "1 + " * 5_000 + "1 == x",
        "AND (" * 500 + "x" + ")" * 500,
        "f(" * 500,
    ],
    ids=lambda text: str(text)[:6],
)
def test_nesting_beyond_the_limit_is_a_user_error(text: str) -> None:
    with pytest.raises(FilterError, match="levels deep"):
        parse_filter(text)


def test_nesting_up_to_the_limit_compiles_and_answers() -> None:
    depth = MAX_DEPTH // 2 - 2
    text = "NOT AND (x == 1, " * depth + "x == 1" + ")" * depth

    flt = compiled(text)

    assert flt.matches({"x": 1}, NOW) in (True, False)


@pytest.mark.parametrize("sign", ["OR", "AND"])
def test_a_thousand_conditions_are_read_quickly(sign: str) -> None:
    infix = f" {sign} ".join(f'f{n} == "{n}"' for n in range(1_000))
    listed = f"{sign} ({', '.join(f'f{n} == {n}' for n in range(1_000))})"

    start = perf_counter()
    for text in (infix, listed):
        compile_filter(parse_filter(text))

    assert perf_counter() - start < 5


def test_text_that_is_too_long_is_refused() -> None:
    with pytest.raises(FilterError, match="at most 1,000,000 are read"):
        parse_filter("x" * (MAX_TEXT + 1))


def test_number_that_is_too_large_is_refused() -> None:
    with pytest.raises(FilterError, match="too large"):
        parse_filter("x == " + "9" * 5_000)


HOSTILE = (
    "__import__('os').system('false')",
    'x"); raise SystemExit("',
    "\n    raise SystemExit",
    "{0}",
    "\\",
    "'''",
    '"""',
)
# What the generated code itself calls its variables.
SHADOWING = ("p", "g", "t", "v", "k", "now", "c0", "f0", "compare", "profile", "FAULTS")


@pytest.mark.parametrize("word", HOSTILE)
def test_hostile_words_stay_data(word: str) -> None:
    flt = compiled(_everywhere(word))

    code = flt.matches.__code__  # type: ignore[attr-defined]

    assert flt.matches({word: word}, NOW) is True
    assert flt.matches({word: "other"}, NOW) is False
    assert word not in (*code.co_consts, *code.co_names, *code.co_varnames)


@pytest.mark.parametrize("word", SHADOWING)
def test_words_of_the_generated_code_are_ordinary_fields(word: str) -> None:
    flt = compiled(_everywhere(word))

    assert flt.matches({word: word}, NOW) is True
    assert flt.matches({word: "other"}, NOW) is False


def _everywhere(word: str) -> str:
    """Return a filter with the word as a field and as a text."""
    text = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'AND (`{word}` == "{text}", `{word}` IN ("{text}"), EXISTS `{word}`)'


def test_pattern_that_could_blow_up_is_matched_in_good_time() -> None:
    flt = compiled(f'x LIKE "{"*a" * 30}b"')
    mixed = compiled(f'x LIKE "{"**a*" * 15}b"')

    start = perf_counter()
    flt.matches({"x": "a" * 5_000}, NOW)
    mixed.matches({"x": "a" * 2_000}, NOW)

    assert perf_counter() - start < 5


def test_next_flip_is_free_without_date_math() -> None:
    flt = compiled('AND (a == 1, b > "2020-01-01")')

    assert not flt.has_datemath
    assert flt.next_flip({"a": 1}, NOW) is None


def test_members_leave_at_the_flip_and_not_before() -> None:
    flt = compiled('seen > "now-30d"')
    row = {"seen": NOW - timedelta(days=3, microseconds=1)}

    flip = flt.next_flip(row, NOW)

    assert flip is not None
    assert flt.matches(row, flip - timedelta(microseconds=1)) is True
    assert flt.matches(row, flip) is False
    assert flt.next_flip(row, flip) is None


def test_answers_follow_the_instant_asked_about_in_any_order() -> None:
    flt = compiled('seen > "now-1d"')
    row = {"seen": NOW}

    answers = [flt.matches(row, NOW + timedelta(days=days)) for days in (0, 2, 0, 1, 0)]

    assert answers == [True, False, True, False, True]


def test_profile_that_is_not_as_expected_is_not_evaluable() -> None:
    naive = datetime(2026, 3, 31)  # noqa: DTZ001 - what must not happen

    assert compiled('seen > "now-1d"').matches({"seen": naive}, NOW) is None


def test_every_function_is_described() -> None:
    for name, function in FUNCTIONS.items():
        assert function.doc.endswith("."), name
        assert function.signature.startswith(f"{name}("), name


def test_filter_knows_of_which_fields_it_reads_keys_alone() -> None:
    text = "FILTER AND (counts.view > 1, counts.click > 1, whole.a = 1, EXISTS whole, deep.a.b = 1)"

    compiled = compile_filter(parse_filter(text))

    assert compiled.keys == {"counts": {"view", "click"}}


@pytest.mark.parametrize("year", [1, 9999])
@pytest.mark.parametrize("text", ['seen > "now-2d"', 'seen < "now+2d"', "hourofday() > 5"])
def test_where_years_end_there_is_an_answer_and_no_next_change(year: int, text: str) -> None:
    now = (
        datetime(year, 1, 1, tzinfo=UTC)
        if year == 1
        else datetime(year, 12, 31, 23, 59, 59, tzinfo=UTC)
    )
    row = {"seen": datetime(2026, 1, 1, tzinfo=UTC)}
    compiled, tree = compile_filter(parse_filter(text)), parse_filter(text).tree

    assert compiled.matches(row, now) is evaluate_truth(tree, World(row, now))
    flip = compiled.next_flip(row, now)
    assert flip is None or flip > now
