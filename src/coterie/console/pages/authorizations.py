"""Authorizations: list, create in two steps, look at, test, edit, delete."""

from typing import Any

from litestar import get, post
from litestar.params import FromPath

from coterie.base.errors import CoterieError
from coterie.console.doorkeeper import needs
from coterie.console.forms import Form, filled_form
from coterie.console.headers import Page
from coterie.console.pages.parts import Visitor
from coterie.console.visit import Visit
from coterie.control.authorizations import (
    PROVIDERS,
    create_authorization,
    delete_authorization,
    get_authorization,
    list_authorizations,
    test_authorization,
    update_authorization,
)
from coterie.control.jobs import list_jobs
from coterie.control.provider_webhook import OLD_SECRET
from coterie.control.providers import Method, find_method
from coterie.model.control import Authorization

HOME = "/data/authorizations"
CONFIG = "config:"
WITHOUT = "without"


@get(HOME, sync_to_thread=True)
def show_authorizations(visit: Visitor) -> Page:
    """List the authorizations with their health."""
    found = list_authorizations(visit.deps.store, visit.account)
    return visit.page("authorizations/list.html", authorizations=found, providers=PROVIDERS)


@get(f"{HOME}/new", sync_to_thread=False, opt=needs("data_manager"))
def show_providers(visit: Visitor) -> Page:
    """Ask which system to authorize: the first step."""
    return visit.page("authorizations/choose.html", providers=PROVIDERS.values())


@get(f"{HOME}/new/{{provider:str}}/{{method:str}}", sync_to_thread=False, opt=needs("data_manager"))
def show_new_authorization(visit: Visitor, provider: FromPath[str], method: FromPath[str]) -> Page:
    """Ask for the configuration: the second step."""
    asked = find_method(provider, method)
    form = filled_form({CONFIG + field.name: str(field.default) for field in asked.fields})
    return _new_page(visit, provider, asked, form=form)


@post(f"{HOME}/new/{{provider:str}}/{{method:str}}", sync_to_thread=True)
def do_create_authorization(visit: Visitor, provider: FromPath[str], method: FromPath[str]) -> Page:
    """Try the configuration; save it, or show the form again with the outside system's answer."""
    asked = find_method(provider, method)
    try:
        made = create_authorization(
            visit.deps.store,
            visit.deps.ring,
            account=visit.account,
            provider=provider,
            method=method,
            label=visit.form.text("label"),
            description=visit.form.text("description"),
            config=config_of(visit.form, asked),
            actor=visit.actor,
            now=visit.now,
            probe=visit.deps.probes.get(provider),
        )
    except CoterieError as error:
        return _new_page(visit, provider, asked, form=visit.form, failure=error.message)
    told = f" {made.health_detail}" if made.health_detail else ""
    return visit.go(f"{HOME}/{made.id}", notice=f"“{made.label}” was tried and works.{told}")


@get(f"{HOME}/{{authorization_id:int}}", sync_to_thread=True)
def show_authorization(visit: Visitor, authorization_id: FromPath[int]) -> Page:
    """Show an authorization without its secrets, with the jobs that use it."""
    found = get_authorization(visit.deps.store, visit.account, authorization_id)
    jobs = list_jobs(visit.deps.store, visit.account)
    return visit.page(
        "authorizations/detail.html",
        authorization=found,
        provider=PROVIDERS[found.provider],
        method=find_method(found.provider, found.method),
        jobs=[job for job in jobs if job.authorization_id == authorization_id],
    )


@post(f"{HOME}/{{authorization_id:int}}/test", sync_to_thread=True)
def do_test(visit: Visitor, authorization_id: FromPath[int]) -> Page:
    """Try a saved authorization again."""
    found = get_authorization(visit.deps.store, visit.account, authorization_id)
    probe = visit.deps.probes.get(found.provider)
    if probe is None:
        return visit.go(
            f"{HOME}/{found.id}", notice="This installation has no test for the provider."
        )
    tried = test_authorization(
        visit.deps.store,
        visit.deps.ring,
        account=visit.account,
        authorization_id=authorization_id,
        probe=probe,
        now=visit.now,
    )
    words = "It works." if tried.health == "healthy" else "It does not work; the answer is below."
    return visit.go(f"{HOME}/{found.id}", notice=f"“{found.label}” was tried. {words}")


