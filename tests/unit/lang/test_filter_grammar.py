"""Each sentence of FilterQL's grammar, as Lytics writes it down, is read as it says."""

import pytest

from coterie.lang.expr.parser import parse_expression
from coterie.lang.expr.tree import (
    Arithmetic,
    Between,
    Call,
    Compare,
    Everything,
    Exists,
    Group,
    Include,
    Infix,
    Items,
    Name,
    Node,
    Not,
    Number,
    Text,
)
from coterie.lang.filterql import Filter, FilterError, normal_text, parse_filter


def normal(text: str) -> str:
    """Return the normal text of a filter, which has to be its own."""
    found = normal_text(parse_filter(text))
    assert normal_text(parse_filter(found)) == found
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Separators: a comma or a new line, a comma at the end.
        ("FILTER AND (a = 1, b = 2)", "FILTER AND (a == 1, b == 2)"),
        ("FILTER AND (\na = 1\nb = 2\n)", "FILTER AND (a == 1, b == 2)"),
        ("FILTER AND (\r\na = 1,\r\nb = 2,\r\n)", "FILTER AND (a == 1, b == 2)"),
        ("FILTER OR (a = 1, b IN (1, 2,),)", "FILTER OR (a == 1, b IN (1, 2))"),
        # Words and signs between conditions.
        ("FILTER a = 1 && b = 2 || c = 3", "FILTER a == 1 AND b == 2 OR c == 3"),
        ("FILTER a = 1 and b = 2 or c = 3", "FILTER a == 1 AND b == 2 OR c == 3"),
        ("FILTER (a = 1 OR b = 2) AND c = 3", "FILTER (a == 1 OR b == 2) AND c == 3"),
        ("FILTER AND (a = 1 OR (b = 2))", "FILTER AND (a == 1, b == 2)"),
        ("FILTER AND (a = 1 AND (b = 2, c = 3))", "FILTER AND (a == 1, b == 2, c == 3)"),
        # Negation.
        ("FILTER NOT AND (a = 1, b = 2)", "FILTER NOT AND (a == 1, b == 2)"),
        ("FILTER NOT OR (a = 1)", "FILTER NOT (a == 1)"),
        ("FILTER NOT NOT a = 1", "FILTER NOT (NOT (a == 1))"),
        ("FILTER !exists(a)", "FILTER NOT exists(a)"),
        ("FILTER a NOT LIKE 'b*'", "FILTER a NOT LIKE `b*`"),
        ('FILTER NOT date > "now-3d"', 'FILTER NOT (date > "now-3d")'),
        # Operators in any case.
        ('FILTER a intersects ("b")', 'FILTER a INTERSECTS ("b")'),
        ("FILTER exists a", "FILTER EXISTS a"),
        ("FILTER include b", "FILTER INCLUDE b"),
        ("FILTER a Not Between 1 And 2", "FILTER a NOT BETWEEN 1 AND 2"),
        ('filter a contains "b"', 'FILTER a CONTAINS "b"'),
        ("FILTER MATCH_ALL", "FILTER *"),
        ("FILTER a <> 1", "FILTER a != 1"),
        # The right side of IN and INTERSECTS.
        ("FILTER a IN [1, 2]", "FILTER a IN (1, 2)"),
        ("FILTER a IN b", "FILTER a IN b"),
        ('FILTER a INTERSECTS split(b, ",")', 'FILTER a INTERSECTS split(b, ",")'),
        # Names.
        ("FILTER EXISTS '_uids'", "FILTER EXISTS _uids"),
        ("FILTER INCLUDE 'f9f0dc74'", "FILTER INCLUDE f9f0dc74"),
        ("FILTER EXISTS hits.foo-bar", "FILTER EXISTS hits.foo-bar"),
        ("FILTER EXISTS `last.event`.`has.period`", "FILTER EXISTS `last.event`.`has.period`"),
        ("FILTER EXISTS user@work", "FILTER EXISTS user@work"),
        ("FILTER EXISTS site/visits", "FILTER EXISTS `site/visits`"),
        ("FILTER EXISTS 'a b'", "FILTER EXISTS `a b`"),
        ("FILTER EXISTS 'a`b'", "FILTER EXISTS 'a`b'"),
        # Texts.
        ('FILTER a = "say ""hi"""', 'FILTER a == "say \\"hi\\""'),
        ('FILTER a = "say \\"hi\\""', 'FILTER a == "say \\"hi\\""'),
        ('FILTER a = "x\\\\"', 'FILTER a == "x\\\\"'),
        # Comments.
        ("FILTER a = 1 -- why", "FILTER a == 1"),
        ("FILTER AND (\n  a = 1 -- one\n  -- between\n  b = 2\n)", "FILTER AND (a == 1, b == 2)"),
        ("-- who they are\nFILTER a = 1", "-- who they are\nFILTER a == 1"),
        ("FILTER /* here */ a = 1 // there", "FILTER a == 1"),
        # The statement.
        ("a = 1", "FILTER a == 1"),
        ("FILTER a = 1 FROM user", "FILTER a == 1 FROM user"),
        ("FILTER a = 1 ALIAS `Has Blanks`", "FILTER a == 1 ALIAS `Has Blanks`"),
        (
            "FILTER a = 1 ALIAS z WITH k = 'v', n = 2, on = true LIMIT 5 FROM user;".replace(
                "'v'", '"v"'
            ),
            'FILTER a == 1 FROM user LIMIT 5 WITH k = "v", n = 2, on = true ALIAS z',
        ),
        (
            'SELECT a, b AS c, tolower(d) AS e IF f = 1 FROM user FILTER a = 1 WITH k = "v" '
            "ALIAS z",
            'SELECT a, b AS c, tolower(d) AS e IF f == 1 FROM user FILTER a == 1 WITH k = "v" '
            "ALIAS z",
        ),
        ("SELECT * FROM user FILTER *", "SELECT * FROM user FILTER *"),
    ],
)
def test_a_sentence_has_its_normal_text(text: str, expected: str) -> None:
    assert normal(text) == expected


