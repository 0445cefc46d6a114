"""What a visitor sees when something fails."""

from typing import Any
from urllib.parse import quote

import structlog
from litestar import Request
from litestar.exceptions import HTTPException

from coterie.base.errors import CoterieError, PermanentError, TransientError
from coterie.console.doorkeeper import RoleTooSmallError, SignInNeededError
from coterie.console.headers import Page, html_page, see_other
from coterie.console.rendering import render
from coterie.console.visit import Visit

log = structlog.get_logger()

NOT_FOUND = "There is nothing at this address. Check it, or start again from the overview."
BROKEN = (
    "The console could not do this because of a fault of its own. Nothing is half done. "
    "Try again; if it happens again, look for 'console.failed' in the log of the server."
)
HTTP_MESSAGES = {
    404: NOT_FOUND,
    405: "This address takes another kind of request. Start again from the overview.",
    408: "The form did not arrive in time, so nothing was changed. Send it again.",
    413: "The form is too large. Shorten what you entered and send it again.",
}
TITLES = {
    400: "That did not work",
    403: "Not allowed",
    404: "Not found",
    503: "Try again in a moment",
    500: "Something broke",
}
WebRequest = Request[Any, Any, Any]


def status_of(error: CoterieError) -> int:
    """Return the HTTP status that fits an error."""
    if isinstance(error, RoleTooSmallError):
        return 403
    if isinstance(error, TransientError):
        return 503
    if isinstance(error, PermanentError):
        return 500
    return 404 if error.code.startswith("unknown_") else 400


def show_sign_in(_: WebRequest, error: SignInNeededError) -> Page:
    """Send a visitor without session to the sign-in page."""
    return see_other("/sign-in" + (f"?next={quote(error.path)}" if error.path != "/" else ""))


def show_error(request: WebRequest, error: CoterieError) -> Page:
    """Show an error of ours on a page."""
    return failure_page(request, status=status_of(error), message=error.message)


def show_http_error(request: WebRequest, error: HTTPException) -> Page:
    """Show a wrong address or an impossible request on a page."""
    status = error.status_code
    return failure_page(request, status=status, message=HTTP_MESSAGES.get(status, error.detail))


def show_fault(request: WebRequest, error: Exception) -> Page:
    """Show that we failed; the reason goes to the log."""
    log.error("console.failed", path=request.url.path, kind=type(error).__name__, exc_info=error)
    return failure_page(request, status=500, message=BROKEN)


def failure_page(request: WebRequest, *, status: int, message: str) -> Page:
    """Return the page of a failure, with navigation if the visitor is signed in."""
    context = {"title": TITLES.get(status, TITLES[400]), "message": message}
    visit = request.state.get("visit")
    if isinstance(visit, Visit):
        return visit.page("failure.html", status=status, **context)
    return html_page(render("failure_signed_out.html", context), status=status)


FAILURES: dict[int | type[Exception], Any] = {
    SignInNeededError: show_sign_in,
    CoterieError: show_error,
    HTTPException: show_http_error,
    Exception: show_fault,
}
