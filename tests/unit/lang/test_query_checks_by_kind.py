"""What can become of the columns of a query, given their kinds and the fields there are."""

import pytest

from coterie.flow.mapping.coerce import coercion
from coterie.lang.expr.errors import Problem
from coterie.lang.expr.kinds import SchemaView
from coterie.lang.expr.samples import SAMPLES
from coterie.lang.lql import LqlError, MappingRule, check_rule, parse_lql
from coterie.lang.lql.check import can_become
from coterie.model.merging import KINDS
from coterie.model.schema import SPECIAL_KINDS

PLAIN = sorted(set(KINDS) - set(SPECIAL_KINDS))
VIEW = SchemaView(
    kinds={"points": "int", "email": "string", "tags": "[]string", "seen": "date"},
    ops={"points": "sum", "email": "latest", "tags": "merge", "seen": "max"},
)


def problems(columns: str, *, by: str = "email", where: str = "") -> tuple[Problem, ...]:
    with pytest.raises(LqlError) as caught:
        parse_lql(f"SELECT {columns} FROM s INTO user BY {by} {where} ALIAS s", view=VIEW)
    return caught.value.problems


@pytest.mark.parametrize(
    ("columns", "words", "column"),
    [
        ("todate(d) AS x KIND int", "todate(d) is date and never becomes int", 8),
        ('match("a.") AS x KIND string', "never becomes string, which x is", 8),
        ("set(a) AS points", "set(a) is []string and never becomes int, which points is", 8),
        ("a AS points KIND string", "the field 'points' is int and cannot become string", 25),
        ("a AS x KIND []strng", "there is no kind '[]strng'", 20),
        ("a AS x KIND string MERGEOP sum", "a field of kind string cannot merge by sum", 35),
        ("toint(a) AS x MERGEOP merge", "a field of kind int cannot merge by merge", 30),
        ("a AS points MERGEOP max", "the field 'points' merges by sum and cannot change", 28),
        ("a AS x IF len(a)", "len(a) is int and no condition", 18),
        ('toint(a) CONTAINS "x" AS x', "CONTAINS does not work on toint(a)", 17),
    ],
)
def test_a_column_that_fits_no_field_is_refused_where_it_is_wrong(
    columns: str, words: str, column: int
) -> None:
    (problem,) = problems(columns)

    assert words in problem.message
    assert problem.column == column


def test_a_misspelt_kind_or_operator_is_recognised() -> None:
    assert problems("a AS x KIND []strng")[0].suggestion == "[]string"
    assert problems("a AS x KIND string MERGEOP latst")[0].suggestion == "latest"


def test_identities_are_fields_that_can_identify() -> None:
    unknown, wrong = problems("a AS x", by="emial OR seen OR email OR x")

    assert (unknown.message, unknown.suggestion) == ("BY names 'emial', which is no field", "email")
    assert wrong.message == "the field 'seen' of kind date cannot identify anyone"


def test_where_is_a_condition() -> None:
    (problem,) = problems("a AS x", where='WHERE tolower(a) > "b"')

    assert "> cannot compare tolower(a)" in problem.message


def test_a_query_of_columns_that_fit_is_read() -> None:
    columns = (
        "toint(p) AS points KIND int MERGEOP SUM, email(e) AS email, "
        "set(t) AS tags MERGEOP capped, todate(d) AS seen MERGEOP max, "
        "map(event, todate(ts)) AS times KIND map[string]time MERGEOP LATEST, "
        "valuect(event) AS counts KIND map[string]intsum, a AS b IF exists(a)"
    )

    query = parse_lql(f"SELECT {columns} FROM s INTO user BY email ALIAS s", view=VIEW)

    assert len(query.columns) == 7


def test_a_single_mapping_is_held_against_its_field_too() -> None:
    check_rule(MappingRule("points", "toint(p)", "exists(p)"), "int")

    with pytest.raises(LqlError, match=r"set\(p\) is \[\]string and never becomes int") as caught:
        check_rule(MappingRule("points", "  set(p)"), "int")
    assert caught.value.problems[0].column == 3
    with pytest.raises(LqlError, match=r"len\(p\) is int and no condition"):
        check_rule(MappingRule("points", "p", "len(p)"), "int")


def test_without_a_schema_only_the_text_counts() -> None:
    assert parse_lql("SELECT a AS points KIND odd FROM s INTO user BY x ALIAS s").by == ("x",)


@pytest.mark.parametrize("kind", PLAIN)
@pytest.mark.parametrize("source", PLAIN)
def test_what_is_refused_is_what_the_mapper_would_drop(source: str, kind: str) -> None:
    kept = [coercion(kind)(sample) for sample in SAMPLES[source]]

    assert can_become(source, kind) is any(value is not None for value in kept)
