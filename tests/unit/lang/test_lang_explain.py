"""An explanation shows what was looked at, why something cannot be told, and when it changes."""

from datetime import UTC, datetime
from typing import Any

import pytest

from coterie.lang.filterql import Explained, explain, parse_filter
from coterie.lang.filterql.explain import MOST_PARTS
from coterie.lang.filterql.reasons import LONGEST_TEXT, MOST_ITEMS

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)
PROFILE: dict[str, Any] = {
    "orders": 4,
    "city": "Porto",
    "last_order": datetime(2026, 3, 20, 10, tzinfo=UTC),
    "tags": frozenset({"b", "a"}),
    "hits": {"foo": 5},
}


def explained(text: str, **includes: str) -> Explained:
    known = {name: parse_filter(body) for name, body in includes.items()}
    return explain(parse_filter(text), PROFILE, NOW, includes=known)


def seen(text: str) -> dict[str, object]:
    """Return what a condition looked at, with the values."""
    return {each.text: None if each.missing else each.value for each in explained(text).seen}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("orders > 3", {"orders": 4}),
        ("hits.foo == 5", {"hits.foo": 5}),
        ("EXISTS gone", {"gone": None}),
        ('tags INTERSECTS ("a", "c")', {"tags": ["a", "b"]}),
        ("city IN (town, place)", {"city": "Porto", "town": None, "place": None}),
        ('tolower(city) == "porto"', {"tolower(city)": "porto", "city": "Porto"}),
        ("orders + hits.foo > 8", {"orders + hits.foo": 9, "orders": 4, "hits.foo": 5}),
        ('contains(city, "x")', {'contains(city, "x")': False, "city": "Porto"}),
        ('NOT city LIKE "F*"', {"city": "Porto"}),
        (
            'last_order > "now-1d"',
            {"last_order": "2026-03-20T10:00:00Z", '"now-1d"': "2026-03-30T12:00:00Z"},
        ),
        ('count_of("order", "now-90d") >= 3', {'count_of("order", "now-90d")': 0}),
    ],
)
def test_what_a_condition_looked_at_is_shown(text: str, expected: dict[str, object]) -> None:
    assert seen(text) == expected


@pytest.mark.parametrize(
    ("text", "answer", "reason"),
    [
        ("gone > 3", False, ""),
        ("gone != 3", True, "gone has no value, which counts as different"),
        ("gone IN (other)", False, ""),
        ("gone + 1 > away", False, ""),
        ("gone CONTAINS away", None, "gone and away have no value, so this cannot be told"),
        ("gone BETWEEN 1 AND 2", None, "gone has no value, so this cannot be told"),
        ("city > 3", None, "city is a text, 3 is a number: > cannot compare these"),
        (
            "city BETWEEN 1 AND 2",
            None,
            "city is a text, 1 is a number, 2 is a number: BETWEEN needs numbers or dates",
        ),
        ("orders", None, "orders is a number, which is neither true nor false"),
        ("toint(city)", None, "toint(city) has no value, so this cannot be told"),
        ("INCLUDE gone", None, "There is no audience 'gone'"),
    ],
)
def test_why_it_cannot_be_told_is_said(text: str, answer: bool | None, reason: str) -> None:
    found = explained(text)

    assert (found.answer, found.reason) == (answer, reason)


def test_lists_show_their_parts_and_what_decides() -> None:
    found = explained('AND (orders > 3, NOT (city == "Faro" OR orders < 9), gone > 1)')

    assert (found.form, found.answer) == ("and", False)
    assert [(part.text, part.answer, part.decides) for part in found.parts] == [
        ("orders > 3", True, False),
        ("NOT", False, True),
        ("gone > 1", False, False),
    ]
    inner = found.parts[1].parts[0]
    assert [(part.text, part.decides) for part in inner.parts] == [
        ('city == "Faro"', False),
        ("orders < 9", True),
    ]


def test_an_included_audience_is_opened() -> None:
    found = explained(
        "NOT INCLUDE buyers", buyers="AND (orders > 3, INCLUDE here)", here="EXISTS x"
    )

    assert (found.form, found.answer) == ("not", True)
    assert found.parts[0].text == "INCLUDE buyers"
    assert [part.text for part in found.parts[0].parts[0].parts] == ["orders > 3", "INCLUDE here"]


def test_a_circle_of_audiences_is_named() -> None:
    found = explained("INCLUDE one", one="INCLUDE two", two="INCLUDE one")

    assert found.answer is None
    assert "leads back to itself" in found.reason


def test_the_next_change_is_told_for_each_part_and_the_whole() -> None:
    found = explained('AND (orders > 3, last_order > "now-30d", last_order > "now-60d")')

    changes = [part.changes_at for part in found.parts]
    assert changes == [
        None,
        datetime(2026, 4, 19, 10, tzinfo=UTC),
        datetime(2026, 5, 19, 10, tzinfo=UTC),
    ]
    assert (found.changes_at, found.then) == (changes[1], False)


def test_an_included_audience_that_moves_is_foretold() -> None:
    found = explained("INCLUDE lately", lately='last_order > "now-30d"')

    assert found.changes_at == datetime(2026, 4, 19, 10, tzinfo=UTC)


def test_long_values_are_cut() -> None:
    row = {"many": [str(number) for number in range(50)], "long": "x" * 1_000}

    found = explain(parse_filter("AND (EXISTS many, EXISTS long)"), row, NOW)

    many, text = (part.seen[0] for part in found.parts)
    assert isinstance(many.value, list)
    assert (len(many.value), many.left_out) == (MOST_ITEMS, 30)
    assert text.value == "x" * LONGEST_TEXT + "…"


def test_audiences_that_double_with_each_level_stay_bounded() -> None:
    known = {
        f"a{n}": parse_filter(f"OR (INCLUDE a{n - 1}, INCLUDE a{n - 1})") for n in range(1, 13)
    } | {"a0": parse_filter("orders > 9")}

    found = explain(parse_filter("INCLUDE a12"), PROFILE, NOW, includes=known)

    assert found.answer is False
    assert 100 < _count(found) < 3 * MOST_PARTS


def _count(found: Explained) -> int:
    return 1 + sum(_count(part) for part in found.parts)
