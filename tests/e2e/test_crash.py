"""Whatever is killed, nothing is lost and nothing counts twice."""

import os
import time
from pathlib import Path
from random import Random

import pytest
from tests.e2e.crash.expectation import expect
from tests.e2e.crash.facts import as_facts, differences, in_common
from tests.e2e.crash.killer import Killer, draw_victims
from tests.e2e.crash.people import draw_story
from tests.e2e.crash.stage import play

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="finds processes by /proc"),
]

SEED = int(os.environ.get("COTERIE_TEST_SEED") or time.time_ns() % 1_000_000)
PROVED = 10


def check_story(folder: Path, *, seed: int, people: int, acts: int, rounds: int) -> None:
    print(f"COTERIE_TEST_SEED={seed}")  # noqa: T201 - shown when the test fails
    chance = Random(seed)
    story = draw_story(chance, people=people, acts=acts)
    events = story.arrivals(chance)
    expected = as_facts(expect(story))

    peace = play(events, folder / "peace", rounds=rounds, chance=chance, killer=Killer([], chance))
    killer = Killer(draw_victims(chance, rounds), chance)
    war = play(events, folder / "war", rounds=rounds, chance=chance, killer=killer)

    print("killed:", *killer.killed, "| resent:", war.resent)  # noqa: T201 - shown on failure
    for user, lines in war.evidence.items():
        print(user, *lines, sep="\n    ")  # noqa: T201 - shown on failure
    assert differences(in_common(peace.facts, expected), expected)[:5] == []
    assert differences(war.facts, peace.facts)[:5] == []
    for books in (peace.books, war.books):
        assert (books.outbox_at_odds, books.members_at_odds, books.set_aside) == (0, 0, 0)
        assert books.processed == len(events)
        assert books.mentions == books.distinct_mentions == len(story.mentions)


@pytest.mark.timeout(400)
def test_whatever_is_killed_nothing_is_lost_and_nothing_counts_twice(tmp_path: Path) -> None:
    check_story(tmp_path, seed=SEED, people=1_300, acts=6_000, rounds=10)


@pytest.mark.prove
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("seed", range(PROVED))
def test_nothing_is_lost_over_many_kills(tmp_path: Path, seed: int) -> None:
    check_story(tmp_path, seed=seed, people=3_000, acts=20_000, rounds=25)
