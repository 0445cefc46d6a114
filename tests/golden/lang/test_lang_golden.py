"""The languages do what their golden files say."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from coterie.lang.expr.check import check_calls
from coterie.lang.expr.interpret import World, evaluate, evaluate_truth
from coterie.lang.expr.parser import parse_expression
from coterie.lang.filterql import (
    FilterError,
    compile_filter,
    format_filter,
    normal_text,
    parse_filter,
)
from coterie.lang.filterql.include import usable_includes
from coterie.lang.lql import LqlError, MappingRule, compile_mapping, parse_lql, render_lql

HERE = Path(__file__).parent


def load(name: str) -> Any:
    """Return a golden file with its dates and sets as values."""
    return json.loads((HERE / name).read_text("utf-8"), object_hook=_decode)


def _decode(found: dict[str, Any]) -> Any:
    if "$date" in found:
        return datetime.fromisoformat(found["$date"])
    return frozenset(found["$set"]) if "$set" in found else found


EVAL, EXPRESSIONS, FLIPS = load("filter_eval.json"), load("expressions.json"), load("flips.json")
LAYOUT = load("filter_layout.json")
NORMAL, ERRORS, LQL = load("filter_normal.json"), load("filter_errors.json"), load("lql.json")


@pytest.mark.parametrize(("text", "expected"), EVAL["cases"])
def test_filter_answers_as_documented(text: str, expected: bool | None) -> None:
    includes = {name: parse_filter(body) for name, body in EVAL["includes"].items()}
    flt = parse_filter(text)
    row, now = EVAL["profile"], datetime.fromisoformat(EVAL["now"])

    compiled = compile_filter(flt, includes=includes).matches(row, now)
    defined = evaluate_truth(flt.tree, World(row, now, usable_includes(flt, includes)))

    assert compiled is expected
    assert defined is expected


@pytest.mark.parametrize(("text", "expected"), EXPRESSIONS["cases"])
def test_expression_has_the_documented_value(text: str, expected: object) -> None:
    event, now = EXPRESSIONS["event"], datetime.fromisoformat(EXPRESSIONS["now"])
    tree = parse_expression(text)
    check_calls(tree, text)

    defined = evaluate(tree, World(event, now))
    mapped = compile_mapping([MappingRule("x", text)]).apply(event, now)

    assert defined == expected
    assert type(defined) is type(expected)
    assert mapped == ([] if expected is None else [(0, expected)])


@pytest.mark.parametrize(("text", "dates", "now", "expected"), FLIPS["cases"])
def test_next_flip_is_when_the_answer_changes(
    text: str, dates: dict[str, object], now: str, expected: str | None
) -> None:
    row = {name: _date_or_text(value) for name, value in dates.items()}

    flip = compile_filter(parse_filter(text)).next_flip(row, datetime.fromisoformat(now))

    assert flip == (None if expected is None else datetime.fromisoformat(expected))


def _date_or_text(value: object) -> object:
    if not isinstance(value, str):
        return value
    return datetime.fromisoformat(value) if value[:2].isdigit() else value


@pytest.mark.parametrize(("text", "expected"), NORMAL["cases"])
def test_normal_text_of_a_filter(text: str, expected: str) -> None:
    found = normal_text(parse_filter(text))

    assert found == expected
    assert normal_text(parse_filter(found)) == expected


@pytest.mark.parametrize(("text", "expected"), LAYOUT["cases"])
def test_layout_of_a_filter(text: str, expected: str) -> None:
    found = format_filter(text)

    assert found == expected
    assert format_filter(found) == expected


@pytest.mark.parametrize(("text", "message"), ERRORS["cases"])
def test_message_about_a_wrong_filter(text: str, message: str) -> None:
    with pytest.raises(FilterError) as caught:
        parse_filter(text)

    assert caught.value.message == message


@pytest.mark.parametrize(("text", "expected"), LQL["cases"])
def test_query_is_rendered_in_its_normal_text(text: str, expected: str) -> None:
    query = parse_lql(text)

    assert render_lql(query) == expected
    assert parse_lql(expected) == query


@pytest.mark.parametrize(("text", "message"), LQL["errors"])
def test_message_about_a_wrong_query(text: str, message: str) -> None:
    with pytest.raises(LqlError) as caught:
        parse_lql(text)

    assert caught.value.message == message
