"""Functions that choose, search and count: both readings agree, and what is foretold happens."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache

import re2  # type: ignore[import-untyped]
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.properties.test_lang_properties import (
    DATEMATH,
    NOW,
    clock_clauses,
    combine,
    compile_value,
    lists,
    names,
    operands,
    plain_conditions,
    rows,
    values,
)

from coterie.lang.expr.clock import Misuse, find_watches
from coterie.lang.expr.functions import FUNCTIONS
from coterie.lang.expr.glob import like_matcher
from coterie.lang.expr.go_layout import parse_layout
from coterie.lang.expr.interpret import World, evaluate, evaluate_truth
from coterie.lang.expr.membership import shares_an_item
from coterie.lang.expr.parser import parse_expression
from coterie.lang.expr.render import render
from coterie.lang.expr.safe_regex import searcher
from coterie.lang.expr.tree import Between, Call, Compare, Name, Node, Not, Number, Text
from coterie.lang.expr.values import items_of, same
from coterie.lang.filterql.compiled import CompiledFilter

MOST_HOURS = 30 * 24

# Functions by the arguments that have to be literals, each in its place.
WITH_LITERALS: tuple[tuple[str, tuple[Node, ...]], ...] = (
    ("regex.match", (Text("^a"),)),
    ("regex.match", (Text("[0-9]+$"),)),
    ("url.matchqs", (Text("a"),)),
    ("json.jmespath", (Text("[0]"),)),
    ("json.jmespath", (Text("a.b || c"),)),
    ("phone.e164", (Text("US"),)),
    ("geodistance", (Text("52.5,13.4"), Number(500))),
    ("useragent", (Text("os"),)),
)
ONE_ARGUMENT = (
    "domain",
    "domains",
    "url",
    "timebucket",
    "totimeset",
    "useragent.map",
    "phone.e164",
)


def _call(name: str, first: Node, rest: tuple[Node, ...]) -> Call:
    return Call(name, (first, *rest))


def _choice(name: str, cases: list[tuple[Node, Node]], otherwise: Node | None) -> Call:
    args = [part for case in cases for part in case]
    return Call(name, (*args, otherwise) if otherwise is not None else tuple(args))


def _choices(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    case = st.tuples(plain_conditions, inner)
    return st.builds(
        _choice, st.just("if"), st.lists(case, min_size=1, max_size=1), st.none() | inner
    ) | st.builds(
        _choice, st.just("ifcase"), st.lists(case, min_size=1, max_size=3), st.none() | inner
    )


new_calls = st.sampled_from(WITH_LITERALS).flatmap(
    lambda known: st.builds(_call, st.just(known[0]), operands, st.just(known[1]))
) | st.builds(_call, st.sampled_from(ONE_ARGUMENT), operands, st.just(()))
expressions = st.recursive(new_calls | operands, _choices, max_leaves=3)


@settings(max_examples=400, deadline=None)
@given(expressions, rows)
def test_compiled_function_gives_what_the_definition_says(
    tree: Node, row: dict[str, object]
) -> None:
    expected = evaluate(tree, World(row, NOW))

    assert repr(compile_value(tree, {}, row)) == repr(expected)


@settings(max_examples=300, deadline=None)
@given(expressions, rows)
def test_text_of_a_choice_keeps_its_meaning(tree: Node, row: dict[str, object]) -> None:
    again = parse_expression(render(tree), names_in_single_quotes=True)

    assert repr(evaluate(again, World(row, NOW))) == repr(evaluate(tree, World(row, NOW)))


@settings(max_examples=200, deadline=None)
@given(values, st.lists(st.integers(0, MOST_HOURS), max_size=5), st.sampled_from((1, 2, 400)))
def test_no_foretelling_raises_whatever_it_is_given(
    buckets: object, hours: list[int], days: int
) -> None:
    flips = [function.flip for function in FUNCTIONS.values() if function.flip is not None]

    assert flips
    for flip in flips:
        for given_buckets in (buckets, [NOW - timedelta(hours=hour) for hour in hours]):
            flip(NOW, given_buckets, len(hours), days)
            flip(NOW, given_buckets, buckets, buckets)


@settings(max_examples=600, deadline=None)
@given(st.data())
def test_no_check_of_a_call_raises_whatever_is_written(data: st.DataObject) -> None:
    function = FUNCTIONS[data.draw(st.sampled_from(sorted(FUNCTIONS)))]
    wild = st.text(max_size=12) | st.sampled_from(("(", "[@", "a" * 5_000, "\ud800", "99,999"))
    written = (
        st.builds(Text, wild)
        | st.builds(Number, st.integers() | st.floats(allow_nan=False))
        | names
    )
    most = function.most if function.most is not None else function.least + 3
    args = data.draw(st.lists(written, min_size=0, max_size=most + 1))

    fault = function.find_fault(Call(function.name, tuple(args)))

    assert fault is None or fault
    if not function.least <= len(args) <= most:
        assert fault is not None or function.most is None


hours = st.integers(-MOST_HOURS, 5 * 24).map(
    lambda hour: NOW.replace(minute=0, second=0, microsecond=0) + timedelta(hours=hour)
)
visits = st.dictionaries(
    hours.map(lambda hour: hour.strftime("%Y-%m-%dT%H:00:00Z")), st.integers(1, 3), max_size=40
)
windows = st.builds(
    lambda count, days: Call("timewindow", (Name(("visits",)), Number(count), Number(days))),
    st.integers(1, 8),
    st.integers(1, 12),
)


@settings(max_examples=300, deadline=None)
@given(visits, windows, st.booleans(), st.integers(0, 3_599))
def test_flip_of_a_window_is_the_first_instant_at_which_it_answers_otherwise(
    found: dict[str, int], window: Call, is_negated: bool, seconds: int
) -> None:
    tree: Node = Not(window) if is_negated else window
    row: Mapping[str, object] = {"visits": found}
    now = NOW.replace(minute=0, second=0, microsecond=0) + timedelta(seconds=seconds)
    answer = evaluate_truth(tree, World(row, now))

    flip = CompiledFilter(tree, {}).next_flip(row, now)

    # The answer is made of whole hours, so it changes on full hours only.
    start = NOW.replace(minute=0, second=0, microsecond=0)
    later = [start + timedelta(hours=hour) for hour in range(1, 20 * 24)]
    changes = (at for at in later if evaluate_truth(tree, World(row, at)) is not answer)
    assert flip == next(changes, None)


dated = st.one_of(
    st.sampled_from(DATEMATH).map(Text),
    st.just(Name(("date",))),
    st.just(Call("todate", (Text("now-3d"),))),
    st.just(Text("2024-04-01")),
)
chosen = st.recursive(
    dated,
    lambda inner: st.builds(
        _choice,
        st.just("ifcase"),
        st.lists(st.tuples(clock_clauses | plain_conditions, inner), min_size=1, max_size=2),
        inner,
    ),
    max_leaves=4,
)
choosing = st.builds(Compare, st.sampled_from((">", "<=", "==", "!=")), chosen, chosen) | st.builds(
    Between, chosen, chosen, chosen
)


@settings(max_examples=300, deadline=None)
@given(
    st.recursive(windows | clock_clauses | choosing, combine, max_leaves=4),
    visits,
    rows,
    st.lists(st.floats(0, 1), min_size=6, max_size=6),
)
def test_no_answer_with_a_window_changes_before_its_next_flip(
    tree: Node, found: dict[str, int], row: dict[str, object], fractions: list[float]
) -> None:
    assume(not any(isinstance(watch, Misuse) for watch in find_watches(tree)))
    row = {**row, "visits": found}
    answer = evaluate_truth(tree, World(row, NOW))
    compiled = CompiledFilter(tree, {})
    assert compiled.matches(row, NOW) is answer

    flip = compiled.next_flip(row, NOW)

    end = flip if flip is not None else NOW + timedelta(days=60)
    full = [NOW.replace(minute=0, second=0, microsecond=0) + timedelta(hours=h) for h in range(480)]
    samples = [NOW + (end - NOW) * fraction for fraction in fractions]
    date = row.get("date")
    if isinstance(date, datetime):
        full += [date + timedelta(days=days) for days in (-31, -14, -3, 0, 3, 28, 30, 31, 366)]
    for instant in (*samples, *full, end - timedelta(microseconds=1)):
        if NOW < instant < end:
            assert evaluate_truth(tree, World(row, instant)) is answer, instant


@settings(max_examples=400, deadline=None)
@given(lists, lists)
def test_lists_share_an_item_if_one_is_the_same_as_another(one: object, two: object) -> None:
    ours, theirs = items_of(one), items_of(two)

    found = shares_an_item(ours, theirs, NOW)

    assert found is any(same(a, b, NOW) is True for a in ours for b in theirs)


def test_long_lists_are_compared_in_time_proportional_to_them() -> None:
    ours = [f"a{number}" for number in range(100_000)]
    theirs = [f"b{number}" for number in range(100_000)]
    started = datetime.now(UTC)

    assert shares_an_item(ours, theirs, NOW) is False

    # Item by item it would take an hour.
    assert datetime.now(UTC) - started < timedelta(seconds=60)


LETTERS = "ab/.\n"
patterns = st.text("ab/*%?.[]^-\\", max_size=7)


@lru_cache(maxsize=4_096)
def fits(pattern: str, text: str) -> bool:
    """Say whether a text fits a pattern of letters, ?, * and **: the rule in as few words."""
    if not pattern:
        return not text
    if pattern.startswith("**"):
        rest = pattern.lstrip("*")
        return any(fits(rest, text[at:]) for at in range(len(text) + 1))
    if pattern.startswith("*"):
        end = next((at for at, letter in enumerate(text) if letter == "/"), len(text))
        return any(fits(pattern[1:], text[at:]) for at in range(end + 1))
    if not text or (pattern[0] != text[0] and (pattern[0] != "?" or text[0] == "/")):
        return False
    return fits(pattern[1:], text[1:])


@settings(max_examples=600, deadline=None)
@given(st.text("ab/*%?.", max_size=8), st.text(LETTERS, max_size=8))
def test_like_fits_what_its_rule_says(pattern: str, text: str) -> None:
    matches = like_matcher(pattern)

    assert matches is not None
    assert bool(matches(text)) is fits(pattern.replace("%", "*"), text)


@settings(max_examples=400, deadline=None)
@given(patterns, st.text(max_size=8) | st.just("\ud800"))
def test_any_like_pattern_answers_any_text(pattern: str, text: str) -> None:
    matches = like_matcher(pattern)

    assert matches is None or bool(matches(text)) in (True, False)


@settings(max_examples=400, deadline=None)
@given(st.text("ab^$.*+?()[]|{}1,\\", max_size=8), st.text("ab1\n", max_size=8))
def test_search_finds_what_the_engine_finds(pattern: str, text: str) -> None:
    options = re2.Options()
    options.log_errors = False
    test = searcher(pattern)
    if test is None:
        return

    assert test(text) is (re2.compile(pattern, options).search(text) is not None)


def test_worst_patterns_take_no_time_to_speak_of() -> None:
    text = "a" * 100_000 + "!"
    likes = ("*a" * 200 + "b", "?" * 400 + "*a*b", "[a-z]*" * 150, "**a*" * 150 + "b")
    started = datetime.now(UTC)

    for pattern in likes:
        matches = like_matcher(pattern)
        assert matches is not None
        matches(text)
    for layout in ("Monday" * 33, "MST" * 66, "2006-01-02" + "MonMST" * 30):
        assert parse_layout(layout, "aaaa" * 60) is None
    for expression in ("(a|aa)+$", "(a*)*b", "(.*a){20}!b"):
        test = searcher(expression)
        assert test is not None
        test(text)

    # Backtracking would take longer than the universe has; a busy machine takes seconds.
    assert datetime.now(UTC) - started < timedelta(seconds=120)
