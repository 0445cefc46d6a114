"""The paths of the collect door."""

import msgspec
from litestar.types import HTTPScope

from coterie.base.errors import UserError
from coterie.model.readings import (
    BODY,
    BULK,
    CURRENTS,
    QUERY,
    SEGMENT_BATCHES,
    SEGMENT_CALLS,
    Reading,
)

COLLECT_PREFIXES = ("/c/", "/collect/", "/v1/", "/currents/")
SEGMENT_STREAM = "segment"
CURRENTS_STREAM = "braze_currents"
# Of 64 bits; Python also refuses to read numbers of thousands of digits.
LONGEST_ACCOUNT = 18


class NotFoundError(UserError):
    """No collect route has this path."""

    code = "not_found"

    def __init__(self, *, path: str) -> None:
        super().__init__(
            f"There is nothing at {path!r}. Events go to /c/<account>/<stream>, "
            "/collect/json/<stream>, /collect/bulk/<stream>, /v1/<call> of the Segment spec, or "
            "/currents/<account>."
        )


class MethodNotAllowedError(UserError):
    """A collect route was asked with another method than its own."""

    code = "method_not_allowed"

    def __init__(self, *, method: str, path: str) -> None:
        super().__init__(f"{method} does nothing at {path!r}. Send events with POST.")


class Target(msgspec.Struct, frozen=True):
    """Where events go and how they are read; `account` None means that of the token."""

    account: int | None
    stream: str
    route: str
    reading: Reading = BODY


def find_target(path: str) -> Target:
    """Return where the events of a POST to `path` go. Raises NotFoundError."""
    parts = path.strip("/").split("/")
    match parts:
        case ["c", account, stream] if is_number(account) and stream:
            return Target(int(account), stream, "/c")
        case ["collect", "json", stream] if stream:
            return Target(None, stream, "/collect/json")
        case ["collect", "bulk", stream] if stream:
            return Target(None, stream, "/collect/bulk", BULK)
        case ["v1", call] if call in SEGMENT_CALLS or call in SEGMENT_BATCHES:
            return Target(None, SEGMENT_STREAM, "/v1", Reading("segment", call))
        case ["currents", account] if is_number(account):
            return Target(int(account), CURRENTS_STREAM, "/currents", CURRENTS)
        case ["currents", account, stream] if is_number(account) and stream:
            return Target(int(account), stream, "/currents", CURRENTS)
    raise NotFoundError(path=path)


def choose_reading(scope: HTTPScope, target: Target) -> Reading:
    """Return how the request is read: a GET holds its event in the query string.

    Raises MethodNotAllowedError.
    """
    method = scope["method"]
    if method == "POST":
        return target.reading
    if method == "GET" and target.route == "/c":
        return QUERY
    raise MethodNotAllowedError(method=str(method), path=scope["path"])


def is_number(text: str) -> bool:
    """Answer whether a part of a path is the number of an account."""
    return text.isascii() and text.isdigit() and len(text) <= LONGEST_ACCOUNT
