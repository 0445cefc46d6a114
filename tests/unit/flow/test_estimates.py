"""The error bar of a preview holds what it says."""

import random

import pytest

from coterie.flow.profiles.counting import Total
from coterie.flow.run.insights import estimate


@pytest.mark.parametrize("share", [0.0005, 0.01, 0.2, 0.5, 0.97])
def test_the_true_size_lies_in_the_bar_in_about_19_of_20_draws(share: float) -> None:
    total, asked, draws = 100_000, 2_000, 600
    size = int(total * share)
    drawn = random.Random(7)

    hits = 0
    for _ in range(draws):
        matched = sum(drawn.randrange(total) < size for _ in range(asked))
        found = estimate(matched, asked, Total(total))
        hits += found.low <= size <= found.high

    assert hits / draws >= 0.92


def test_nobody_found_does_not_mean_nobody() -> None:
    found = estimate(0, 1_000, Total(1_000_000))

    assert (found.size, found.low) == (0, 0)
    assert found.high > 3_000


def test_the_bar_knows_those_who_were_asked() -> None:
    found = estimate(10, 1_000, Total(1_001))

    assert (found.low, found.high) == (10, 11)


def test_an_empty_account_has_an_exact_answer() -> None:
    found = estimate(0, 0, Total(0))

    assert (found.size, found.is_exact) == (0, True)


def test_a_doubtful_total_widens_the_bar() -> None:
    sure = estimate(5_000, 10_000, Total(1_000_000))
    doubtful = estimate(5_000, 10_000, Total(1_000_000, 0.01))

    assert doubtful.low < sure.low < sure.size == doubtful.size < sure.high < doubtful.high
