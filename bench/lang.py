"""How many filters and mappings one core evaluates a second.

Run `python bench/lang.py`; `--json` makes the last line one JSON object, `--quick` takes seconds.
"""

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from time import perf_counter

from coterie.base.clock import to_us
from coterie.lang.behaviour import EMPTY, Bounds, Occurrence, add
from coterie.lang.expr.dates import parse_date
from coterie.lang.filterql import compile_filter, parse_filter
from coterie.lang.lql import MappingRule, compile_mapping

NOW = datetime(2026, 6, 15, 12, 30, tzinfo=UTC)
SIX_CLAUSES = """
FILTER AND (
    country == "US"
    last_visit > "now-30d"
    visit_count >= 3
    email LIKE "*@example.com"
    channels INTERSECTS ("web", "mobile")
    NOT unsubscribed == true
)
"""
THREE_QUESTIONS = """
FILTER AND (
    count_of("order", "now-90d") >= 3
    last_of("order", price) < 50
    NOT did("push_open", last_time_of("order"))
)
"""
RULES = tuple(
    MappingRule(field, expr, guard)
    for field, expr, guard in (
        ("user_id", "user_id", None),
        ("email", "email(email)", None),
        ("first_name", "first_name", None),
        ("last_name", "last_name", None),
        ("city", "address.city", None),
        ("language", "tolower(language)", None),
        ("last_event", "todate(ts)", None),
        ("event_times", "map(event, todate(ts))", None),
        ("visits", "count(session)", None),
        ("spent", "toint(price)", 'event == "purchase"'),
        ("channels", 'split(channels, ",")', None),
        ("external_id", "oneof(external_id, user_id)", None),
    )
)


def make_profile(*, member: bool) -> dict[str, object]:
    """Return a profile that passes all six clauses, or fails at the last one."""
    return {
        "country": "US",
        "last_visit": NOW - timedelta(days=3),
        "visit_count": 12,
        "email": "ann@example.com",
        "channels": frozenset({"web", "store"}),
        "unsubscribed": not member,
        "city": "Portland",
    }


def make_event(number: int) -> dict[str, object]:
    """Return one event as JSON gives it."""
    return {
        "user_id": f"u{number}",
        "email": f"Person{number}@Example.com",
        "first_name": "Ann",
        "last_name": "Example",
        "address": {"city": "Portland", "zip": "97201"},
        "language": "EN",
        "ts": f"2026-06-15T12:{number % 60:02}:{number // 60 % 60:02}Z",
        "event": "purchase" if number % 3 == 0 else "view",
        "session": f"s{number % 7}",
        "price": "$19.99",
        "channels": "web,store",
        "external_id": None,
    }


def count_per_second(run: Callable[[], int], seconds: float) -> float:
    """Return how often a second `run` does its thing, by the best of five stretches."""
    run()
    best = 0.0
    for _ in range(5):
        done, start = 0, perf_counter()
        while perf_counter() - start < seconds / 5:
            done += run()
        best = max(best, done / (perf_counter() - start))
    return best


def measure_filters(seconds: float, *, moments: int) -> float:
    """Return evaluations of the six clauses a second; half of the profiles are members.

    `moments` is how many different instants a thousand profiles are evaluated at.
    """
    matches = compile_filter(parse_filter(SIX_CLAUSES)).matches
    instants = [NOW + timedelta(milliseconds=number) for number in range(moments)]
    rows = [
        (make_profile(member=number % 2 == 0), instants[number % moments])
        for number in range(1_000)
    ]

    def run() -> int:
        for profile, now in rows:
            matches(profile, now)
        return len(rows)

    return count_per_second(run, seconds)


def measure_behaviour(seconds: float) -> float:
    """Return evaluations a second of three questions to histories of 30 orders."""
    matches = compile_filter(parse_filter(THREE_QUESTIONS)).matches
    orders = EMPTY
    for number in range(30):
        at = NOW - timedelta(days=number * 4)
        orders = add(orders, Occurrence(to_us(at), 0, number, 20 + number), Bounds())
    row = {'track("order", NULL, *)': orders, 'track("order", price, *)': orders}

    def run() -> int:
        for _ in range(1_000):
            matches(row, NOW)
        return 1_000

    return count_per_second(run, seconds)


def measure_mappings(seconds: float) -> float:
    """Return events a second through twelve rules, no date of which was seen before."""
    apply = compile_mapping(RULES).apply
    events = [make_event(number) for number in range(1_000)]

    def run() -> int:
        parse_date.cache_clear()
        for event in events:
            apply(event, NOW)
        return len(events)

    return count_per_second(run, seconds)


def measure_parsing() -> float:
    """Return milliseconds to parse and compile an audience of 1,000 conditions."""
    lines = "\n".join(f'field_{number} == "value {number}"' for number in range(1_000))
    start = perf_counter()
    parse_filter(f"FILTER OR (\n{lines}\n)")
    return (perf_counter() - start) * 1_000


def main() -> None:
    """Measure, print a table, and with `--json` one object on the last line."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--json", action="store_true")
    options.add_argument("--quick", action="store_true")
    chosen = options.parse_args()
    seconds = 2.0 if chosen.quick else 10.0
    figures = {
        "filter_evaluations_per_second": round(measure_filters(seconds, moments=1)),
        "filter_evaluations_per_second_by_event_time": round(
            measure_filters(seconds, moments=1_000)
        ),
        "behaviour_evaluations_per_second": round(measure_behaviour(seconds)),
        "mapped_events_per_second": round(measure_mappings(seconds)),
        "parse_1000_conditions_ms": round(measure_parsing(), 1),
    }
    for name, figure in figures.items():
        print(f"{name:44} {figure:>14,}")
    if chosen.json:
        machine = {"cpus": os.cpu_count(), "system": platform.system(), "arch": platform.machine()}
        versions = {"python": sys.version.split()[0]}
        print(json.dumps({"machine": machine, "versions": versions, **figures}))


if __name__ == "__main__":
    main()
