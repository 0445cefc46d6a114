"""How a stream takes events in."""

from typing import get_args

import msgspec
from litestar import get, post
from litestar.params import FromPath

from coterie.base.errors import UserError
from coterie.console.forms import Form, filled_form
from coterie.console.headers import Page
from coterie.console.pages.parts import Visitor
from coterie.console.visit import Visit
from coterie.control.definitions.intake import (
    BadIntakeError,
    drop_secret,
    get_intake,
    renew_secret,
    set_intake,
)
from coterie.model.intake import Algorithm, Intake

REPEATS = (
    ("message", "By its message id"),
    ("content", "By its content: it says what the last one about the same person said"),
)
ALGORITHMS = tuple((name, name.upper()) for name in get_args(Algorithm))


@get("/data/streams/{name:str}/rules", sync_to_thread=True)
def show_rules(visit: Visitor, name: FromPath[str]) -> Page:
    """Show the rules of a stream."""
    return _page(visit, name)


@post("/data/streams/{name:str}/rules", sync_to_thread=True)
def do_change_rules(visit: Visitor, name: FromPath[str]) -> Page:
    """Put changed rules in force."""
    try:
        intake = _read(visit.form, get_intake(visit.deps.store, visit.account, name).intake)
        set_intake(
            visit.deps.store,
            account=visit.account,
            stream=name,
            intake=intake,
            actor=visit.actor,
            clock=visit.deps.clock,
        )
    except UserError as error:
        return _page(visit, name, form=visit.form, failure=error.message)
    return visit.go(f"/data/streams/{name}", notice="The rules are in force.")


@post("/data/streams/{name:str}/secret", sync_to_thread=True)
def do_renew_secret(visit: Visitor, name: FromPath[str]) -> Page:
    """Make a secret, which the answer shows this once."""
    secret = renew_secret(
        visit.deps.store,
        visit.deps.ring,
        account=visit.account,
        stream=name,
        actor=visit.actor,
        clock=visit.deps.clock,
    )
    return _page(visit, name, secret=secret)


@post("/data/streams/{name:str}/secret/drop", sync_to_thread=True)
def do_drop_secret(visit: Visitor, name: FromPath[str]) -> Page:
    """Take signed requests no more."""
    drop_secret(
        visit.deps.store,
        account=visit.account,
        stream=name,
        actor=visit.actor,
        clock=visit.deps.clock,
    )
    return visit.go(
        f"/data/streams/{name}/rules", notice="Signed requests are refused from now on."
    )


def _page(
    visit: Visit, name: str, *, form: Form | None = None, failure: str = "", secret: str = ""
) -> Page:
    rules = get_intake(visit.deps.store, visit.account, name)
    return visit.page(
        "streams/rules.html",
        status=400 if failure else 200,
        rules=rules,
        form=form or _filled(rules.intake),
        failure=failure,
        secret=secret,
        repeats=REPEATS,
        algorithms=ALGORITHMS,
    )


def _filled(intake: Intake) -> Form:
    values = {
        "repeats": intake.repeats,
        "window": str(intake.window_minutes),
        "ignore": ", ".join(intake.ignore),
        "allow": ", ".join(intake.allow),
        "algorithm": intake.algorithm,
    }
    return filled_form(values | ({"is_braze": "yes"} if intake.is_braze else {}))


def _read(form: Form, before: Intake) -> Intake:
    window = form.whole_number("window")
    if window is None:
        raise BadIntakeError("The window of repeats is a whole number of minutes.")
    try:
        return msgspec.convert(
            {
                **msgspec.structs.asdict(before),
                "repeats": form.text("repeats"),
                "window_minutes": window,
                "ignore": form.words("ignore"),
                "allow": form.words("allow"),
                "algorithm": form.text("algorithm"),
                "is_braze": form.is_ticked("is_braze"),
            },
            Intake,
        )
    except msgspec.ValidationError as error:
        raise BadIntakeError("Choose from the lists of the page.") from error
