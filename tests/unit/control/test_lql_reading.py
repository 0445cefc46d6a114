import pytest

from coterie.control.definitions.draft import SchemaError
from coterie.control.definitions.lql import read_query
from coterie.lang.expr.parser import parse_expression
from coterie.lang.lql import LqlError, guess_kind


def test_a_query_is_read_with_all_its_parts() -> None:
    text = """
        SELECT toint(points) AS points IF exists(card) SHORTDESC "Points" KIND int MERGEOP sum, card
        FROM shop INTO USER BY card WHERE points > 0 ALIAS shop_points
    """

    query = read_query(text)

    points, card = query.columns
    assert (points.field, points.expr, points.guard) == ("points", "toint(points)", "exists(card)")
    assert (points.kind, points.op, points.description) == ("int", "sum", "Points")
    assert (card.field, card.kind, card.usual_kind) == ("card", None, "string")
    assert (query.stream, query.by, query.where) == ("shop", ("card",), "points > 0")


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        ("name", "string"),
        ("todate(x)", "date"),
        ("toint(x)", "int"),
        ("tonumber(x)", "number"),
        ("exists(x)", "bool"),
        ("set(x)", "[]string"),
        ('match("user.")', "map[string]string"),
        ("map(event, todate(ts))", "map[string]time"),
        ("map(event, x)", "map[string]string"),
        ("valuect(event)", "map[string]intsum"),
    ],
)
def test_a_column_without_a_kind_gets_the_likely_one(expression: str, kind: str) -> None:
    assert guess_kind(parse_expression(expression)) == kind


def test_capped_is_a_union_with_a_capacity() -> None:
    query = read_query(
        "SELECT set(x) AS tags KIND []string MERGEOP capped, id FROM s INTO user BY id ALIAS s"
    )

    assert (query.columns[0].op, query.columns[0].capacity) == ("merge", 100)


def test_only_people_can_be_mapped_to() -> None:
    with pytest.raises(SchemaError, match="INTO user"):
        read_query("SELECT id FROM s INTO content BY id ALIAS s")


def test_a_text_that_is_no_query_is_refused_with_the_place() -> None:
    with pytest.raises(LqlError, match="Line 1, column"):
        read_query("SELECT id FORM s INTO user BY id ALIAS s")


def test_a_word_at_a_wrong_place_is_not_taken_for_a_slip_of_itself() -> None:
    with pytest.raises(LqlError) as caught:
        read_query("SELECT id FROM s WHERE a == 1 BY id INTO user INTO user ALIAS s")

    assert "Did you mean 'into'" not in caught.value.message
