"""Housekeeping does its chores in turn, whatever one of them stumbles over."""

from datetime import timedelta
from typing import TYPE_CHECKING

from coterie.worker.dependencies import Bench
from coterie.worker.housekeeping import BROKEN, Chore

if TYPE_CHECKING:
    from tests.functional.flow.conftest import House

PAUSE = timedelta(seconds=1)


class Steps:
    """Steps that do what a list says: True for something done, False for nothing, an error."""

    def __init__(self, *outcomes: bool | Exception) -> None:
        self._outcomes = list(outcomes)
        self.taken = 0

    def __call__(self, _: Bench) -> bool:
        self.taken += 1
        outcome = self._outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


def test_a_chore_with_nothing_to_do_pauses_and_one_with_more_goes_on(house: "House") -> None:
    steps = Steps(True, False, True)
    chore = Chore(steps, pause=PAUSE)

    first = [chore.take(house.bench) for _ in range(4)]
    house.now += PAUSE
    second = chore.take(house.bench)

    assert first == [True, False, False, False]
    assert (second, steps.taken) == (True, 3)


def test_a_chore_that_breaks_rests_and_holds_up_no_other(house: "House") -> None:
    broken, fine = Chore(Steps(ValueError(), True), pause=PAUSE), Chore(Steps(True), pause=PAUSE)

    worked = [chore.take(house.bench) for chore in (broken, fine)]
    house.now += BROKEN

    assert worked == [False, True]
    assert broken.take(house.bench)
