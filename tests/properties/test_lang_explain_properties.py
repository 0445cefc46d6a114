"""What is explained is what the filter answers, in the whole and in every part."""

from collections.abc import Iterator
from datetime import datetime

import msgspec
from hypothesis import assume, given, settings
from tests.properties.test_lang_properties import (
    NOW,
    clock_conditions,
    conditions,
    instants,
    is_foreseeable,
    plain_conditions,
    rows,
)

from coterie.lang.expr.interpret import World, evaluate_truth, infix_and
from coterie.lang.expr.tree import Node
from coterie.lang.filterql import Explained, Filter, compile_filter, explain


def as_filter(tree: Node, *includes: str) -> Filter:
    return Filter("", tree, reads=frozenset(), includes=frozenset(includes))


def parts_of(explained: Explained) -> Iterator[Explained]:
    yield explained
    for part in explained.parts:
        yield from parts_of(part)


def answer_of(explained: Explained) -> tuple[bool | None, ...]:
    """Return what the answers of the parts allow for the whole: AND is written in two ways."""
    answers = [part.answer for part in explained.parts]
    match explained.form:
        case "and":
            listed = next((each for each in answers if each is not True), True)
            return listed, infix_and(*answers)
        case "or":
            return (any(each is True for each in answers),)
        case "include":
            return (answers[0] if answers else None,)
        case "not" if explained.parts[0].form == "include" and explained.parts[0].parts:
            return (answers[0] is not True,)
        case "not":
            return (None if answers[0] is None else not answers[0],)
        case _:
            return (explained.answer,)


@settings(max_examples=300, deadline=None)
@given(conditions, rows, plain_conditions, plain_conditions)
def test_explained_answers_are_those_of_the_definition(
    tree: Node, row: dict[str, object], one: Node, two: Node
) -> None:
    includes = {"one": as_filter(one), "two": as_filter(two)}

    found = explain(as_filter(tree, "one", "two"), row, NOW, includes=includes)

    trees = {name: flt.tree for name, flt in includes.items()}
    assert found.answer is evaluate_truth(tree, World(row, NOW, trees))
    for part in parts_of(found):
        assert part.answer in answer_of(part), part
    assert msgspec.json.encode(found)


@settings(max_examples=300, deadline=None)
@given(plain_conditions, rows)
def test_the_answer_rests_on_what_decides(tree: Node, row: dict[str, object]) -> None:
    found = explain(as_filter(tree), row, NOW)

    for part in parts_of(found):
        if part.form == "and" and part.answer is True:
            assert all(each.answer is True for each in part.parts)
        if part.decides and part.parts:
            assert any(each.decides for each in part.parts), part
        if not part.decides:
            assert not any(each.decides for each in part.parts), part


@settings(max_examples=300, deadline=None)
@given(clock_conditions, rows, instants)
def test_explained_changes_are_those_of_the_compiled_filter(
    tree: Node, row: dict[str, object], now: datetime
) -> None:
    assume(is_foreseeable(tree))

    found = explain(as_filter(tree), row, now)

    assert found.changes_at == compile_filter(as_filter(tree)).next_flip(row, now)
    for part in parts_of(found):
        if part.changes_at is not None:
            assert part.changes_at > now
    if found.changes_at is not None:
        assert found.then is evaluate_truth(tree, World(row, found.changes_at))