def tree(text: str) -> Node:
    return _bare(parse_expression(text, names_in_single_quotes=True))


def _bare(node: Node) -> Node:
    """Return a tree without places, to compare."""
    changed = {"at": 0}
    for field in node.__struct_fields__:
        value = getattr(node, field)
        if isinstance(value, tuple) and value and not isinstance(value[0], str):
            changed[field] = tuple(_bare(each) for each in value)  # type: ignore[assignment]
        elif hasattr(value, "__struct_fields__"):
            changed[field] = _bare(value)  # type: ignore[assignment]
    return type(node)(**{**{f: getattr(node, f) for f in node.__struct_fields__}, **changed})


A, B, C = Name(("a",)), Name(("b",)), Name(("c",))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a OR b AND c", Infix("or", (A, Infix("and", (B, C))))),
        ("NOT a > 1", Not(Compare(">", A, Number(1)))),
        ("NOT len(a) > 1", Compare(">", Not(Call("len", (A,))), Number(1))),
        ("a + 2 * b > c", Compare(">", Arithmetic("+", A, Arithmetic("*", Number(2), B)), C)),
        ("a - b - c > 1", Compare(">", Arithmetic("-", Arithmetic("-", A, B), C), Number(1))),
        ("a / b > 1", Compare(">", Arithmetic("/", A, B), Number(1))),
        ("a/b > 1", Compare(">", Name(("a/b",)), Number(1))),
        ("a/2 > 1", Compare(">", Arithmetic("/", A, Number(2)), Number(1))),
        ("NOT a IN (1)", Not(Compare("in", A, Items((Number(1),))))),
        ("EXISTS a AND b", Infix("and", (Exists(A), B))),
        ("NOT INCLUDE a", Not(Include("a"))),
        ("a BETWEEN b AND c AND b", Infix("and", (Between(A, B, C), B))),
        ("AND (a, OR (b, c), *)", Group("and", (A, Group("or", (B, C)), Everything()))),
        ('a LIKE ("b", "c")', Compare("like", A, Items((Text("b"), Text("c"))))),
        ("`a`.`b` = 1", Compare("==", Name(("a", "b")), Number(1))),
    ],
)
def test_operators_bind_as_they_should(text: str, expected: Node) -> None:
    assert tree(text) == expected


