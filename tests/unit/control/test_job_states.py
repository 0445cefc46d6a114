from typing import get_args

import pytest

from coterie.control.jobs.states import (
    ACTIVE,
    ALLOWED,
    ENDED,
    JobStateError,
    check_step,
    may_follow,
)
from coterie.model.control import JobState

STATES: tuple[JobState, ...] = get_args(JobState)


def test_every_state_has_its_followers_listed() -> None:
    assert set(ALLOWED) == set(STATES)


def test_nothing_but_deletion_follows_the_end() -> None:
    for state in ENDED:
        assert ALLOWED[state] <= {"deleted"}


def test_nothing_brings_a_deleted_job_back() -> None:
    assert not ALLOWED["deleted"]


@pytest.mark.parametrize("state", [state for state in STATES if state not in ENDED])
def test_every_job_that_has_not_ended_can_be_killed(state: JobState) -> None:
    assert may_follow(state, "killed")


@pytest.mark.parametrize("state", sorted(ACTIVE))
def test_an_active_job_can_be_taken_by_a_runner_and_paused(state: JobState) -> None:
    assert may_follow(state, "running")
    assert may_follow(state, "paused")


def test_a_failed_job_can_be_resumed() -> None:
    assert may_follow("failed", "runnable")


def test_a_forbidden_step_is_refused_with_what_is_possible() -> None:
    with pytest.raises(JobStateError, match=r"Job 7 is completed .* become deleted"):
        check_step(7, "completed", "paused")
