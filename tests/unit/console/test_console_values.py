from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from coterie.console.charts import bars, hour_chart, nice_ceiling
from coterie.console.formats import (
    ago,
    compact,
    detail,
    percent,
    pretty_json,
    scalar,
    stamp,
    with_code,
    with_names,
)
from coterie.console.forms import read_form
from coterie.model.views import FieldValue, HourCount

NOW = datetime(2031, 5, 14, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("distance", "words"),
    [
        (timedelta(seconds=1), "just now"),
        (timedelta(seconds=59), "59 seconds ago"),
        (timedelta(minutes=1), "1 minute ago"),
        (timedelta(hours=23, minutes=59), "23 hours ago"),
        (timedelta(days=1), "1 day ago"),
        (timedelta(days=40), "4 Apr 2031"),
        (-timedelta(hours=3), "in 3 hours"),
    ],
)
def test_instants_are_told_by_their_distance(distance: timedelta, words: str) -> None:
    assert ago(NOW - distance, NOW) == words


@pytest.mark.parametrize(
    ("number", "words"),
    [(0, "0"), (950, "950"), (1_204, "1.2k"), (15_000, "15k"), (3_140_000, "3.1M")],
)
def test_large_numbers_are_shortened(number: int, words: str) -> None:
    assert compact(number) == words


@pytest.mark.parametrize(("part", "whole", "expected"), [(1, 3, 33), (0, 0, 0), (5, 4, 100)])
def test_percent_never_leaves_its_range(part: int, whole: int, expected: int) -> None:
    assert percent(part, whole) == expected


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (True, "true"),
        (1204, "1,204"),
        (Decimal("1849.50"), "1,849.50"),
        (date(1988, 4, 2), "1988-04-02"),
        (NOW, "14 May 2031, 12:00:00 UTC"),
        ("<b>", "<b>"),
        ({"a": [1]}, '{"a": [1]}'),
        (None, "none"),
    ],
)
def test_field_values_read_as_text(value: FieldValue, words: str) -> None:
    assert scalar(value) == words


def test_json_is_indented_and_other_text_left_alone() -> None:
    assert pretty_json('{"å":1}') == '{\n  "å": 1\n}'
    assert pretty_json("{oops") == "{oops"


def test_code_in_messages_is_marked_and_the_rest_escaped() -> None:
    assert with_code("Run `a <b>` & `c`.") == "Run <code>a &lt;b&gt;</code> &amp; <code>c</code>."
    assert with_code("One ` alone <b>") == "One ` alone &lt;b&gt;"


def test_actors_get_their_names_if_they_have_one() -> None:
    assert with_names("By person:3 and person:34.", {"person:3": "ada@example.org"}) == (
        "By ada@example.org and person:34."
    )


@pytest.mark.parametrize(
    ("value", "ceiling"), [(0, 4), (4, 4), (5, 8), (11, 12), (13, 20), (41, 80), (123_456, 200_000)]
)
def test_a_scale_ends_at_a_round_number(value: int, ceiling: int) -> None:
    assert nice_ceiling(value) == ceiling


def test_hours_are_drawn_to_scale() -> None:
    counts = [0, 5, 10]
    hours = [HourCount(hour=NOW + timedelta(hours=i), events=n) for i, n in enumerate(counts)]

    chart = hour_chart(hours)

    assert chart.total == 15
    heights = [column.height for column in chart.columns]
    assert heights[0] == 0
    assert heights[2] == pytest.approx(2 * heights[1])
    feet = [column.y + column.height for column in chart.columns]
    assert feet == pytest.approx([chart.bottom] * len(counts))
    assert [line.value for line in chart.lines] == [0, 3, 6, 9, 12]


def test_bars_are_ordered_by_length() -> None:
    drawn = bars([("a", "/a", 1), ("b", "/b", 4), ("c", "/c", 0)])

    assert [(bar.name, bar.share) for bar in drawn] == [("b", 100.0), ("a", 25.0), ("c", 0.0)]


def test_a_form_gives_values_as_handlers_need_them() -> None:
    form = read_form(
        [("a", " x\x00 "), ("n", "12"), ("m", "-1"), ("b", "1"), ("b", "2"), ("w", "x, ,y\nz")]
    )

    assert form.text("a") == "x"
    assert form.raw("a") == " x "
    assert (form.whole_number("n"), form.whole_number("m"), form.whole_number("-")) == (
        12,
        None,
        None,
    )
    assert form.choices("b") == ("1", "2")
    assert form.words("w") == ("x", "y", "z")
    assert form.is_ticked("a")
    assert not form.is_ticked("c")


def test_a_form_does_not_show_its_values_in_logs() -> None:
    assert repr(read_form([("password", "secret")])) == "Form(['password'])"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2027-06-01T08:30:00.25Z", "1 Jun 2027, 08:30:00 UTC"),
        ("2027-06-01", "2027-06-01"),
        (1234, "1,234"),
    ],
)
def test_an_instant_in_the_audit_log_is_readable(value: FieldValue, expected: str) -> None:
    assert detail(value) == expected


def test_a_stamp_names_the_year_only_where_it_is_another() -> None:
    assert stamp(NOW, NOW) == "14 May, 12:00:00"
    assert stamp(NOW, NOW.replace(year=2032)) == "14 May 2031, 12:00:00"
