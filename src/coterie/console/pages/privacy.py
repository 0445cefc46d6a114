"""People's rights: all that is held about a person as a file, and forgetting the person."""

import msgspec
from litestar import get, post

from coterie.base.errors import UserError
from coterie.console.headers import Page, download
from coterie.console.pages.parts import Visitor, actor_names
from coterie.console.visit import Visit
from coterie.control.erasures import list_erasures
from coterie.control.jobs import list_jobs
from coterie.control.jobs.states import ENDED
from coterie.model.exports import ExportConfig
from coterie.model.webhooks import WebhookConfig

# Sums are decimals, which would travel as text otherwise.
_encode = msgspec.json.Encoder(decimal_format="number").encode


# POSTs keep the e-mail addresses that they are about out of addresses, histories and access logs.
@post("/profiles/export", sync_to_thread=True, status_code=200)
def do_export(visit: Visitor) -> Page:
    """Give all that is held about a person as a file."""
    identifier = visit.form.text("field"), visit.form.text("value")
    found = visit.deps.dossier(visit.account, identifier, visit.actor)
    if found is None:
        return visit.go("/profiles", notice="Nobody has this identifier any more.")
    text = msgspec.json.format(_encode(found), indent=2)
    return download(text, name=f"profile-{found.profile.profile_id}.json")


@post("/profiles/forget", sync_to_thread=True, status_code=200)
def do_ask_to_forget(visit: Visitor) -> Page:
    """Ask whether to forget a person, and say what that means."""
    return _ask_page(visit)


@post("/profiles/forget/now", sync_to_thread=True, status_code=200)
def do_forget(visit: Visitor) -> Page:
    """Forget a person."""
    identifier = visit.form.text("field"), visit.form.text("value")
    blocks = visit.form.is_ticked("block")
    try:
        visit.deps.forget(visit.account, identifier, blocks, visit.actor)
    except UserError as error:
        return _ask_page(visit, failure=error.message)
    return visit.go("/profiles/erasures", notice="The profile is gone; the rest follows.")


@get("/profiles/erasures", sync_to_thread=True)
def show_erasures(visit: Visitor) -> Page:
    """List erasures, and how far they are."""
    return visit.page(
        "profiles/erasures.html",
        erasures=list_erasures(visit.deps.store, visit.account),
        names=actor_names(visit),
    )


def _ask_page(visit: Visit, *, failure: str = "") -> Page:
    return visit.page(
        "profiles/forget.html",
        status=400 if failure else 200,
        field=visit.form.text("field"),
        value=visit.form.text("value"),
        deleting=_deleting_jobs(visit),
        failure=failure,
    )


def _deleting_jobs(visit: Visit) -> list[str]:
    """Return the labels of the jobs whose users are deleted in Braze when they are forgotten."""
    return [
        job.label
        for job in list_jobs(visit.deps.store, visit.account)
        if isinstance(job.config, ExportConfig) and not isinstance(job.config, WebhookConfig)
        if job.config.delete_forgotten and job.state not in ENDED
    ]
