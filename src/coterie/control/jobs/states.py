"""The states of a job, and which may follow which."""

from coterie.base.errors import UserError
from coterie.model.control import JobState

ACTIVE: frozenset[JobState] = frozenset({"runnable", "running", "sleeping", "fault"})
"""A runner works on these, now or at their `run_at`."""

ENDED: frozenset[JobState] = frozenset({"completed", "killed", "deleted"})
"""Nothing follows but deletion; they hold on to no authorization and no audience."""

# The states are Lytics' API states. Failed is what errors in a row for over ten hours become.
ALLOWED: dict[JobState, frozenset[JobState]] = {
    "runnable": frozenset({"running", "paused", "killed", "deleted"}),
    "running": frozenset(
        {"running", "sleeping", "completed", "fault", "failed", "paused", "killed", "deleted"}
    ),
    "sleeping": frozenset({"running", "paused", "killed", "deleted"}),
    "fault": frozenset({"running", "paused", "killed", "deleted"}),
    "paused": frozenset({"runnable", "running", "killed", "deleted"}),
    "failed": frozenset({"runnable", "running", "killed", "deleted"}),
    "completed": frozenset({"deleted"}),
    "killed": frozenset({"deleted"}),
    "deleted": frozenset(),
}
"""What may follow each state; a person pauses, resumes, kills, deletes, the rest is a runner's."""


class JobStateError(UserError):
    """The job cannot go from its state to the one asked for."""

    code = "job_state"

    def __init__(self, *, job_id: int, state: JobState, wanted: JobState) -> None:
        after = sorted(ALLOWED[state])
        cure = f"From there it can become {', '.join(after)}." if after else "It is gone for good."
        super().__init__(f"Job {job_id} is {state} and cannot become {wanted}. {cure}")


def may_follow(state: JobState, wanted: JobState) -> bool:
    """Answer whether a job in `state` may become `wanted`."""
    return wanted in ALLOWED[state]


def check_step(job_id: int, state: JobState, wanted: JobState) -> None:
    """Raise JobStateError unless the step is allowed."""
    if not may_follow(state, wanted):
        raise JobStateError(job_id=job_id, state=state, wanted=wanted)
