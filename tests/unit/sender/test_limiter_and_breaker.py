from itertools import pairwise

from coterie.connectors.destination import RateLimit
from coterie.sender.breaker import LONGEST_PAUSE, Breaker
from coterie.sender.limiter import Limiter


def test_nothing_is_held_back_before_the_first_answer() -> None:
    assert Limiter().seconds_to_wait(now=0.0) == 0.0


def test_an_empty_window_waits_for_its_reset() -> None:
    limiter = Limiter()
    limiter.learn(RateLimit(limit=250, remaining=1, reset_seconds=60.0), now=100.0)

    limiter.spend(now=101.0)

    assert limiter.seconds_to_wait(now=110.0) == 50.0
    assert limiter.seconds_to_wait(now=160.0) == 0.0


def test_answers_out_of_order_do_not_give_back_what_was_spent() -> None:
    limiter = Limiter()
    limiter.learn(RateLimit(limit=250, remaining=0, reset_seconds=60.0), now=100.0)

    limiter.learn(RateLimit(limit=250, remaining=3, reset_seconds=59.9), now=100.1)

    assert limiter.seconds_to_wait(now=110.0) > 0


def test_a_new_window_counts_anew() -> None:
    limiter = Limiter()
    limiter.learn(RateLimit(limit=250, remaining=0, reset_seconds=60.0), now=100.0)

    limiter.learn(RateLimit(limit=250, remaining=250, reset_seconds=60.0), now=160.5)

    assert limiter.seconds_to_wait(now=161.0) == 0.0


def test_an_unanswered_window_ends_at_its_reset() -> None:
    limiter = Limiter()
    limiter.learn(RateLimit(limit=250, remaining=1, reset_seconds=60.0), now=100.0)
    limiter.spend(now=101.0)
    limiter.spend(now=102.0)

    assert limiter.seconds_to_wait(now=160.0) == 0.0


def test_a_block_holds_whatever_the_window_says() -> None:
    limiter = Limiter()
    limiter.learn(RateLimit(limit=250, remaining=9, reset_seconds=60.0), now=0.0)

    limiter.block(30.0, now=0.0)

    assert limiter.seconds_to_wait(now=10.0) == 20.0


def test_the_breaker_opens_at_the_third_failure_in_a_row() -> None:
    breaker = Breaker()

    opened = [breaker.note_failure(now=0.0, chance=0.5) for _ in range(3)]

    assert opened == [False, False, True]
    assert breaker.seconds_to_wait(now=0.0) > 0


def test_an_answer_between_failures_keeps_the_breaker_closed() -> None:
    breaker = Breaker()
    breaker.note_failure(now=0.0, chance=0.5)
    breaker.note_failure(now=0.0, chance=0.5)

    breaker.note_success()

    assert not breaker.note_failure(now=0.0, chance=0.5)


def test_a_pointless_retry_opens_the_breaker_at_once() -> None:
    assert Breaker().note_failure(now=0.0, chance=0.5, at_once=True)


def test_pauses_double_up_to_five_minutes() -> None:
    breaker = Breaker()
    pauses = []
    for _ in range(14):
        breaker.note_failure(now=0.0, chance=0.999999)
        pauses.append(breaker.seconds_to_wait(now=0.0))

    assert pauses[:2] == [0.0, 0.0]
    assert all(later >= earlier for earlier, later in pairwise(pauses))
    assert LONGEST_PAUSE * 0.99 < pauses[-1] <= LONGEST_PAUSE


def test_only_a_recovery_from_open_is_a_recovery() -> None:
    breaker = Breaker()
    breaker.note_failure(now=0.0, chance=0.5)

    assert not breaker.note_success()

    breaker.note_failure(now=0.0, chance=0.5, at_once=True)
    assert breaker.note_success()
    assert breaker.is_closed


def test_the_last_tenth_of_a_window_is_spread_over_its_time() -> None:
    limiter = Limiter()
    limiter.learn(RateLimit(limit=100, remaining=10, reset_seconds=60.0), now=0.0)

    assert limiter.allowance(now=0.0) == 1
    limiter.spend(now=0.0)

    assert limiter.allowance(now=1.0) == 0
    assert limiter.seconds_to_wait(now=0.0) == 6.0
    assert limiter.allowance(now=6.0) == 1


def test_before_the_last_tenth_requests_leave_as_they_come() -> None:
    limiter = Limiter()

    limiter.learn(RateLimit(limit=100, remaining=60, reset_seconds=60.0), now=0.0)

    assert limiter.allowance(now=0.0) == 50


def test_refusals_without_a_word_wait_longer_each_time() -> None:
    limiter = Limiter()

    waits = [limiter.block(None, now=0.0) for _ in range(8)]

    assert waits == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]
