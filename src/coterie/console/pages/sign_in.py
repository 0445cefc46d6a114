"""The pages that begin a session in the console, or end it."""

import secrets
from datetime import timedelta

from litestar import get, post
from litestar.concurrency import sync_to_thread
from litestar.di import NamedDependency

from coterie.base.errors import UserError
from coterie.console.dependencies import ConsoleDependencies
from coterie.console.doorkeeper import (
    StaleFormError,
    WebRequest,
    is_same,
    needs,
    public_address,
    sent_form,
)
from coterie.console.headers import (
    SESSION_COOKIE,
    SIGN_IN_COOKIE,
    Page,
    html_page,
    no_cookie,
    private_cookie,
    see_other,
)
from coterie.console.rendering import render
from coterie.console.turns import Turns
from coterie.control.users import sign_in, sign_out

Deps = NamedDependency[ConsoleDependencies]


def local_path(text: str) -> str:
    """Return `text` if it is a path of this console, else "/" (never another site)."""
    is_local = text.startswith("/") and not text.startswith("//") and text.isprintable()
    return text if is_local and "\\" not in text else "/"


@get("/sign-in", sync_to_thread=False)
def show_sign_in(request: WebRequest) -> Page:
    """Show the sign-in form."""
    return _sign_in_page(request, wanted=local_path(request.query_params.get("next", "/")))


@post("/sign-in")
async def do_sign_in(request: WebRequest, deps: Deps, turns: NamedDependency[Turns]) -> Page:
    """Begin a session, or show the form again with the reason why not."""
    form = await sent_form(request)
    wanted = local_path(form.text("next"))
    email = form.text("email")
    if not is_same(form.raw("csrf_token"), request.cookies.get(SIGN_IN_COOKIE, "")):
        return _sign_in_page(request, wanted=wanted, email=email, error=StaleFormError())
    try:
        # Taken before the attempt is counted: who is sent away has not failed.
        async with turns.take():
            signed_in = await sync_to_thread(
                sign_in,
                deps.store,
                email=email,
                password=form.raw("password"),
                now=deps.clock(),
                lifetime=timedelta(hours=deps.settings.session_hours),
            )
    except UserError as error:
        return _sign_in_page(request, wanted=wanted, email=email, error=error)
    secure = public_address(request).startswith("https:")
    session = private_cookie(
        SESSION_COOKIE,
        signed_in.session_token,
        secure=secure,
        max_age=deps.settings.session_hours * 3600,
    )
    return see_other(wanted, cookies=(session, no_cookie(SIGN_IN_COOKIE, secure=secure)))


@post("/sign-out", opt=needs("observer"))
async def do_sign_out(request: WebRequest, deps: Deps) -> Page:
    """End the session at the server, not only in this browser."""
    token = request.cookies.get(SESSION_COOKIE, "")
    await sync_to_thread(sign_out, deps.store, session_token=token)
    secure = public_address(request).startswith("https:")
    return see_other("/sign-in", cookies=(no_cookie(SESSION_COOKIE, secure=secure),))


def _sign_in_page(
    request: WebRequest, *, wanted: str, email: str = "", error: UserError | None = None
) -> Page:
    token = request.cookies.get(SIGN_IN_COOKIE, "") or secrets.token_urlsafe(32)
    secure = public_address(request).startswith("https:")
    cookie = private_cookie(SIGN_IN_COOKIE, token, secure=secure)
    context = {"csrf_token": token, "next": wanted, "email": email}
    html = render("sign_in.html", context | {"failure": error.message if error else ""})
    return html_page(html, status=400 if error else 200, cookies=(cookie,))
