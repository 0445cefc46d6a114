from itertools import pairwise

from coterie.app.supervisor import LONGEST_PAUSE, restart_pause


def test_a_role_is_started_again_at_once_unless_it_keeps_ending_early() -> None:
    assert [restart_pause(early_ends) for early_ends in range(5)] == [0.0, 0.0, 0.5, 1.0, 2.0]


def test_pauses_grow_and_have_an_end() -> None:
    pauses = [restart_pause(early_ends) for early_ends in range(2_000)]

    assert all(before <= after for before, after in pairwise(pauses))
    assert pauses[-1] == LONGEST_PAUSE
