"""Behavioural conditions as people write them: what is watched for, what is wrong."""

from datetime import UTC, datetime, timedelta

import pytest

from coterie.base.clock import to_us
from coterie.lang.behaviour import (
    EMPTY,
    Bounds,
    History,
    Observer,
    Occurrence,
    add,
    parse_tracker,
    trackers_of,
)
from coterie.lang.filterql import FilterError, compile_filter, normal_text, parse_filter

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
ORDERS = 'track("order", price, *)'


def history(*happened: tuple[datetime, object]) -> History:
    found = EMPTY
    for seq, (at, value) in enumerate(happened):
        found = add(found, Occurrence(to_us(at), 0, seq, value), Bounds())
    return found


def answer(text: str, now: datetime = NOW, **events: History) -> bool | None:
    row = {f'track("{name}", NULL, *)': found for name, found in events.items()}
    row |= {f'track("{name}", price, *)': found for name, found in events.items()}
    return compile_filter(parse_filter(text)).matches(row, now)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('did("order")', False),
        ('NOT did("order")', True),
        ('count_of("order") == 0', True),
        ('sum_of("order", price) < 10', True),
        ('distinct_of("order", price) == 0', True),
        ('last_of("order", price) > 0', False),
        ('average_of("order", price) < 10', False),
        ('first_time_of("order") < "now-1y"', False),
        ('did("push", last_time_of("order"))', None),
        ('NOT did("push", last_time_of("order"))', None),
        ('count_of("push", last_time_of("order")) == 0', False),
        ('did_in_order("view", "order")', False),
    ],
)
def test_who_did_nothing_has_zero_and_false(text: str, expected: bool | None) -> None:
    assert answer(text) is expected


def test_the_question_of_the_marketers() -> None:
    text = """FILTER AND (
        count_of("order", "now-90d") >= 3
        last_of("order", price) > 50
        NOT did("push", last_time_of("order"))
    )"""
    orders = history((NOW - 80 * DAY, 10), (NOW - 40 * DAY, 20), (NOW - 3 * DAY, 60))

    assert answer(text, order=orders) is True
    assert answer(text, order=orders, push=history((NOW - 4 * DAY, None))) is True
    assert answer(text, order=orders, push=history((NOW - 2 * DAY, None))) is False
    assert answer(text, now=NOW + 11 * DAY, order=orders) is False


def test_a_window_takes_in_both_of_its_ends() -> None:
    orders = history((NOW - 90 * DAY, 1), (NOW, 2))

    assert answer('count_of("order", "now-90d") == 2', order=orders)
    assert answer('count_of("order", "now-90d") == 1', NOW + timedelta(seconds=1), order=orders)
    assert answer('count_of("order", "now-90d", "now-90d") == 1', order=orders)


def test_an_exit_is_foretold_to_the_second() -> None:
    compiled = compile_filter(parse_filter('count_of("order", "now-90d") >= 2'))
    row = {'track("order", NULL, *)': history((NOW - 9 * DAY, 1), (NOW - 5 * DAY, 2), (NOW, 3))}

    flip = compiled.next_flip(row, NOW)

    assert flip == NOW + 85 * DAY + timedelta(seconds=1)
    assert compiled.matches(row, flip) is False


def test_an_exit_is_foretold_however_much_happened_at_once() -> None:
    compiled = compile_filter(parse_filter('NOT did("order", "now-9d")'))
    at_once = [(NOW - 3 * DAY, 1)] * 30
    row = {'track("order", NULL, *)': history(*at_once, (NOW - 2 * DAY, 1))}

    assert compiled.next_flip(row, NOW) == NOW + 7 * DAY + timedelta(seconds=1)


def test_what_lies_in_the_future_counts_from_its_instant_on() -> None:
    compiled = compile_filter(parse_filter('did("order")'))
    row = {'track("order", NULL, *)': history((NOW + DAY, 1))}

    assert compiled.matches(row, NOW) is False
    assert compiled.next_flip(row, NOW) == NOW + DAY


def test_windows_share_a_tracker_and_conditions_do_not() -> None:
    tree = parse_filter(
        'count_of("order", "now-90d") > 1 AND did("order") AND sum_of("order", price) > 3 AND '
        'last_of("order", price, channel = "web") > 3'
    ).tree

    assert trackers_of(tree) == {
        'track("order", NULL, *)',
        'track("order", price, *)',
        'track("order", price, channel == "web")',
    }


def test_normal_text_is_what_people_write() -> None:
    text = 'FILTER NOT did("order", price > 50, "now-3d")'

    assert normal_text(parse_filter(text)) == text


def observe(tracker: str, event: dict[str, object], stream: str = "shop") -> list[object]:
    found = Observer([parse_tracker(tracker)]).observe(event, stream, NOW)
    return [value for _, value in found]


@pytest.mark.parametrize(
    "event",
    [
        {"_e": "order"},
        {"event": "order"},
        {"event_name": "order"},
        {"event_type": "order", "event": 7},
        {"_e": "", "event": "order"},
    ],
)
def test_an_event_is_called_what_the_first_usual_key_says(event: dict[str, object]) -> None:
    assert observe('track("order", NULL, *)', event) == [None]


