"""Behavioural conditions: what is kept is a function of what happened, and answers are those of the
definition, which goes through all that ever happened.
"""

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import reduce

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.properties.test_lang_properties import combine as combine_clauses

from coterie.base.clock import to_us
from coterie.lang.behaviour import EMPTY, Bounds, History, Occurrence, add, combine
from coterie.lang.behaviour.question import ANSWERS, HistoryQuestion
from coterie.lang.expr.interpret import World, evaluate_truth, literal
from coterie.lang.expr.render import render
from coterie.lang.expr.tree import Node
from coterie.lang.expr.values import to_time
from coterie.lang.filterql import parse_filter
from coterie.lang.filterql.compiled import CompiledFilter

NOW = datetime(2024, 3, 1, 12, 0, 30, tzinfo=UTC)
TIGHT = Bounds(kept=3, days=2)
WIDE = Bounds()
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)

# Near now, on days around now, far away; some in the future.
offsets = st.one_of(
    st.integers(-5, 3).map(lambda number: number * SECOND),
    st.integers(-12, 1).map(lambda number: number * DAY),
    st.integers(-5_000_000, 100_000).map(lambda number: timedelta(milliseconds=number)),
    st.integers(-1_200, 0).map(lambda number: number * DAY / 3),
)
kept_values = st.one_of(
    st.integers(-5, 5),
    st.sampled_from([0.1, 0.2, 1.0, 2.5, 1e14]),
    st.sampled_from(["red", "blue", "1"]),
    st.booleans(),
)


@st.composite
def happenings(draw: st.DrawFn, most: int = 12) -> list[Occurrence]:
    """Occurrences at different places of the log, in any order of time."""
    found = draw(st.lists(st.tuples(offsets, kept_values), max_size=most))
    return [
        Occurrence(to_us(NOW + offset), seq % 2, seq, value)
        for seq, (offset, value) in enumerate(found)
    ]


def history_of(occurrences: Sequence[Occurrence], bounds: Bounds = WIDE) -> History:
    return reduce(lambda history, item: add(history, item, bounds), occurrences, EMPTY)


def repeated(history: History) -> str:
    """The history as text, which tells 1 from 1.0 and does not care in which order days came."""
    return repr(msgspec.structs.replace(history, days=dict(sorted(history.days.items()))))


@settings(max_examples=150, deadline=None)
@given(happenings(), st.randoms(use_true_random=False), st.integers(0, 12), st.integers(0, 12))
def test_what_is_kept_depends_on_no_order_and_no_grouping(
    occurrences: list[Occurrence], chance: object, one: int, other: int
) -> None:
    shuffled = list(occurrences)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    low, high = sorted((one, other))
    parts = [shuffled[:low], shuffled[low:high], shuffled[high:]]

    first, second, third = (history_of(part, TIGHT) for part in parts)

    expected = repeated(history_of(occurrences, TIGHT))
    assert repeated(history_of(shuffled, TIGHT)) == expected
    assert repeated(combine(combine(first, second, TIGHT), third, TIGHT)) == expected
    assert repeated(combine(third, combine(second, first, TIGHT), TIGHT)) == expected


@settings(max_examples=200, deadline=None)
@given(happenings())
def test_what_is_kept_comes_back_from_storage_as_it_was(occurrences: list[Occurrence]) -> None:
    history = history_of(occurrences, TIGHT)

    stored = msgspec.msgpack.decode(msgspec.msgpack.encode(history))

    assert repeated(msgspec.convert(stored, History)) == repeated(history)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3_000), st.integers(0, 9)), max_size=300))
def test_what_is_kept_stays_within_its_bounds(found: list[tuple[int, int]]) -> None:
    history = history_of(
        [
            Occurrence(to_us(NOW - hours * timedelta(hours=7)), 0, seq, value)
            for seq, (hours, value) in enumerate(found)
        ],
        Bounds(kept=20, days=30),
    )

    assert len(history.kept) <= 20
    assert len(history.days) <= 30
    older = history.older.totals.count if history.older else 0
    in_days = sum(totals.count for totals in history.days.values())
    assert len(history.kept) + in_days + older == len(found)


INSTANTS = ("now", "now-1d", "now-7d", "now-3s", "now-1M", "now+1d", "now-1y", "2024-02-27")
edges = st.one_of(
    st.just(()),
    st.tuples(st.sampled_from(INSTANTS)),
    st.tuples(st.sampled_from(INSTANTS), st.sampled_from(INSTANTS)),
)
names = st.sampled_from(sorted(ANSWERS))