def test_a_leading_comment_is_the_description() -> None:
    assert parse_filter("\n  -- who they are \n  -- more\nFILTER *").description == "who they are"
    assert parse_filter("FILTER * -- later").description is None


def test_clauses_are_told_apart() -> None:
    found = parse_filter('FILTER * FROM user LIMIT 5 WITH k = "v", n = -2, on = false ALIAS z')

    assert (found.table, found.limit, found.alias) == ("user", 5, "z")
    assert found.settings == (("k", "v"), ("n", -2), ("on", False))


@pytest.mark.parametrize(
    "text",
    [
        "FILTER",
        "FILTER AND",
        "FILTER AND (,)",
        "FILTER a = 1 AND OR b = 2",
        "FILTER a = like",
        "FILTER a = 1 LIMIT -1",
        "FILTER a = 1 LIMIT 1.5",
        "FILTER a = 1 WITH k",
        "FILTER a = 1 WITH k = b",
        "FILTER a = 1 ALIAS",
        "FILTER a = 1 FROM a FROM b",
        "FILTER a NOT = 1",
        "FILTER a BETWEEN 1",
        "FILTER a IN (1",
        "FILTER a IN (1 2)",
        "SELECT a FILTER b",
        "SELECT a FROM user",
        "SELECT tolower(a) FROM user FILTER b",
        "FILTER a = 1 b = 2",
    ],
)
def test_what_is_no_sentence_is_refused(text: str) -> None:
    with pytest.raises(FilterError):
        parse_filter(text)


def test_reading_again_keeps_everything(  # what `normal` asks of the text, asked of the struct
) -> None:
    text = "-- d\nSELECT a, len(b) AS n IF c FROM t FILTER AND (x = 1, INCLUDE y) LIMIT 3 ALIAS z"
    first = parse_filter(text)
    again = parse_filter(normal_text(first))

    def parts(flt: Filter) -> tuple[object, ...]:
        return (flt.description, flt.table, flt.limit, flt.alias, flt.reads, flt.includes)

    assert parts(again) == parts(first)
    assert [column.name for column in again.columns] == ["a", "n"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('filter(tags, "a*") CONTAINS "b"', 'FILTER filter(tags, "a*") CONTAINS "b"'),
        ('FILTER filter(tags, "a*") IN ("b")', 'FILTER filter(tags, "a*") IN ("b")'),
        ("FILTER (tags IN (a, b))", "FILTER tags IN (a, b)"),
        ("FILTER(a == 1)", "FILTER a == 1"),
        ('filter == "x"', 'FILTER `filter` == "x"'),
        ("filter NOT IN (1, 2)", "FILTER `filter` NOT IN (1, 2)"),
        ("select > 3", "FILTER `select` > 3"),
        ("FILTER NOT a", "FILTER NOT a"),
        ("FILTER -a > 1", "FILTER -(a) > 1"),
        ("FILTER contains(a, b)", "FILTER contains(a, b)"),
        ("FILTER NOT contains(a, b)", "FILTER NOT contains(a, b)"),
        ('filter CONTAINS "x"', 'FILTER `filter` CONTAINS "x"'),
    ],
)
def test_a_field_or_function_may_be_called_as_the_words_that_open_a_filter(
    text: str, expected: str
) -> None:
    assert normal_text(parse_filter(text)) == expected