def test_a_name_of_an_event_is_exact_and_a_star_is_any() -> None:
    assert observe('track("order", NULL, *)', {"_e": "Order"}) == []
    assert observe('track("*", NULL, *)', {"_e": "Order"}) == [None]
    assert observe('track("*", NULL, *)', {"price": 3}) == [None]


def test_a_condition_reads_the_event() -> None:
    tracker = 'track("order", NULL, item.price > 50 AND _stream == "shop")'

    assert observe(tracker, {"_e": "order", "item": {"price": 60}}) == [None]
    assert observe(tracker, {"_e": "order", "item.price": 60}) == [None]
    assert observe(tracker, {"_e": "order", "item": {"price": 60}}, "web") == []
    assert observe(tracker, {"_e": "order", "item": {"price": 50}}) == []
    assert observe(tracker, {"_e": "order"}) == []


def test_a_value_is_calculated_from_the_event() -> None:
    tracker = 'track("order", price * quantity, *)'

    assert observe(tracker, {"_e": "order", "price": 2.5, "quantity": 4}) == [10.0]
    assert observe(tracker, {"_e": "order", "price": "cheap", "quantity": 4}) == []
    assert observe(tracker, {"_e": "order"}) == []


@pytest.mark.parametrize("value", [["a"], {"a": 1}, "x" * 257, "", 10**16, None])
def test_what_is_no_small_value_is_not_kept(value: object) -> None:
    assert observe('track("order", price, *)', {"_e": "order", "price": value}) == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("did(order)", "does not say of what"),
        ("count_of()", "does not say of what"),
        ('did("order", "90d")', "not a condition on the event"),
        ('sum_of("order", "now-3d")', "needs a value"),
        ('did("order", price > "now-3d")', "cannot depend on the present"),
        ('did("order", hourofday() > 3)', "cannot depend on the present"),
        ('did("order", did("x"))', "did is not known of an event"),
        ('did("order", INCLUDE x)', "INCLUDE is not known of an event"),
        ('did("order", foo(x))', "no function 'foo'"),
        ('did("order", price > 3, price < 5)', "this is no instant"),
        ('did("order", "now-3d", "now", "now")', "an argument too many"),
        ('NOT count_of("order") > 3', "neither true nor false"),
        ('did_in_order("view")', "has 1 steps"),
        ('did_in_order("view", price)', "this is no step"),
        ('did_in_order("view", did("order", "now-3d"))', "no window of its own"),
        ('did_within("view", "order")', "within what time"),
        ('did_within("1M", "view", "order")', "within what time"),
        ('cuont_of("order") > 3', "Did you mean 'count_of'"),
    ],
)
def test_a_wrong_text_is_explained(text: str, problem: str) -> None:
    with pytest.raises(FilterError) as error:
        parse_filter(text)

    assert problem in error.value.message
    assert "^" in error.value.message


def test_all_wrong_calls_are_told_at_once() -> None:
    with pytest.raises(FilterError) as error:
        parse_filter('did(order) AND cuont_of("order") > 3 AND lenn(x) > 1')

    assert [problem.column for problem in error.value.problems] == [5, 16, 42]


def test_sums_are_exact_whatever_the_order() -> None:
    prices = [0.1, 0.2, 0.3, 1e14, -1e14]
    orders = history(*((NOW - DAY, price) for price in prices))

    assert answer('sum_of("order", price) == 0.6', order=orders)


def test_a_month_that_ends_early_lets_people_back_in() -> None:
    compiled = compile_filter(parse_filter('did("order", "now-1M")'))
    row = {'track("order", NULL, *)': history((datetime(2024, 3, 2, 12, tzinfo=UTC), 1))}
    # A month before 31 March is "31 February", which is 2 March; a month before 1 April is 1 March.
    late = datetime(2024, 3, 31, 13, tzinfo=UTC)
    april = datetime(2024, 4, 1, tzinfo=UTC)

    assert compiled.matches(row, late) is False
    assert compiled.next_flip(row, late) == april
    assert compiled.matches(row, april) is True


def test_totals_come_and_go_at_the_instants_that_are_foretold() -> None:
    found = EMPTY
    for seq, days in enumerate((6, 5, 4, 3)):
        found = add(found, Occurrence(to_us(NOW - days * DAY), 0, seq), Bounds(kept=1, days=1))
    row = {'track("order", NULL, *)': found}

    for text in (
        'count_of("order", "2000-01-01", "now-7d") == 2',
        'count_of("order", "2000-01-01", "now-7d") == 3',
        'count_of("order", "now-7d") == 2',
        'count_of("order", "now-7d") == 1',
    ):
        compiled = compile_filter(parse_filter(text))
        now, flips = NOW, 0
        while (flip := compiled.next_flip(row, now)) is not None:
            before = flip - timedelta(seconds=1)
            if compiled.matches(row, flip) is not compiled.matches(row, now):
                flips += 1
                assert before < now or compiled.matches(row, before) is compiled.matches(row, now)
            now = flip
        assert flips == 2
        assert compiled.matches(row, now) is compiled.matches(row, now + 99 * DAY)