def define(
    name: str, occurrences: Sequence[Occurrence], now: datetime, bounds: Sequence[str]
) -> object:
    """The definition: go through everything."""
    since, until = (*(instant(bound, now) for bound in bounds), None, None)[:2]
    last_second = (until or now).replace(microsecond=0) + SECOND
    inside = sorted(
        (
            item
            for item in occurrences
            if item.at_us < to_us(last_second)
            and (since is None or item.at_us >= to_us(since.replace(microsecond=0)))
        ),
        key=lambda item: (item.at_us, item.lane, item.seq),
    )
    values = [item.value for item in inside]
    numbers = [Decimal(repr(value)) for value in values if type(value) in (int, float)]
    times = [datetime.fromtimestamp(0, UTC) + timedelta(microseconds=i.at_us) for i in inside]
    answers: dict[str, object] = {
        "did": bool(inside),
        "count_of": len(inside),
        "sum_of": sum(numbers),
        "average_of": float(sum(numbers) / len(numbers)) if numbers else None,
        "min_of": min(numbers, default=None),
        "max_of": max(numbers, default=None),
        "distinct_of": len({(type(value) is bool, value) for value in values}),
        "first_of": values[0] if values else None,
        "last_of": values[-1] if values else None,
        "first_time_of": times[0] if times else None,
        "last_time_of": times[-1] if times else None,
    }
    return answers[name]


def instant(text: str, now: datetime) -> datetime | None:
    return to_time(literal(text), now)


def is_same(found: object, expected: object) -> bool:
    if isinstance(expected, Decimal):
        return Decimal(repr(found) if isinstance(found, float) else str(found)) == expected
    return found == expected and (type(found) is bool) == (type(expected) is bool)


def ask(name: str, history: History, now: datetime, bounds: Sequence[str]) -> tuple[object, bool]:
    question = HistoryQuestion(name, ("t",))
    said = [literal(bound) for bound in bounds]
    return question.answer({"t": history}, now, *said), question.is_exact(
        {"t": history}, now, *said
    )


@settings(max_examples=200, deadline=None)
@given(names, happenings(), edges)
def test_answers_from_all_occurrences_are_those_of_the_definition(
    name: str, occurrences: list[Occurrence], bounds: tuple[str, ...]
) -> None:
    found, is_exact = ask(name, history_of(occurrences), NOW, bounds)

    assert is_exact
    assert is_same(found, define(name, occurrences, NOW, bounds))


@settings(max_examples=300, deadline=None)
@given(names, happenings(), edges)
def test_answers_beyond_the_bounds_are_right_where_they_say_so(
    name: str, occurrences: list[Occurrence], bounds: tuple[str, ...]
) -> None:
    found, is_exact = ask(name, history_of(occurrences, TIGHT), NOW, bounds)

    if is_exact:
        assert is_same(found, define(name, occurrences, NOW, bounds))


@settings(max_examples=300, deadline=None)
@given(happenings(), st.sampled_from(["sum_of", "count_of", "average_of", "min_of", "max_of"]))
def test_totals_of_whole_days_are_exact_beyond_what_is_kept(
    occurrences: list[Occurrence], name: str
) -> None:
    past = [item for item in occurrences if item.at_us <= to_us(NOW)]
    history = history_of(past, Bounds(kept=2, days=2_000))

    for bounds in ((), ("2024-02-25",), ("2024-02-20", "2024-02-27T23:59:59")):
        found, is_exact = ask(name, history, NOW, bounds)
        assert is_exact
        assert is_same(found, define(name, past, NOW, bounds))


@settings(max_examples=300, deadline=None)
@given(happenings(), st.sampled_from(INSTANTS), st.integers(1, 3))
def test_at_least_so_many_is_exact_up_to_what_is_kept(
    occurrences: list[Occurrence], since: str, least: int
) -> None:
    past = [item for item in occurrences if item.at_us <= to_us(NOW)]
    found, _ = ask("count_of", history_of(past, TIGHT), NOW, (since,))
    expected = define("count_of", past, NOW, (since,))

    assert isinstance(found, int)
    assert isinstance(expected, int)
    assert (found >= least) is (expected >= least)


steps = st.lists(happenings(most=5), min_size=2, max_size=3)


