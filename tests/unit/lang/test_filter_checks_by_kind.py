"""What can be asked of a field of its kind, and what nobody or everybody fits."""

import pytest

from coterie.lang.expr.errors import Problem
from coterie.lang.expr.kinds import SchemaView
from coterie.lang.filterql import FilterError, check_filter, parse_filter

VIEW = SchemaView(
    kinds={
        "price": "number",
        "age": "int",
        "name": "string",
        "tags": "[]string",
        "visits": "[]time",
        "seen": "date",
        "ok": "bool",
        "counts": "map[string]intsum",
        "times": "map[string]time",
        "values": "map[string]value",
    }
)


def warnings(text: str, view: SchemaView = VIEW) -> tuple[Problem, ...]:
    return check_filter(parse_filter(text), view, includes={"known": parse_filter("*")})


def errors(text: str) -> tuple[Problem, ...]:
    with pytest.raises(FilterError) as caught:
        warnings(text)
    return caught.value.problems


@pytest.mark.parametrize(
    "text",
    [
        'OR (name == "a", name != "b", name CONTAINS "c", name LIKE "d*", name IN ("e"))',
        "AND (EXISTS name, EXISTS ok, EXISTS price, EXISTS tags, EXISTS visits, EXISTS counts)",
        "AND (ok == true, ok != false)",
        'OR (price > 3, price <= 4.5, price IN (3, 4), price BETWEEN 1 AND 9, price == "5")',
        'AND (seen > "now-3d", seen <= "2030-01-31", seen BETWEEN "now-9d" AND "now")',
        'AND (tags INTERSECTS ("a"), tags IN ("a"), tags CONTAINS "a", tags LIKE "a*")',
        'AND (visits > "now-3d", visits < "2030-01-01")',
        'AND (counts.buy > 3, times.buy > "now-3d", values.a CONTAINS "x", "a" IN counts)',
        'AND (name == 5, zip > 10, tolower(name) == "a", len(tags) > 3, price + 1 > age)',
        'AND (did("order"), count_of("order") > 3, last_time_of("order") > "now-3d")',
        'AND (ok, contains(name, "x"), INCLUDE known, *)',
        "AND (name == NULL, 3 < price, name IN tags)",
        'AND (if(age > 3, "a", name) == "a", seen > epoch, encoding.b64decode(age) == "a")',
        'AND (emaildomain(name) == "a", email(tags) == "b", host(name) == "c", yy(seen) > 3)',
    ],
)
def test_what_fits_the_kind_of_a_field_is_accepted(text: str) -> None:
    view = SchemaView(kinds={**VIEW.kinds, "zip": "string", "epoch": "int"})

    assert warnings(text, view) == ()


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("price CONTAINS 3", (7, 8), "CONTAINS does not work on price, which is number"),
        ("tags > 3", (6, 1), "> does not work on tags, which is []string"),
        ('name > "abc"', (6, 1), '> cannot compare name, which is string, with "abc"'),
        ('name BETWEEN "a" AND "z"', (6, 7), "BETWEEN cannot compare name, which is string"),
        ('seen BETWEEN "now-3x" AND "now"', (6, 7), "BETWEEN cannot compare seen"),
        ('seen > "yesterday"', (6, 1), '> cannot compare seen, which is date, with "yesterday"'),
        ('price > "abc"', (7, 1), '> cannot compare price, which is number, with "abc"'),
        ('counts > "a"', (8, 1), "> does not work on counts"),
        ('counts.buy LIKE "a"', (12, 4), "LIKE does not work on counts.buy, which is int"),
        ("gt(tags, 3)", (4, 4), "gt(a, b) has no value for tags, which is []string"),
        ("email(ok) == 'a'", (7, 2), "has no value for ok, which is bool"),
        ("NOT name", (5, 4), "name is string and no condition"),
        ('count_of("order")', (1, 8), "is int or number and no condition"),
        ("if(name, 1, 2) > 1", (4, 4), "name is string and no condition"),
        ('if(ok, 1, 2) > "a"', (14, 1), "> cannot compare (1 IF ok ELSE 2), which is int"),
        ('len(name) CONTAINS "a"', (11, 8), "CONTAINS does not work on len(name), which is int"),
    ],
)
def test_what_can_never_be_told_is_refused(text: str, place: tuple[int, int], words: str) -> None:
    (problem,) = errors(text)

    assert words in problem.message
    assert (problem.line, (problem.column, problem.length)) == (1, place)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ('tags == "a"', 'tags INTERSECTS ("a")'),
        ('tags != "a"', 'tags NOT INTERSECTS ("a")'),
        ('tags IN "a"', 'tags IN ("a")'),
        ('ok == "true"', "ok == true"),
        ("ok != 0", "ok != false"),
        ("name CONTAINS 3", 'name CONTAINS "3"'),
        ("INCLUDE knwon", "known"),
    ],
)
def test_what_was_meant_is_suggested(text: str, meant: str) -> None:
    assert errors(text)[0].suggestion == meant


