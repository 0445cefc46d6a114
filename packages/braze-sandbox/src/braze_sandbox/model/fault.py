"""A misbehaviour that the sandbox is asked to show."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from braze_sandbox.settings import YEAR, Seconds


class Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What goes wrong with the next requests whose path begins with `path`.

    `times` requests are hit (None: all until removed), each with probability `chance`. First the
    request waits `delay_seconds`. Then one thing happens: with `status` it is answered so; with
    `cut` the connection is cut without an answer; with `hang_seconds` the answer is held back so
    long and then the connection is cut. `after_work` does the work first, so that the caller
    cannot know whether it was done. `rate_headers` is the header set of a status answer, which
    tells to wait `retry_after` seconds; `body` is its JSON. `spare` requests pass before the first
    is hit. `reject_every` refuses every n-th object of a /users/track request and does the rest.
    With `hold` the request waits until the faults are released: its work comes late, whoever gave
    up.
    """

    path: str = "/"
    times: Annotated[int, Meta(ge=1)] | None = 1
    spare: Annotated[int, Meta(ge=0)] = 0
    chance: Annotated[float, Meta(ge=0, le=1)] = 1.0
    delay_seconds: Seconds = 0.0
    status: Annotated[int, Meta(ge=200, le=599)] | None = None
    body: dict[str, str] | None = None
    rate_headers: Literal["none", "data_points", "mau", "retry_after"] = "none"
    retry_after: Annotated[int, Meta(ge=0, le=YEAR)] = 1
    cut: bool = False
    hang_seconds: Seconds | None = None
    after_work: bool = False
    hold: bool = False
    reject_every: Annotated[int, Meta(ge=1)] | None = None
