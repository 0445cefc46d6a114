"""A number of requests in a window of time."""

import re

import msgspec

from braze_sandbox.errors import RefusedError

_FORM = re.compile(r"(\d+)/(\d*)(s|min|h|day)")
_SECONDS = {"s": 1, "min": 60, "h": 3600, "day": 86_400}


class BadRateError(RefusedError):
    """A limit is not written as a rate."""

    def __init__(self, text: str) -> None:
        super().__init__(
            400, f"'{text}' is no rate limit. Write one like 250000/h, 250/min, 50/s or 3000/3s."
        )


class Rate(msgspec.Struct, frozen=True):
    """At most `requests` in each window of `seconds`."""

    requests: int
    seconds: int


def read_rate(text: str) -> Rate:
    """Return the rate written as `250000/h`, `250/min`, `50/s`, `3000/3s` or `100/day`.

    Raise BadRateError (400) for another form.
    """
    match = _FORM.fullmatch(text)
    if match is None:
        raise BadRateError(text)
    requests, count, unit = match.groups()
    return Rate(int(requests), int(count or 1) * _SECONDS[unit])
