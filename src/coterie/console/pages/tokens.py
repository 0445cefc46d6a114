"""Access tokens: list, create, show once, revoke."""

from datetime import UTC, datetime, time, timedelta

from litestar import get, post
from litestar.params import FromPath

from coterie.base.errors import UserError
from coterie.console.doorkeeper import needs
from coterie.console.forms import Form, filled_form
from coterie.console.headers import Page
from coterie.console.pages.parts import Visitor, actor_names
from coterie.console.visit import Visit
from coterie.control.tokens import UnknownTokenError, create_token, list_tokens, revoke_token
from coterie.model.control import AccessToken

EXPIRIES = (
    ("7", "7 days"),
    ("30", "30 days"),
    ("90", "90 days"),
    ("custom", "On a day of my choice"),
    ("never", "Never"),
)
SCOPE_WORDS = (
    ("data_write", "Sends events only. Right for Braze webhooks, websites and servers."),
    ("data_manager", "Sends data, reads everything, manages authorizations, audiences and jobs."),
    ("observer", "Reads only."),
    ("admin", "Everything, access tokens included."),
)


class BadExpiryError(UserError):
    """The day on which a token is to end cannot be understood."""

    code = "bad_expiry"

    def __init__(self) -> None:
        super().__init__(
            "Choose when the token expires. For a day of your choice enter it as year-month-day, "
            "such as 2031-05-31."
        )


@get("/account/tokens", sync_to_thread=True)
def show_tokens(visit: Visitor) -> Page:
    """List the account's tokens, those that still work first."""
    tokens = list_tokens(visit.deps.store, visit.account)
    rows = sorted(((token, state_of(token, visit.now)) for token in tokens), key=_is_over)
    return visit.page("account/tokens.html", rows=rows, names=actor_names(visit))


@get("/account/tokens/new", sync_to_thread=False, opt=needs("admin"))
def show_new_token(visit: Visitor) -> Page:
    """Show the form for a new token."""
    form = filled_form({"expiry": "90", "scopes": ["data_write"]})
    return _new_page(visit, form)


@post("/account/tokens/new", sync_to_thread=True, opt=needs("admin"))
def do_create_token(visit: Visitor) -> Page:
    """Create a token, then show its text this once."""
    form = visit.form
    try:
        expires_at = expiry_of(form.text("expiry"), form.text("expiry_day"), now=visit.now)
        made = create_token(
            visit.deps.store,
            account=visit.account,
            name=form.text("name"),
            description=form.text("description"),
            scopes=form.choices("scopes"),
            expires_at=expires_at,
            actor=visit.actor,
            now=visit.now,
        )
    except UserError as error:
        return _new_page(visit, form, failure=error.message)
    webhook = f"{visit.address}/c/{visit.account}/braze_users?key={made.token}"
    return visit.page("account/token_created.html", made=made, webhook=webhook)


@get("/account/tokens/{token_id:int}/revoke", sync_to_thread=True, opt=needs("admin"))
def show_revoke(visit: Visitor, token_id: FromPath[int]) -> Page:
    """Ask whether to revoke a token, naming it."""
    return visit.page("account/token_revoke.html", token=_get(visit, token_id))


@post("/account/tokens/{token_id:int}/revoke", sync_to_thread=True, opt=needs("admin"))
def do_revoke(visit: Visitor, token_id: FromPath[int]) -> Page:
    """Revoke a token at once."""
    token = revoke_token(
        visit.deps.store,
        account=visit.account,
        token_id=token_id,
        actor=visit.actor,
        now=visit.now,
    )
    return visit.go("/account/tokens", notice=f"Access token “{token.name}” no longer works.")


def state_of(token: AccessToken, now: datetime) -> str:
    """Return "active", "expired" or "revoked"."""
    if token.revoked_at is not None:
        return "revoked"
    return "expired" if token.expires_at is not None and token.expires_at <= now else "active"


def expiry_of(choice: str, day: str, *, now: datetime) -> datetime | None:
    """Return when a token ends, None for never; a chosen day counts to its end in UTC.

    Raises BadExpiryError.
    """
    if choice == "never":
        return None
    if choice in ("7", "30", "90"):
        return now + timedelta(days=int(choice))
    try:
        chosen = datetime.strptime(day if choice == "custom" else "", "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no zone
        return datetime.combine(chosen, time.min, tzinfo=UTC) + timedelta(days=1)
    except (ValueError, OverflowError) as error:
        raise BadExpiryError from error


def _get(visit: Visit, token_id: int) -> AccessToken:
    for token in list_tokens(visit.deps.store, visit.account):
        if token.id == token_id:
            return token
    raise UnknownTokenError(account=visit.account, token_id=token_id)


def _is_over(row: tuple[AccessToken, str]) -> bool:
    return row[1] != "active"


def _new_page(visit: Visit, form: Form, *, failure: str = "") -> Page:
    return visit.page(
        "account/token_new.html",
        status=400 if failure else 200,
        form=form,
        failure=failure,
        expiries=EXPIRIES,
        scope_words=SCOPE_WORDS,
    )
