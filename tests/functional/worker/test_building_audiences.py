import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from tests.functional.worker.conftest import Crew

from coterie.control.definitions.audiences import get_audience
from coterie.worker import builder
from coterie.worker.builder import build_range

RANGE = 1_000
PEOPLE = 2 * RANGE + 500
NORWEGIANS = 'FILTER country = "NO"'


@pytest.fixture
def crowd(crew: Crew, monkeypatch: pytest.MonkeyPatch) -> Crew:
    """Enough people for three ranges; every other one is Norwegian."""
    monkeypatch.setattr(builder, "PROFILES_A_RANGE", RANGE)
    crew.send(
        *(
            {"user_id": f"u{number}", "country": "NO" if number % 2 else "SE"}
            for number in range(PEOPLE)
        )
    )
    crew.work_hard()
    return crew


def state(crew: Crew, slug: str) -> tuple[str, int]:
    found = get_audience(crew.store, crew.account.number, slug)
    return found.state, found.size


def test_a_build_goes_on_in_another_process_where_the_last_one_was_killed(crowd: Crew) -> None:
    crowd.audience("norwegians", NORWEGIANS)

    steps = []
    while build_range(crowd.new_bench()):
        row = crowd.ask("SELECT state, build_done FROM audience WHERE slug = 'norwegians'")
        steps.append(row[0])

    assert steps == [
        ("building", 0),
        ("building", 1_000),
        ("building", 2_000),
        ("building", 2_500),
        ("live", 2_500),
    ]
    assert state(crowd, "norwegians") == ("live", PEOPLE // 2)
    assert crowd.kinds_of_change() == {("enter", "backfill"): PEOPLE // 2}


def test_several_processes_build_one_audience_at_once(
    crowd: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(builder, "LEAST_SPLIT", 100)
    crowd.audience("norwegians", NORWEGIANS)
    build_range(crowd.new_bench())
    gate = threading.Barrier(3)

    def build() -> int:
        bench, ranges = crowd.new_bench(), 0
        gate.wait()
        while build_range(bench):
            ranges += 1
        return ranges

    with ThreadPoolExecutor(3) as threads:
        ranges = [one.result() for one in [threads.submit(build) for _ in range(3)]]

    assert sum(ranges) >= len(builder.DIGITS)
    assert state(crowd, "norwegians") == ("live", PEOPLE // 2)
    assert crowd.kinds_of_change() == {("enter", "backfill"): PEOPLE // 2}
    row = crowd.ask("SELECT build_done, build_total FROM audience WHERE slug = 'norwegians'")
    assert row == [(PEOPLE, PEOPLE)]


def test_a_worker_with_nothing_else_to_do_helps_to_build(crowd: Crew) -> None:
    crowd.audience("norwegians", NORWEGIANS)
    worker = crowd.hire()

    while state(crowd, "norwegians")[0] == "building":
        assert worker.idle_turn()

    assert state(crowd, "norwegians") == ("live", PEOPLE // 2)


def test_people_who_change_during_a_build_are_counted_as_they_are(crowd: Crew) -> None:
    crowd.audience("norwegians", NORWEGIANS)
    bench = crowd.new_bench()

    build_range(bench)
    crowd.now += timedelta(seconds=1)
    crowd.send(
        *(
            {"user_id": f"u{number}", "country": "SE" if number % 2 else "NO"}
            for number in range(100)
        )
    )
    crowd.work_hard()
    crowd.send({"user_id": "late", "country": "NO"})
    crowd.work_hard()
    crowd.build()

    assert state(crowd, "norwegians") == ("live", PEOPLE // 2 + 1)
    query = "SELECT count(*) FROM g1.membership"
    assert crowd.ask(query) == [(PEOPLE // 2 + 1,)]


def test_a_filter_that_is_edited_during_its_build_is_built_anew(crowd: Crew) -> None:
    crowd.audience("norwegians", NORWEGIANS)
    build_range(crowd.new_bench())

    crowd.edit("norwegians", 'FILTER country = "SE"')
    crowd.build()

    assert state(crowd, "norwegians") == ("live", PEOPLE // 2)
    assert crowd.profile("user_id", "u0")["audiences"] == ["norwegians"]
    assert crowd.profile("user_id", "u1")["audiences"] == []