@settings(max_examples=200, deadline=None)
@given(steps, st.one_of(st.none(), st.integers(1, 100_000)), edges)
def test_sequences_are_found_where_trying_all_choices_finds_one(
    found: list[list[Occurrence]], span: int | None, bounds: tuple[str, ...]
) -> None:
    # Occurrences of different steps are different events.
    step_lists = [
        [msgspec.structs.replace(item, seq=item.seq * 10 + index) for item in step]
        for index, step in enumerate(found)
    ]
    row = {f"t{index}": history_of(step) for index, step in enumerate(step_lists)}
    question = HistoryQuestion("did_within" if span else "did_in_order", tuple(row), span)
    since, until = (*(instant(bound, NOW) for bound in bounds), None, None)[:2]

    def is_inside(item: Occurrence) -> bool:
        second = item.at_us // 1_000_000
        start = since is None or second >= to_us(since) // 1_000_000
        return start and second <= to_us(until or NOW) // 1_000_000

    expected = any(
        all(
            (a.at_us, a.lane, a.seq) < (b.at_us, b.lane, b.seq)
            for a, b in itertools.pairwise(choice)
        )
        and (span is None or choice[-1].at_us // 10**6 - choice[0].at_us // 10**6 <= span)
        for choice in itertools.product(*step_lists)
        if all(map(is_inside, choice))
    )
    assert question.answer(row, NOW, *map(literal, bounds)) is expected


TEXTS = (
    'did("a", {0})',
    'did("b")',
    'NOT did("b", last_time_of("a"))',
    'NOT did("b", last_time_of("a", {0}), {1})',
    'count_of("a", {0}) >= 2',
    'count_of("a", {0}, {1}) == 1',
    'sum_of("a", price, {0}) > 3',
    'last_of("a", price, {0}) > 0',
    'first_of("a", price, {0}) == "red"',
    'last_time_of("b") > {0}',
    'first_time_of("a", {1}) < {0}',
    'did_in_order("a", "b", {0})',
    'did_within("2d", "b", "a", "a", {0})',
    'average_of("a", price, {0}) > 1 OR max_of("a", price, {1}) < 2',
    'city == "x"',
)
clauses = st.builds(
    lambda text, one, other: parse_filter(text.format(f'"{one}"', f'"{other}"')).tree,
    st.sampled_from(TEXTS),
    st.sampled_from(INSTANTS),
    st.sampled_from(INSTANTS),
)
trees = st.recursive(clauses, combine_clauses, max_leaves=5)


@st.composite
def people(draw: st.DrawFn) -> dict[str, object]:
    """Rows that hold histories of a and b, some within tight bounds."""
    bounds = draw(st.sampled_from([WIDE, TIGHT]))
    row: dict[str, object] = {"city": draw(st.sampled_from(["x", None]))}
    for event in "ab":
        occurrences = draw(happenings())
        # Much may happen at once, and more than is looked at ahead.
        times = draw(st.sampled_from([1, 1, 10]))
        occurrences = [
            Occurrence(item.at_us, copy, item.seq, item.value)
            for item in occurrences
            for copy in range(times)
        ]
        row[f'track("{event}", NULL, *)'] = history_of(occurrences, bounds)
        if draw(st.booleans()):
            row[f'track("{event}", price, *)'] = history_of(occurrences, bounds)
    return row


@settings(max_examples=200, deadline=None)
@given(trees, people())
def test_compiled_condition_answers_what_the_definition_says(
    tree: Node, row: dict[str, object]
) -> None:
    assert CompiledFilter(tree, {}).matches(row, NOW) is evaluate_truth(tree, World(row, NOW))


DAYS = (-1, 0, 1, 7, 28, 29, 30, 31, 365, 366)
NEAR = (-2, -1, 0, 1, 3, 4)


def edges_of(history: History) -> set[int]:
    """The days since 1970 at whose start totals begin or end."""
    days = {edge for day in history.days for edge in (day, day + 1)}
    if history.older is not None:
        days |= {history.older.first_day, history.older.last_day + 1}
    return days


@settings(max_examples=200, deadline=None)
@given(trees, people(), st.lists(st.floats(0, 1), min_size=4, max_size=4), st.integers(0, 999_999))
def test_no_answer_changes_between_now_and_the_next_flip(
    tree: Node, row: dict[str, object], fractions: list[float], micros: int
) -> None:
    now = NOW + timedelta(microseconds=micros)
    compiled = CompiledFilter(tree, {})
    answer = evaluate_truth(tree, World(row, now))

    flip = compiled.next_flip(row, now)

    end = flip if flip is not None else now + timedelta(days=1_500)
    assert end > now
    samples = [now + (end - now) * fraction for fraction in fractions]
    samples += [end - timedelta(microseconds=1), now + timedelta(microseconds=1)]
    for history in row.values():
        if isinstance(history, History):
            for item in history.kept:
                at = datetime.fromtimestamp(item.at_us // 10**6, UTC)
                samples += [at + days * DAY + seconds * SECOND for days in DAYS for seconds in NEAR]
            for day in edges_of(history):
                midnight = datetime.fromtimestamp(day * 86_400, UTC)
                samples += [
                    midnight + days * DAY + seconds * SECOND for days in DAYS for seconds in NEAR
                ]
    for moment in samples:
        if now < moment < end:
            assert evaluate_truth(tree, World(row, moment)) is answer, moment


@settings(max_examples=200, deadline=None)
@given(trees)
def test_text_of_a_condition_reads_back_as_the_same_text(tree: Node) -> None:
    text = render(tree)

    again = render(parse_filter(text).tree)

    # Reading folds nested lists of the same kind, so one more turn may be needed.
    assert render(parse_filter(again).tree) == again
