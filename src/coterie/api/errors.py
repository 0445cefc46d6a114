"""Every error becomes one JSON shape, with the status that says whose turn it is."""

import math
from typing import Any

import msgspec
import structlog

from coterie.base.errors import CoterieError, PermanentError, TransientError
from coterie.lang.expr.errors import LangError, Problem

# What is not listed is 400 for a UserError, 503 for a TransientError and 500 for the rest; a
# UserError whose code starts with "unknown_" is 404.
STATUSES = {
    "token_missing": 401,
    "token_refused": 401,
    "token_revoked": 401,
    "signature_refused": 401,
    "address_refused": 403,
    "wrong_account": 403,
    "scope_missing": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "request_timeout": 408,
    "contradiction": 409,
    "draft_changed": 409,
    "draft_behind": 409,
    "request_too_large": 413,
    "event_too_large": 413,
    "unsupported_encoding": 415,
    "not_public": 404,
    "origin_refused": 403,
    "too_many_requests": 429,
    "too_many_bulk_loads": 429,
    "sent_too_fast": 429,
    "elsewhere": 501,
}
RETRY_SECONDS = 2.0
HTTP_MESSAGES = {
    404: "There is nothing at this address. Check the path; docs/reference/http.md lists them.",
    405: "This address takes another method. docs/reference/http.md says which.",
}

log = structlog.get_logger(__name__)


class ErrorAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The body of every answer that is no success; `code` is stable, `message` for a person.

    `errors` is there only if a text is wrong in places that can be named.
    """

    status: int
    message: str
    data: None = None
    code: str = ""
    errors: tuple[Problem, ...] | msgspec.UnsetType = msgspec.UNSET


def answer_error(error: BaseException) -> tuple[ErrorAnswer, dict[str, str]]:
    """Return the answer to a request that ended in `error`, with its extra headers.

    Errors that are not ours are logged, and answered without their text, which may hold anything.
    """
    if not isinstance(error, CoterieError):
        log.error("api.request.broke", exc_info=error)
        message = "Something broke here; the log of the server says what. Nothing was promised."
        return ErrorAnswer(status=500, message=message, code="internal"), {}
    if isinstance(error, PermanentError):
        log.error("api.request.failed", code=error.code, error=error.message)
    status = status_of(error)
    headers: dict[str, str] = {}
    if isinstance(error, TransientError):
        seconds = RETRY_SECONDS if error.retry_after is None else error.retry_after
        headers["retry-after"] = str(max(1, math.ceil(seconds)))
    elif status == 401:
        # RFC 9110, section 15.5.2.
        headers["www-authenticate"] = "Bearer"
    errors = error.problems if isinstance(error, LangError) else msgspec.UNSET
    return (
        ErrorAnswer(status=status, message=error.message, code=error.code, errors=errors),
        headers,
    )


def http_error(status: int, detail: str = "") -> ErrorAnswer:
    """Return the answer to a request that no route takes, or that `detail` says is malformed."""
    return ErrorAnswer(status=status, message=HTTP_MESSAGES.get(status, detail), code="http_error")


def status_of(error: CoterieError) -> int:
    """Return the HTTP status of one of our errors."""
    if error.code in STATUSES:
        return STATUSES[error.code]
    if isinstance(error, TransientError):
        return 503
    if isinstance(error, PermanentError):
        return 500
    return 404 if error.code.startswith("unknown_") else 400


def envelope(data: Any) -> dict[str, Any]:
    """Return the body of a successful answer."""
    return {"status": 200, "message": "success", "data": data}
