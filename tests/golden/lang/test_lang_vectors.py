"""The languages agree with published examples of the engine they are modelled on.

The vectors lie beside the project and are not part of it; without them these tests are skipped.
A known difference is listed with its reason, and a listed one that goes away fails.
"""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.golden.lang.known_differences import KNOWN_DIFFERENCES, published_value

from coterie.lang.expr.check import check_calls
from coterie.lang.expr.errors import LangError
from coterie.lang.expr.interpret import World, evaluate, evaluate_truth
from coterie.lang.expr.parser import parse_expression
from coterie.lang.filterql import (
    Filter,
    FilterError,
    check_includes,
    compile_filter,
    normal_text,
    parse_filter,
)
from coterie.lang.filterql.include import usable_includes
from coterie.lang.lql import MappingRule, compile_mapping, parse_lql

VECTORS = Path(__file__).parents[4] / "shared" / "vectors" / "lytics"
NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
EVENT_TIME = datetime(2014, 4, 7, 16, 58, 55, tzinfo=UTC)

if not VECTORS.is_dir():
    pytest.skip(f"{VECTORS.name} vectors are not here", allow_module_level=True)


def load(name: str) -> Any:
    """Return one file of vectors."""
    return json.loads((VECTORS / name).read_text("utf-8"))


class Opaque:
    """A value of no kind the language knows, as a Go struct is."""


def _value(found: Any) -> Any:
    """Return a fixture value with its dates as dates."""
    match found:
        case "NOW-1h":
            return NOW - timedelta(hours=1)
        case "zero time":
            return datetime(1, 1, 1, tzinfo=UTC)
        case str() if found.endswith("Z") and found[4:5] == "-":
            return datetime.fromisoformat(found)
        case dict():
            return {key: _value(each) for key, each in found.items()}
        case list():
            return [_value(each) for each in found]
        case _:
            return found


BUILTINS = load("builtins.json")
EVAL, PARSE = load("filterql_eval.json"), load("filterql_parse.json")
INCLUDES = load("filterql_includes.json")
AUDIENCES = load("default_audiences.json")


def _builtin_row() -> dict[str, object]:
    struct = {key: _value(each) for key, each in BUILTINS["context_struct"].items()}
    return {**BUILTINS["context_map"], **struct, "Address": Opaque()}


def _evaluate_both(text: str) -> object:
    """Return an expression's value, which definition and compiled mapping agree on."""
    # The engine's tests have a function of their own for an empty list.
    text = text.replace("emptyslice()", "[]")
    tree = parse_expression(text)
    check_calls(tree, text)
    row = _builtin_row()
    value = evaluate(tree, World(row, EVENT_TIME))
    found = compile_mapping([MappingRule("x", text)]).apply(row, EVENT_TIME)
    assert found == ([] if value is None else [(0, value)])
    return value


def _plain(value: object) -> object:
    match value:
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case dict():
            return {key: _plain(each) for key, each in value.items()}
        case _:
            return value


def _fits(case: dict[str, Any]) -> bool:
    try:
        value = _plain(_evaluate_both(case["expr"]))
    except LangError:
        return bool(case.get("error"))
    if case.get("error") or case.get("nil"):
        return value is None
    if isinstance(value, list) and "unordered" in case.get("type", ""):
        return sorted(map(str, value)) == sorted(map(str, case["value"]))
    expected = published_value(case)
    return bool(value == expected) and type(value) is type(expected)


@pytest.mark.parametrize("case", BUILTINS["cases"], ids=lambda case: str(case["expr"]))
def test_function_gives_the_published_value(case: dict[str, Any]) -> None:
    reason = KNOWN_DIFFERENCES.get(case["expr"])

    assert _fits(case) is (reason is None), reason


@pytest.mark.parametrize("text", BUILTINS["must_fail_validation"])
def test_wrong_arguments_are_refused(text: str) -> None:
    with pytest.raises(LangError):
        _evaluate_both(text)


def _filter_row() -> dict[str, object]:
    """Return the two readers as one: names of the first in any case, before those of the second."""
    first = _value(EVAL["fixture"]["reader_1_struct"])
    first["FullName"] = first.pop("FullName()").partition(" (")[0]
    first["Address"] |= {key.lower(): each for key, each in first["Address"].items()}
    row: dict[str, object] = {key.lower(): each for key, each in first.items()}
    return {**row, **first, **_value(EVAL["fixture"]["reader_2_map"])}


def _matches(text: str, row: dict[str, object], includes: dict[str, str]) -> bool | None:
    known = {name: parse_filter(body) for name, body in includes.items()}
    flt = parse_filter(text)
    answer = compile_filter(flt, includes=known).matches(row, NOW)
    assert answer is evaluate_truth(flt.tree, World(row, NOW, usable_includes(flt, known)))
    return answer


@pytest.mark.parametrize("text", EVAL["hits_must_match_and_be_evaluable"])
def test_filter_matches_the_published_user(text: str) -> None:
    assert _matches(text, _filter_row(), EVAL["fixture"]["include_filters"]) is True


@pytest.mark.parametrize("text", EVAL["misses_must_not_match"])
def test_filter_does_not_match_the_published_user(text: str) -> None:
    assert _matches(text, _filter_row(), EVAL["fixture"]["include_filters"]) is not True


@pytest.mark.parametrize("case", EVAL["include_cases"], ids=lambda case: str(case["query"]))
def test_included_filter_answers_as_published(case: dict[str, Any]) -> None:
    answer = _matches(case["query"], case["context"], case["include"])

    assert answer is (case["match"] if case["ok"] else None)


