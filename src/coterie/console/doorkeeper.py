"""Nobody reaches a page of the console without session, role and form token."""

import asyncio
import secrets
from datetime import timedelta
from typing import Any
from urllib.parse import unquote

from litestar import Request
from litestar.concurrency import sync_to_thread
from litestar.exceptions import ClientException, InternalServerException, NotFoundException

from coterie.base.errors import UserError
from coterie.console.dependencies import ConsoleDependencies
from coterie.console.forms import Form, read_form
from coterie.console.headers import FOLLOWING_COOKIE, NOTICE_COOKIE, SESSION_COOKIE
from coterie.console.visit import Visit
from coterie.control.users import get_session

NEEDS = "needs"
LARGEST_NUMBER = 2**63 - 1
FORM_SECONDS = 30.0
WebRequest = Request[Any, Any, Any]


class SignInNeededError(UserError):
    """The request carries no session that holds now."""

    code = "sign_in_needed"

    def __init__(self, *, path: str) -> None:
        super().__init__("You are not signed in, or your session has ended. Sign in to go on.")
        self.path = path


class StaleFormError(UserError):
    """The form was not made by this console for this session."""

    code = "stale_form"

    def __init__(self) -> None:
        super().__init__(
            "This form is no longer valid, so nothing was changed. "
            "Go back, reload the page and send the form again."
        )


class RoleTooSmallError(UserError):
    """The visitor's role does not cover what the page does."""

    code = "forbidden"

    def __init__(self, *, role: str, needed: str) -> None:
        super().__init__(
            f"Your role '{role}' may not do this: it needs '{needed}'. "
            "Ask an administrator of your account to do it or to change your role."
        )


def needs(scope: str) -> dict[str, str]:
    """Return a handler's `opt` that says which scope its visitors need."""
    return {NEEDS: scope}


def public_address(request: WebRequest) -> str:
    """Return scheme and host as the browser sees them, a TLS proxy in front considered."""
    scheme = request.headers.get("x-forwarded-proto", request.url.scheme).split(",")[0].strip()
    host = request.headers.get("host", request.url.netloc)
    return f"{'https' if scheme == 'https' else 'http'}://{host}"


async def sent_form(request: WebRequest) -> Form:
    """Return the form in the request's body, an empty one for GET.

    Raises `ClientException` if the body stays away for 30 seconds, or ends early.
    """
    if request.method != "POST":
        return Form()
    try:
        async with asyncio.timeout(FORM_SECONDS):
            sent = await request.form()
    except TimeoutError as error:
        late = "The form did not arrive in time, so nothing was changed. Send it again."
        raise ClientException(late, status_code=408) from error
    except InternalServerException as error:
        # Litestar's word for a body that ends before it is complete.
        raise ClientException("The form arrived incomplete. Send it again.") from error
    return read_form(sent.multi_items())


def is_same(presented: str, expected: str) -> bool:
    """Tell in constant time whether a form carries the expected token."""
    return bool(expected) and secrets.compare_digest(presented.encode(), expected.encode())


def _is_possible(request: WebRequest) -> bool:
    # PostgreSQL has no text with NUL and no number beyond 64 bits, so nothing has such a name.
    return not any(
        "\x00" in value if isinstance(value, str) else value > LARGEST_NUMBER
        for value in request.path_params.values()
    )


async def admit(request: WebRequest, deps: ConsoleDependencies) -> Visit:
    """Return the visit that a request starts.

    Raises `SignInNeededError`, `StaleFormError` for a POST without the session's form token, and
    `RoleTooSmallError`. Handlers that say nothing need "observer" to GET, "data_manager" to POST.
    """
    if not _is_possible(request):
        raise NotFoundException
    now = deps.clock()
    session_token = request.cookies.get(SESSION_COOKIE, "")
    session = await sync_to_thread(
        get_session,
        deps.store,
        session_token=session_token,
        now=now,
        idle=timedelta(minutes=deps.settings.session_idle_minutes),
        is_click=request.method != "GET" or FOLLOWING_COOKIE not in request.cookies,
    )
    if session is None:
        raise SignInNeededError(path=request.url.path if request.method == "GET" else "/")
    form = await sent_form(request)
    visit = Visit(
        deps=deps,
        session=session,
        form=form,
        query=read_form(request.query_params.multi_items()),
        path=request.url.path,
        address=public_address(request),
        notice=unquote(request.cookies.get(NOTICE_COOKIE, "")),
        now=now,
    )
    request.state.visit = visit
    if request.method == "POST" and not is_same(form.raw("csrf_token"), session.csrf_token):
        raise StaleFormError
    default = "observer" if request.method == "GET" else "data_manager"
    needed = request.route_handler.opt.get(NEEDS, default)
    if not visit.may(needed):
        raise RoleTooSmallError(role=session.person.role, needed=needed)
    return visit
