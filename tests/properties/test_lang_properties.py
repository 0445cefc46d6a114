"""The compiled form of an expression equals its definition, and no flip is ever missed."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from coterie.lang.expr.clock import Misuse, find_watches
from coterie.lang.expr.codegen import Writer
from coterie.lang.expr.errors import LangError
from coterie.lang.expr.functions import FUNCTIONS
from coterie.lang.expr.interpret import World, evaluate, evaluate_truth
from coterie.lang.expr.parser import parse_expression
from coterie.lang.expr.render import render
from coterie.lang.expr.tree import (
    Arithmetic,
    Between,
    Call,
    Compare,
    Exists,
    Group,
    Include,
    Infix,
    Items,
    Minus,
    Name,
    Node,
    Not,
    Null,
    Number,
    Text,
    Truth,
)
from coterie.lang.filterql.compiled import CompiledFilter
from coterie.lang.filterql.filter import Filter
from coterie.lang.filterql.grammar import parse_filter
from coterie.lang.lql import MappingRule, compile_mapping

NOW = datetime(2024, 3, 31, 12, 0, 0, 250_000, tzinfo=UTC)
DATEMATH = ("now", "now-1s", "now-3d", "now+2w", "now-1M", "now+1M", "now-1y", "now-36h", "now-12M")
PLAIN_TEXTS = (
    "",
    "a",
    "ab",
    "A",
    "5",
    "5.0",
    "1.5",
    "$5",
    "true",
    "t",
    "2024-03-01",
    "12/18/2015",
    "a/b",
)
PATTERNS = ("*", "a*", "%b", "**", "a/*", "**/b*", "?", "[ab]", "[^a]*", "[", "a\\*", "*a*b*")
NAMES = ("text", "number", "flag", "date", "list", "map", "map.k", "map.inner.k", "gone", "any")

instants = st.builds(
    lambda days, seconds, micros: NOW + timedelta(days, seconds, micros),
    st.integers(-800, 800),
    st.integers(-2, 2) | st.integers(0, 86_400),
    st.sampled_from((0, 1, 250_000, 750_000)),
)
near_instants = st.builds(
    lambda months, days, seconds: NOW + timedelta(days=30 * months + days, seconds=seconds),
    st.integers(-14, 14),
    st.integers(-3, 3),
    st.integers(-2, 2),
)
dates = instants | near_instants
texts = st.sampled_from((*PLAIN_TEXTS, *DATEMATH)) | st.text("ab/*5", max_size=4)
numbers = (
    st.integers(-3, 12)
    | st.sampled_from((1.5, 5.0, -0.0, float("nan"), float("inf"), 5.000001))
    | st.sampled_from((Decimal("1.5"), Decimal(5), Decimal("NaN")))
)
scalars = texts | numbers | st.booleans() | dates
lists = (
    st.lists(texts, max_size=3)
    | st.frozensets(texts, max_size=3)
    | st.sets(texts, max_size=3)
    | st.lists(dates, max_size=3)
    | st.lists(scalars, max_size=3)
    | st.tuples(texts, numbers)
)
maps = st.dictionaries(
    st.sampled_from(("k", "a", "5")), scalars | st.just({"k": "deep"}), max_size=3
) | st.just({"inner": {"k": 7}})
values = scalars | lists | maps | st.none()
rows = st.fixed_dictionaries(
    {},
    optional={
        "text": texts,
        "number": numbers,
        "flag": st.booleans(),
        "date": dates,
        "list": lists,
        "map": maps,
        "any": values,
        "map.k": texts,
    },
)

literals = (
    st.builds(Text, texts)
    | st.builds(Number, st.integers(-3, 12) | st.sampled_from((1.5, 5.0)))
    | st.builds(Truth, st.booleans())
    | st.builds(Null)
)
names = st.builds(lambda name: Name((name,)), st.sampled_from(NAMES)) | st.just(
    Name(("map", "inner", "k"))
)
items = st.builds(lambda members: Items(tuple(members)), st.lists(literals | names, max_size=3))
SAFE_CALLS = {
    "tolower": 1, "toint": 1, "tonumber": 1, "len": 1, "todate": 1, "oneof": 2, "split": 2,
    "contains": 2, "eq": 2, "gt": 2, "map": 2, "email": 1, "exists": 1, "not": 1, "match": 1,
    "yymm": 1, "set": 1, "replace": 2, "hash.sip": 1, "filter": 2,
}  # fmt: skip


def calls(arguments: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    """Calls of functions that need no literal in a certain place."""
    return st.sampled_from(sorted(SAFE_CALLS)).flatmap(
        lambda name: st.builds(
            lambda args: Call(name, tuple(args)),
            st.lists(arguments, min_size=SAFE_CALLS[name], max_size=SAFE_CALLS[name]),
        )
    )


operands = st.recursive(
    names | literals | items,
    lambda inner: (
        calls(inner)
        | st.builds(Minus, inner)
        | st.builds(Arithmetic, st.sampled_from("+-*/%"), inner, inner)
    ),
    max_leaves=3,
)
SIGNS = ("==", "!=", ">", ">=", "<", "<=", "contains")
comparisons = (
    st.builds(Compare, st.sampled_from(SIGNS), names | operands, literals | operands)
    | st.builds(Compare, st.sampled_from(SIGNS), literals, names)
    | st.builds(Compare, st.just("like"), names, st.builds(Text, st.sampled_from(PATTERNS)) | names)
    | st.builds(Compare, st.sampled_from(("in", "intersects")), operands, items | names)
    | st.builds(Between, names | operands, literals | operands, literals | operands)
    | st.builds(Exists, names | operands)
)
INCLUDED = st.sampled_from(("one", "two", "unknown"))


def combine(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    """Conditions over conditions."""
    several = st.builds(tuple, st.lists(inner, min_size=2, max_size=4))
    return (
        st.builds(Not, inner)
        | st.builds(Group, st.sampled_from(("and", "or")), several)
        | st.builds(Infix, st.sampled_from(("and", "or")), several)
        | st.builds(Compare, st.just("=="), inner, st.builds(Truth, st.booleans()))
    )


leaves = comparisons | names | literals | calls(names)
plain_conditions = st.recursive(leaves, combine, max_leaves=8)
conditions = st.recursive(leaves | st.builds(Include, INCLUDED), combine, max_leaves=8)


def is_foreseeable(tree: Node) -> bool:
    """Say whether a filter may be saved as far as the present goes: its next change is known."""
    return not any(isinstance(found, Misuse) for found in find_watches(tree))


foreseeable_conditions = conditions.filter(is_foreseeable)
DATED = ("==", "!=", ">", ">=", "<", "<=")
clock_clauses = (
    st.builds(
        Compare,
        st.sampled_from(DATED),
        st.builds(Name, st.sampled_from((("date",), ("list",), ("any",)))),
        st.builds(Text, st.sampled_from(DATEMATH)) | st.just(Call("now", ())),
    )
    | st.builds(
        Compare,
        st.sampled_from(DATED),
        st.builds(Text, st.sampled_from(DATEMATH)) | st.just(Call("now", ())),
        st.builds(Name, st.sampled_from((("date",), ("any",)))),
    )
    | st.builds(
        Between,
        st.just(Name(("date",))),
        st.builds(Text, st.sampled_from(DATEMATH)),
        st.builds(Text, st.sampled_from((*DATEMATH, "2024-04-01"))),
    )
    | st.builds(
        Compare,
        st.just("=="),
        st.just(Call("hourofday", ())),
        st.builds(Number, st.integers(0, 23)),
    )
)
clock_conditions = st.recursive(clock_clauses | comparisons, combine, max_leaves=5)


def compile_value(node: Node, includes: Mapping[str, Node], row: Mapping[str, object]) -> object:
    """What generated code gives for the value of an expression."""
    writer = Writer(includes)
    code = writer.value(node).code
    lines = ["def run(p, now):", *writer.prologue(), f"    return {code}"]
    return writer.build(lines, "run")(row, NOW)


@settings(max_examples=600, deadline=None)
@given(conditions, rows, plain_conditions, plain_conditions)
def test_compiled_condition_answers_what_the_definition_says(
    tree: Node, row: dict[str, object], one: Node, two: Node
) -> None:
    includes = {"one": one, "two": Group("or", (two, Include("one")))}

    compiled = CompiledFilter(tree, includes).matches(row, NOW)

    assert compiled is evaluate_truth(tree, World(row, NOW, includes))


@settings(max_examples=400, deadline=None)
@given(operands, rows)
def test_compiled_value_is_what_the_definition_says(tree: Node, row: dict[str, object]) -> None:
    expected = evaluate(tree, World(row, NOW))

    found = compile_value(tree, {}, row)

    assert repr(found) == repr(expected)  # NaN differs from itself, its repr does not


@settings(max_examples=400, deadline=None)
@given(conditions)
def test_text_of_a_tree_reads_back_as_the_same_text(tree: Node) -> None:
    text = render(tree)

    again = parse_expression(text, names_in_single_quotes=True)

    # Reading folds `- 5` and nested lists of the same kind, so one more turn may be needed.
    settled = render(again)
    assert render(parse_expression(settled, names_in_single_quotes=True)) == settled


@settings(max_examples=300, deadline=None)
@given(plain_conditions, rows)
def test_text_of_a_tree_keeps_its_meaning(tree: Node, row: dict[str, object]) -> None:
    again = parse_expression(render(tree), names_in_single_quotes=True)

    assert evaluate_truth(again, World(row, NOW)) is evaluate_truth(tree, World(row, NOW))


@settings(max_examples=500, deadline=None)
@given(clock_conditions, rows, instants, st.lists(st.floats(0, 1), min_size=4, max_size=4))
def test_no_answer_changes_between_now_and_the_next_flip(
    tree: Node, row: dict[str, object], now: datetime, fractions: list[float]
) -> None:
    assume(is_foreseeable(tree))
    compiled = CompiledFilter(tree, {})
    answer = evaluate_truth(tree, World(row, now))

    flip = compiled.next_flip(row, now)

    end = flip if flip is not None else now + timedelta(days=1_500)
    assert end > now
    samples = [now + (end - now) * fraction for fraction in fractions]
    samples += [end - timedelta(microseconds=1), now + timedelta(microseconds=1)]
    for date in _dates_in(row):
        samples += [date + timedelta(days=days) for days in (-31, -14, -3, 0, 3, 28, 30, 31, 366)]
    for instant in samples:
        if now < instant < end:
            assert evaluate_truth(tree, World(row, instant)) is answer, instant


@settings(max_examples=200, deadline=None)
@given(conditions, rows, instants, instants)
def test_an_answer_that_time_does_not_move_is_the_same_at_every_instant(
    tree: Node, row: dict[str, object], one: datetime, other: datetime
) -> None:
    compiled = CompiledFilter(tree, {})
    assume(not compiled.has_datemath)

    assert compiled.matches(row, one) is compiled.matches(row, other)


def _dates_in(row: Mapping[str, object]) -> list[datetime]:
    found = [row.get("date"), row.get("any")]
    return [value for value in found if isinstance(value, datetime)]


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_no_function_raises_whatever_it_is_given(data: st.DataObject) -> None:
    # A choice is no function that runs: only the value that is chosen is looked at.
    known = sorted(name for name, function in FUNCTIONS.items() if not function.is_choice)
    function = FUNCTIONS[data.draw(st.sampled_from(known))]
    most = function.most if function.most is not None else function.least + 2
    args = data.draw(st.lists(values | WILD, min_size=function.least, max_size=most))
    row = data.draw(rows)

    before = (row, NOW) if function.of_world else ()
    function.run(*before, *args)


EXTREMES = (
    *(10**400, -(10**400), float("inf"), Decimal("sNaN"), Decimal("1e999"), "9" * 500, "\ud800"),
    *(datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC), "0001-01-01", {1: 2}),
    *("http://[", "http://%zz", "a@b", '"a" <a@b>', "%d", "2024-13-45", "99:99", b"bytes"),
)
WILD = (
    st.sampled_from(EXTREMES)
    | st.text(max_size=12)
    | st.integers()
    | st.floats()
    | st.decimals()
    | st.just([None])
)


SCRAPS = """
    AND OR NOT ( ) ( ) , a b.c "x" 'y' `z` 5 1.5 = != > <= LIKE IN [ ] BETWEEN EXISTS INCLUDE * -
    + / % now() tolower( FROM ALIAS WITH LIMIT && || ; . -- true NULL cast( AS
"""


@settings(max_examples=500, deadline=None)
@given(st.lists(st.sampled_from(SCRAPS.split()) | st.text(max_size=3), max_size=25).map(" ".join))
def test_parser_answers_any_text_with_a_filter_or_a_user_error(text: str) -> None:
    found = _parse_or_complain(text)

    if isinstance(found, LangError):
        assert all(problem.marker.count("\n") == 1 for problem in found.problems)
    else:
        CompiledFilter(found.tree, {}).matches({}, NOW)


def _parse_or_complain(text: str) -> Filter | LangError:
    try:
        return parse_filter(text)
    except LangError as error:
        return error


@settings(max_examples=200, deadline=None)
@given(st.text(min_size=1, max_size=30), st.text(max_size=30))
def test_names_and_texts_never_become_code(name: str, text: str) -> None:
    assume("`" not in name)
    tree = Compare("==", Name((name,)), Text(text))

    compiled = CompiledFilter(tree, {})

    assert compiled.matches({name: text}, NOW) is True
    assert compiled.matches({name: text + "x"}, NOW) is False


@settings(max_examples=200, deadline=None)
@given(rows, operands)
def test_mapping_gives_the_value_of_its_expression(row: dict[str, object], tree: Node) -> None:
    assume(not _holds_what_mappings_refuse(tree))
    expected = evaluate(parse_expression(render(tree)), World(row, NOW))

    found = compile_mapping([MappingRule("field", render(tree))]).apply(row, NOW)

    assert repr(found) == repr([] if expected is None else [(0, expected)])


def _holds_what_mappings_refuse(tree: Node) -> bool:
    return "'" in render(tree)


def test_zone_of_a_profile_date_does_not_matter() -> None:
    compiled = CompiledFilter(parse_filter('date > "now-1d"').tree, {})
    east = timezone(timedelta(hours=9))
    date = NOW - timedelta(hours=5)

    assert compiled.matches({"date": date.astimezone(east)}, NOW) is True
    assert compiled.next_flip({"date": date.astimezone(east)}, NOW) == compiled.next_flip(
        {"date": date}, NOW
    )
