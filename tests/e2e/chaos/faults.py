"""Everything that a destination can do to a sender, each with a probability."""

from braze_sandbox.model.fault import Fault
from braze_sandbox.sandbox import BrazeSandbox

TIMEOUT = 1.0
"""How long a request of the sender may take, in seconds."""

PATH = "/users/track"
# Slow ones come in time; late ones do their work when the sender has long given up.
SLOW, LATE, HANG = 0.3 * TIMEOUT, 1.3 * TIMEOUT, 1.5 * TIMEOUT
LIFE = "10"
"""Seconds after which nothing that was given up is worked any more, on a busy machine too."""


def plan_chaos(sandbox: BrazeSandbox, chance: float) -> None:
    """Let every kind of fault hit a request with a probability."""

    def plan(**what: object) -> None:
        sandbox.engine.faults.plan(Fault(path=PATH, times=None, chance=chance, **what))  # type: ignore[arg-type]

    plan(status=429, rate_headers="none")
    plan(status=429, rate_headers="data_points", retry_after=1)
    plan(status=429, rate_headers="mau", retry_after=1)
    plan(status=500)
    plan(status=503, after_work=True)
    plan(cut=True)
    plan(cut=True, after_work=True)
    plan(hang_seconds=HANG)
    plan(hang_seconds=HANG, after_work=True)
    plan(delay_seconds=SLOW)
    plan(delay_seconds=LATE)
    plan(reject_every=40)