@pytest.mark.parametrize("case", EVAL["invalid_context_cases"], ids=lambda case: str(case["query"]))
def test_condition_that_makes_no_sense_is_not_evaluable(case: dict[str, Any]) -> None:
    answer = _matches(case["query"], case["context"], {})

    assert (answer is not None) is case["ok"]


@pytest.mark.parametrize("case", EVAL["filter_selects"], ids=lambda case: str(case["query"]))
def test_selected_columns_are_those_published(case: dict[str, Any]) -> None:
    world = World(_filter_row(), NOW)

    found = {
        column.name: evaluate(column.value, world)
        for column in parse_filter(case["query"]).columns
        if column.guard is None or evaluate_truth(column.guard, world) is True
    }

    assert found == (case["expect_columns"] or {})


@pytest.mark.parametrize("text", PARSE["must_parse_and_round_trip"])
def test_published_filter_reads_back_from_its_normal_text(text: str) -> None:
    flt = parse_filter(text)
    again = parse_filter(normal_text(flt))

    assert normal_text(again) == normal_text(flt)
    assert (again.includes, again.reads, again.alias) == (flt.includes, flt.reads, flt.alias)


@pytest.mark.parametrize(
    ("one", "other"), PARSE["must_be_equal_after_normalisation"] + PARSE["must_be_equal_select"]
)
def test_equal_filters_have_one_normal_text(one: str, other: str) -> None:
    assert normal_text(parse_filter(one)) == normal_text(parse_filter(other))


@pytest.mark.parametrize(("one", "other"), PARSE["must_not_be_equal"])
def test_unequal_filters_have_different_normal_texts(one: str, other: str) -> None:
    assert normal_text(parse_filter(one)) != normal_text(parse_filter(other))


@pytest.mark.parametrize(("text", "expected"), PARSE["normal_form"])
def test_normal_text_is_the_published_one(text: str, expected: str) -> None:
    assert normal_text(parse_filter(text)) == expected


@pytest.mark.parametrize("text", PARSE["must_fail_to_parse"])
def test_published_mistake_is_refused(text: str) -> None:
    with pytest.raises(FilterError):
        parse_filter(text)


def test_includes_of_a_filter_are_found() -> None:
    case = INCLUDES["find_includes"]

    assert parse_filter(case["filter"]).includes == frozenset(case["expect"])


@pytest.mark.parametrize("case", INCLUDES["graph"], ids=lambda case: str(sorted(case["filters"])))
def test_circle_of_includes_is_refused_and_a_diamond_is_not(case: dict[str, Any]) -> None:
    known = {name: parse_filter(body) for name, body in case["filters"].items()}

    assert (_fault_of(parse_filter(case["resolve"]), known) is None) is (case["error"] is None)


def _fault_of(flt: Filter, known: dict[str, Filter]) -> str | None:
    try:
        check_includes(flt, known)
    except FilterError as error:
        return error.message
    return None


@pytest.mark.parametrize(
    "text", [case["ql"] for case in AUDIENCES["audiences"] + AUDIENCES["doc_examples"]]
)
def test_published_audience_compiles(text: str) -> None:
    assert compile_filter(parse_filter(text)).matches({}, NOW) in (True, False, None)


def test_published_query_maps_its_events() -> None:
    example = load("lql_examples.json")["examples"][0]
    query = parse_lql(example["lql"])
    rules = [MappingRule(column.field, column.expr_text) for column in query.columns]
    mapping = compile_mapping(rules, where=query.where_text)

    found = [mapping.apply(event, NOW) or [] for event in example["events"]]

    fields = [{rules[index].field: value for index, value in each} for each in found]
    date = datetime(2016, 11, 9, tzinfo=UTC)
    assert [each["user_id"] for each in fields] == ["dump123", "another234"]
    assert "user_attributes" not in fields[0]
    assert fields[1]["user_attributes"] == {"city": "Portland", "state": "Or"}
    assert [each["event_times"] for each in fields] == [
        {"project.create": date},
        {"project.signup": date},
    ]


# What the manual's examples are given where it says so in words.
NOTED: dict[str, dict[str, object]] = {
    "len(x)": {"x": ["apples", "oranges"]},
    "oneof(a, b)": {"a": "", "b": "000-000-001"},
    'replace(replace(path(url), "/"), "-", " ")': {"url": "https://e.example/parks-and-recreation"},
    "string.substr(x, 3, 7)": {"x": "0123456789"},
    "array.index(x, 0)": {"x": ["apples", "oranges"]},
    "urlmain(x)": {"x": "https://subdomain.domain.tld/path/extended_path?a=b"},
    "domain(x)": {"x": "https://subdomain.domain.tld/path/extended_path?a=b"},
}
# The manual shows a number, the engine gives a text: see the page of differences.
SHOWN_OTHERWISE = 'extract("2024-11-15", "%d")'


@pytest.mark.parametrize(
    "case", load("lql_functions_docs.json")["cases"], ids=lambda case: str(case["expr"])
)
def test_documented_mapping_function_gives_its_value(case: dict[str, Any]) -> None:
    text = case["expr"]
    row = case.get("in") or NOTED.get(text, {})
    found = evaluate(parse_expression(text), World(row, NOW))

    assert _plain(found) == (str(case["out"]) if text == SHOWN_OTHERWISE else case["out"])