@get(f"{HOME}/{{authorization_id:int}}/edit", sync_to_thread=True, opt=needs("data_manager"))
def show_edit(visit: Visitor, authorization_id: FromPath[int]) -> Page:
    """Show the form with everything but the secrets filled in."""
    found = get_authorization(visit.deps.store, visit.account, authorization_id)
    return _edit_page(visit, found, form=_form_of(found))


@post(f"{HOME}/{{authorization_id:int}}/edit", sync_to_thread=True)
def do_edit(visit: Visitor, authorization_id: FromPath[int]) -> Page:
    """Try the new configuration if it differs; save it, or say why not."""
    found = get_authorization(visit.deps.store, visit.account, authorization_id)
    try:
        _update(
            visit,
            found,
            label=visit.form.text("label"),
            description=visit.form.text("description"),
            config=config_of(visit.form, find_method(found.provider, found.method)),
            without=visit.form.choices(WITHOUT),
        )
    except CoterieError as error:
        return _edit_page(visit, found, form=visit.form, failure=error.message)
    return visit.go(f"{HOME}/{found.id}", notice="Your changes are saved.")


@post(f"{HOME}/{{authorization_id:int}}/take-old-secret-away", sync_to_thread=True)
def do_take_old_secret_away(visit: Visitor, authorization_id: FromPath[int]) -> Page:
    """Sign with the new secret alone, if the receiver takes that; else say what it answered."""
    found = get_authorization(visit.deps.store, visit.account, authorization_id)
    try:
        _update(visit, found, without=(OLD_SECRET,))
    except CoterieError as error:
        return visit.go(f"{HOME}/{found.id}", notice=f"Both secrets stay. {error.message}")
    return visit.go(f"{HOME}/{found.id}", notice="The old signing secret is gone.")


@get(f"{HOME}/{{authorization_id:int}}/delete", sync_to_thread=True, opt=needs("data_manager"))
def show_delete(visit: Visitor, authorization_id: FromPath[int]) -> Page:
    """Ask whether to delete an authorization, naming it."""
    found = get_authorization(visit.deps.store, visit.account, authorization_id)
    return visit.page("authorizations/delete.html", authorization=found, failure="")


@post(f"{HOME}/{{authorization_id:int}}/delete", sync_to_thread=True)
def do_delete(visit: Visitor, authorization_id: FromPath[int]) -> Page:
    """Delete an authorization with its secrets, or say what still uses it."""
    found = get_authorization(visit.deps.store, visit.account, authorization_id)
    try:
        delete_authorization(
            visit.deps.store,
            account=visit.account,
            authorization_id=authorization_id,
            actor=visit.actor,
            now=visit.now,
        )
    except CoterieError as error:
        context = {"authorization": found, "failure": error.message}
        return visit.page("authorizations/delete.html", status=400, **context)
    return visit.go(HOME, notice=f"Authorization “{found.label}” is deleted.")


def config_of(form: Form, method: Method) -> dict[str, str]:
    """Return what was entered for each option of a method; keys keep their line ends."""
    return {field.name: form.raw(CONFIG + field.name) for field in method.fields}


def _update(visit: Visit, found: Authorization, **changes: Any) -> None:
    """Try an authorization as it would be, and save it. Raises CoterieError."""
    update_authorization(
        visit.deps.store,
        visit.deps.ring,
        account=visit.account,
        authorization_id=found.id,
        actor=visit.actor,
        now=visit.now,
        probe=visit.deps.probes.get(found.provider),
        **changes,
    )


def _form_of(found: Authorization) -> Form:
    shown = {CONFIG + name: str(value) for name, value in found.public_config.items()}
    if found.public_config.get("instance"):
        # The URL follows from the instance; shown beside it, it would read as a second choice.
        shown[f"{CONFIG}endpoint_url"] = ""
    return filled_form({"label": found.label, "description": found.description} | shown)


def _new_page(
    visit: Visit, provider: str, method: Method, *, form: Form, failure: str = ""
) -> Page:
    return visit.page(
        "authorizations/new.html",
        status=400 if failure else 200,
        provider=PROVIDERS[provider],
        method=method,
        form=form,
        failure=failure,
    )


def _edit_page(visit: Visit, found: Authorization, *, form: Form, failure: str = "") -> Page:
    return visit.page(
        "authorizations/edit.html",
        status=400 if failure else 200,
        authorization=found,
        provider=PROVIDERS[found.provider],
        method=find_method(found.provider, found.method),
        form=form,
        failure=failure,
    )
