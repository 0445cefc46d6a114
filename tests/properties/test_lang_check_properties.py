"""What the checks refuse can never hold, and what they doubt is as they say."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coterie.lang.expr.errors import LangError, Problem
from coterie.lang.expr.interpret import World, evaluate, evaluate_truth
from coterie.lang.expr.kinds import SchemaView
from coterie.lang.expr.render import render
from coterie.lang.expr.tree import (
    Arithmetic,
    Between,
    Call,
    Compare,
    Exists,
    Group,
    Infix,
    Items,
    Name,
    Node,
    Not,
    Number,
    Text,
    Truth,
    children,
    walk,
)
from coterie.lang.filterql import check_filter, parse_filter

NOW = datetime(2024, 3, 31, 12, tzinfo=UTC)
VIEW = SchemaView(
    kinds={
        "name": "string",
        "age": "int",
        "price": "number",
        "ok": "bool",
        "seen": "date",
        "tags": "[]string",
        "visits": "[]time",
        "counts": "map[string]int",
        "home": "geolocation",
    }
)
DATEMATH = ("now", "now-3d", "now-5d", "now+1M", "now-30d", "now-36h")

words = st.sampled_from(
    (
        "",
        "a",
        "ab",
        "5",
        "05",
        "1.5",
        "true",
        "2024-03-01",
        "2024-03-31",
        "[a",
        "*",
        "a*",
        "x@y.org",
    )
) | st.text("a5.-[*/@ ", max_size=4)
whole = st.integers(-7, 12) | st.sampled_from((10**15, 1_700_000_000))
broken = st.sampled_from((4.5, 5.0, 5.5, -4.5, 0.1)) | whole.map(float)
instants = st.builds(
    lambda days, seconds: NOW + timedelta(days, seconds),
    st.integers(-40, 40) | st.sampled_from((-3, -5, -30)),
    st.integers(-2, 2),
)
rows = st.fixed_dictionaries(
    {},
    optional={
        "name": words,
        "age": whole,
        "price": broken,
        "ok": st.booleans(),
        "seen": instants,
        "tags": st.lists(words, min_size=1, max_size=3),
        "visits": st.lists(instants, min_size=1, max_size=3),
        "counts": st.dictionaries(st.sampled_from(("a", "5", "buy")), whole, min_size=1),
        "home": st.just({"lat": 52.5, "lon": 13.4}),
    },
)
literals = (
    st.builds(Text, words | st.sampled_from(DATEMATH))
    | st.builds(Number, whole | broken)
    | st.builds(Truth, st.booleans())
)
names = st.sampled_from((*VIEW.kinds, "counts.buy")).map(lambda name: Name((name,)))
SIMPLE = ("tolower", "toint", "len", "todate", "email", "tobool", "epochms", "mapkeys", "not")
calls = st.builds(lambda name, arg: Call(name, (arg,)), st.sampled_from(SIMPLE), names) | st.builds(
    lambda name, one, two: Call(name, (one, two)),
    st.sampled_from(("gt", "contains", "hasprefix", "eq", "split", "array.index")),
    names,
    names | literals,
)
operands = (
    names | literals | calls | st.builds(Arithmetic, st.sampled_from("+-*/%"), names, literals)
)
lists = st.builds(lambda items: Items(tuple(items)), st.lists(literals, max_size=3))
OPS = ("==", "!=", ">", ">=", "<", "<=", "like", "contains", "in", "intersects")
clauses = (
    st.builds(Compare, st.sampled_from(OPS), operands, operands | lists)
    | st.builds(Between, operands, literals | names, literals | names)
    | names
    | calls
)
ON_AGE = st.just(Name(("age",)))
ON_SEEN = st.just(Name(("seen",)))
SIGNS = st.sampled_from(("==", "!=", ">", ">=", "<", "<="))
numbers = st.builds(Number, st.integers(-3, 6) | st.sampled_from((4.5, -2.5)))
moments = st.builds(Text, st.sampled_from(DATEMATH)) | st.builds(
    Text, st.sampled_from(("2024-03-01", "2024-03-30", "2024-04-02"))
)


def on_one_field(
    name: st.SearchStrategy[Name], values: st.SearchStrategy[Node]
) -> st.SearchStrategy[Node]:
    """Conditions on one field, over and under each other."""
    clause = (
        st.builds(Compare, SIGNS, name, values)
        | st.builds(Compare, SIGNS, values, name)
        | st.builds(Between, name, values, values)
        | st.builds(Exists, name)
    )
    return st.recursive(
        clause,
        lambda inner: (
            st.builds(Not, inner)
            | st.builds(
                lambda made, op, items: made(op, tuple(items)),
                st.sampled_from((Group, Infix)),
                st.sampled_from(("and", "or")),
                st.lists(inner, min_size=2, max_size=4),
            )
        ),
        max_leaves=5,
    )


def complaint(tree: Node) -> tuple[Problem, ...]:
    """Return what is wrong with a tree by the kinds of the fields."""
    try:
        check_filter(parse_filter(render(tree)), VIEW, includes={})
    except LangError as error:
        return error.problems
    return ()


@settings(max_examples=800, deadline=None)
@given(clauses, st.lists(rows, min_size=5, max_size=5))
def test_what_is_refused_holds_for_nobody(tree: Node, people: list[dict[str, object]]) -> None:
    hold_for_nobody(tree, people)


@pytest.mark.prove
@settings(max_examples=20_000, deadline=None)
@given(clauses, st.lists(rows, min_size=5, max_size=5))
def test_what_is_refused_holds_for_nobody_among_many(
    tree: Node, people: list[dict[str, object]]
) -> None:
    hold_for_nobody(tree, people)


def hold_for_nobody(tree: Node, people: list[dict[str, object]]) -> None:
    """Fail if a condition is refused and somebody with all its values fits it."""
    if not complaint(tree):
        return

    # Who lacks a field differs from everything, whatever that is: `age != "x"`, and so does what
    # functions make of it: `eq(counts, "") != true`.
    told = [row for row in people if _has_values(tree, row)]
    assert not any(evaluate_truth(tree, World(row, NOW)) is True for row in told)


def _has_values(tree: Node, row: dict[str, object]) -> bool:
    parts = [*children(tree), *(part for part in walk(tree) if isinstance(part, Name))]
    return all(evaluate(part, World(row, NOW)) is not None for part in parts)


@settings(max_examples=500, deadline=None)
@given(
    on_one_field(ON_AGE, numbers) | on_one_field(ON_SEEN, moments),
    st.lists(
        st.fixed_dictionaries({}, optional={"age": st.integers(-4, 7), "seen": instants}),
        min_size=8,
        max_size=8,
    ),
)
def test_what_nobody_or_everybody_is_said_to_fit_is_so(
    tree: Node, people: list[dict[str, object]]
) -> None:
    said = check_filter(parse_filter(render(tree)), VIEW, includes={})
    whole = parse_filter(render(tree)).tree
    answers = {evaluate_truth(whole, World(row, NOW)) is True for row in people}

    for warning in said:
        if isinstance(whole, Compare | Between) and "nobody" in warning.message:
            assert answers == {False}
    if isinstance(whole, Group | Infix) and whole.op == "and":
        together = [each for each in said if each.message.startswith("nobody can fit both")]
        assert not (together and True in answers and _is_at_top(whole, together))
    if isinstance(whole, Not) and any(each.message.startswith("everybody") for each in said):
        at_not = [each for each in said if each.column == 1]
        assert not (at_not and False in answers)


def _is_at_top(whole: Group | Infix, together: list[Problem]) -> bool:
    places = {getattr(item, "at", -1) + 1 for item in whole.items}
    return any(each.column in places for each in together)
