"""The garbage collector waits for a batch, and goes on after it."""

import gc
from collections.abc import Iterator

import pytest

from coterie.base.garbage import keep_what_is_there, paused_collector


@pytest.fixture(autouse=True)
def _collector_as_it_was() -> Iterator[None]:
    was_enabled = gc.isenabled()
    yield
    if was_enabled:
        gc.enable()
    else:
        gc.disable()


def test_the_collector_waits_for_a_batch() -> None:
    gc.enable()

    with paused_collector():
        inside = gc.isenabled()

    assert (inside, gc.isenabled()) == (False, True)


def test_the_collector_goes_on_after_a_batch_that_failed() -> None:
    gc.enable()

    with pytest.raises(ValueError, match="broken"), paused_collector():
        raise ValueError("broken")

    assert gc.isenabled()


def test_a_collector_that_is_off_stays_off() -> None:
    gc.disable()

    with paused_collector(), paused_collector():
        pass

    assert not gc.isenabled()


def test_one_of_two_pauses_that_overlap_lets_the_collector_go_on() -> None:
    gc.enable()
    first, second = paused_collector(), paused_collector()

    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    second.__exit__(None, None, None)

    assert gc.isenabled()


def test_what_a_start_made_is_visited_no_more() -> None:
    before = gc.get_freeze_count()
    try:
        keep_what_is_there()
        kept = gc.get_freeze_count()
    finally:
        gc.unfreeze()

    assert kept > before