def test_the_operators_that_work_are_named() -> None:
    expected = errors("tags > 3")[0].expected

    assert expected == "one of LIKE, CONTAINS, IN, INTERSECTS, EXISTS"
    assert errors("counts > 3")[0].expected == "one of its keys, such as counts.key"


def test_all_that_does_not_fit_is_told_in_the_order_of_the_text() -> None:
    found = errors('AND (\n  tags > 3\n  INCLUDE nobody\n  name\n  seen > "soon"\n)')

    assert [problem.line for problem in found] == [2, 3, 4, 5]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("EXISTS nmae", "name"),
        ("cuonts.buy > 3", "counts.buy"),
        ("EXISTS zzz", None),
    ],
)
def test_a_field_that_nobody_has_yet_is_doubtful(text: str, meant: str | None) -> None:
    (warning,) = warnings(text)

    assert "yet" in warning.message
    assert warning.suggestion == meant


def test_a_field_that_was_perhaps_a_calculation_is_told_so() -> None:
    (warning,) = warnings("price/age > 3")

    assert warning.length == len("price/age")
    assert warning.expected == "blanks around /, if that is to calculate"
    assert warnings("price / age > 3") == ()


def test_an_unknown_field_is_told_once() -> None:
    assert len(warnings("AND (a == 1, a == 2, tolower(a) == 'x')".replace("'", '"'))) == 1


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("AND (age > 5, age < 3)", 19),
        ("age > 5 AND age < 3", 17),
        ('AND (name == "a", ok == true, name == "b")', 36),
        ("AND (NOT EXISTS age, age > 5)", 26),
        ("AND (age > 5, OR (age < 3, age == 4))", 15),
        ("age IN ()", 5),
        ("age BETWEEN 10 AND 5", 5),
        ("age BETWEEN 5 AND 6", 5),
        ("AND (counts.buy > 5, counts.buy < 5)", 33),
        ('AND (seen > "now-3d", seen < "now-5d")', 28),
        ('AND (seen > "2024-03-01", seen < "2024-02-01")', 32),
        ("AND (ok == true, ok == false)", 21),
        ("OR (price > 9, price BETWEEN 3 AND 1)", 22),
    ],
)
def test_what_nobody_can_fit_is_doubtful(text: str, column: int) -> None:
    (warning,) = warnings(text)

    assert warning.message.startswith("nobody can fit")
    assert warning.column == column


@pytest.mark.parametrize("text", ["OR (age != 5, age != 6)", "NOT (age > 5 AND age < 3)"])
def test_what_everybody_fits_is_doubtful(text: str) -> None:
    (warning,) = warnings(text)

    assert warning.message.startswith("everybody fits this")


@pytest.mark.parametrize(
    "text",
    [
        "AND (age > 5, age < 7)",
        "price BETWEEN 5 AND 6",
        "AND (age >= 5, age <= 5)",
        'AND (seen > "now-1M", seen < "now-30d")',
        'AND (seen > "2020-01-01", seen < "now-3000d")',
        'AND (tags INTERSECTS ("a"), tags INTERSECTS ("b"))',
        'AND (name LIKE "a*", name LIKE "b*")',
        "OR (age > 5, age <= 5)",
        'AND (name == "a", NOT name == "b")',
        'AND (visits > "now-3d", visits < "now-5d")',
    ],
)
def test_what_somebody_may_fit_is_not_doubtful(text: str) -> None:
    assert warnings(text) == ()


def test_bounds_the_wrong_way_round_are_turned() -> None:
    assert warnings("age BETWEEN 10 AND 5")[0].suggestion == "age BETWEEN 5 AND 10"
    assert warnings("age BETWEEN 6 AND 5")[0].suggestion is None


def test_equality_with_two_values_names_the_other_and_the_cure() -> None:
    (warning,) = warnings('AND (name == "a", name == "b")')

    assert warning.message == 'nobody can fit both this and name == "a"'
    assert warning.expected == "OR (…) or IN (…) for one of several values"


def test_a_broken_pattern_is_doubtful() -> None:
    assert "never closed" in warnings('name LIKE "[a"')[0].message
    assert "never closed" in warnings('tags LIKE ("a*", "[a")')[0].message


def test_not_between_tells_of_those_without_a_value() -> None:
    (warning,) = warnings("age NOT BETWEEN 1 AND 5")

    assert warning.message == "who has no age does not fit this either"
    assert warning.suggestion == "OR (NOT EXISTS age, age NOT BETWEEN 1 AND 5)"
    assert warnings("AND (EXISTS age, age NOT BETWEEN 1 AND 5)") == ()
    assert warnings(warning.suggestion) == ()


def test_looking_for_idle_conditions_is_a_bounded_amount_of_work() -> None:
    many = ", ".join(f"age != {n}" for n in range(5_000))
    nested = "NOT " * 60 + f"(AND ({', '.join(f'age != {n}' for n in range(100))}))"

    assert warnings(f"AND ({many})") == ()
    assert warnings(nested) == ()
