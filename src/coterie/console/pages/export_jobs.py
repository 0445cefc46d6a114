"""Making and changing export jobs: settings, then what they would do, then the start."""

from typing import Literal

import msgspec
from litestar import get, post
from litestar.params import FromPath

from coterie.base.errors import UserError
from coterie.console.doorkeeper import needs
from coterie.console.forms import Form, filled_form
from coterie.console.headers import Page
from coterie.console.pages.export_form import (
    EVENT_NAMES,
    FORM_NAMES,
    GROUP_ROWS,
    KIND_NAMES,
    LEAVING_NAMES,
    TYPE_NAMES,
    form_of,
    read_options,
)
from coterie.console.pages.feed_form import FEEDS, REPEATS_NAMES, USUAL_FEED
from coterie.console.pages.job_wizard import authorization_page, chosen_authorization
from coterie.console.pages.jobs import HOME
from coterie.console.pages.parts import Visitor
from coterie.console.pages.webhook_form import (
    METHOD_NAMES,
    USUAL_STATUSES,
    WEBHOOK_EVENT_NAMES,
    names_of_keys,
)
from coterie.console.visit import Visit
from coterie.control.authorizations import get_authorization
from coterie.control.definitions.audiences import list_audiences
from coterie.control.definitions.schema_versions import current_schema
from coterie.control.definitions.streams import list_streams
from coterie.control.jobs import (
    BadJobError,
    create_export,
    get_job,
    given_up,
    merge_options,
    say_waiting,
    update_export,
)
from coterie.model.control import Job
from coterie.model.dry_run import DryRun, FeedDryRun
from coterie.model.exports import ExportConfig
from coterie.model.schema import SCALAR_KINDS

NEW = f"{HOME}/new/{{what:str}}"
What = Literal[
    "export-audience", "export-profiles", "export-subscriptions", "export-events",
    "export-purchases", "webhook",
]  # fmt: skip
TITLES = {
    "export_audience": "Export Audience",
    "export_profiles": "Export Profiles",
    "export_subscriptions": "Export Subscriptions",
    "export_events": "Export Events",
    "export_purchases": "Export Purchases",
    "webhook": "Webhook",
}
_TEMPLATES = {"webhook": "jobs/webhook.html", **dict.fromkeys(FEEDS, "jobs/feed.html")}
USUAL_FIELDS = ("external_id", "user_id", "uid", "email")
ZONES = (
    "UTC", "Europe/London", "Europe/Berlin", "Europe/Paris", "Europe/Madrid", "Europe/Warsaw",
    "Europe/Helsinki", "America/New_York", "America/Chicago", "America/Denver",
    "America/Los_Angeles", "America/Sao_Paulo", "Africa/Johannesburg", "Asia/Dubai",
    "Asia/Kolkata", "Asia/Singapore", "Asia/Tokyo", "Australia/Sydney",
)  # fmt: skip


@get(NEW, sync_to_thread=True, opt=needs("data_manager"))
def show_new_export(visit: Visitor, what: FromPath[What]) -> Page:
    """Ask for the authorization, then for the settings of an export job."""
    if not visit.query.text("authorization"):
        return authorization_page(visit, _kind(what))
    usual = {
        "existing_users": "yes",
        "delete_forgotten": "yes",
        "attribute": "lytics_segments",
        "first": "external_id",
    }
    usual |= {"do_not_retry": USUAL_STATUSES, **USUAL_FEED}
    field = next((name for name in USUAL_FIELDS if name in _scalar_fields(visit)), "")
    return _settings_page(visit, _kind(what), form=filled_form(usual | {"identifier_field": field}))


@post(f"{NEW}/settings", sync_to_thread=True)
def do_show_settings(visit: Visitor, what: FromPath[What]) -> Page:
    """Show the settings again as they were entered."""
    return _settings_page(visit, _kind(what), form=visit.form)


@post(f"{NEW}/check", sync_to_thread=True)
def do_check_export(visit: Visitor, what: FromPath[What]) -> Page:
    """Say what the job would do, or show its form again with the reason why it cannot."""
    form = visit.form
    try:
        found = visit.deps.dry_runs.of_new(
            account=visit.account,
            authorization_id=chosen_authorization(visit).id,
            config=read_options(form, _kind(what)),
        )
        if not form.text("label"):
            raise BadJobError("Give the job a label.")
    except UserError as error:
        return _settings_page(visit, _kind(what), form=form, failure=error.message)
    return _check_page(visit, found, kind=_kind(what))


@post(NEW, sync_to_thread=True)
def do_create_export(visit: Visitor, what: FromPath[What]) -> Page:
    """Create an export job, or show its form again with the reason why not."""
    form = visit.form
    try:
        job = create_export(
            visit.deps.store,
            account=visit.account,
            label=form.text("label"),
            description=form.text("description"),
            authorization_id=chosen_authorization(visit).id,
            config=read_options(form, _kind(what)),
            actor=visit.actor,
            clock=visit.deps.clock,
        )
    except UserError as error:
        return _settings_page(visit, _kind(what), form=form, failure=error.message)
    return visit.go(f"{HOME}/{job.id}", notice=f"Job “{job.label}” is created.")


@get(f"{HOME}/{{job_id:int}}/edit", sync_to_thread=True, opt=needs("data_manager"))
def show_edit_export(visit: Visitor, job_id: FromPath[int]) -> Page:
    """Show the settings of an export that goes on."""
    job, config = _export(visit, job_id)
    return _settings_page(visit, job.kind, form=form_of(job, config), job=job)


@post(f"{HOME}/{{job_id:int}}/edit/settings", sync_to_thread=True)
def do_show_edit(visit: Visitor, job_id: FromPath[int]) -> Page:
    """Show the settings again as they were entered."""
    job, _ = _export(visit, job_id)
    return _settings_page(visit, job.kind, form=visit.form, job=job)


@post(f"{HOME}/{{job_id:int}}/edit/check", sync_to_thread=True)
def do_check_edit(visit: Visitor, job_id: FromPath[int]) -> Page:
    """Say what a change would do, or show the form again with the reason why it cannot be."""
    job, config = _export(visit, job_id)
    form = visit.form
    try:
        options = read_options(form, job.kind, config)
        found = visit.deps.dry_runs.of_change(
            account=visit.account, job_id=job.id, options=options, clean_up=True
        )
        gone = given_up(job, merge_options(config, options, now=visit.now))
    except UserError as error:
        return _settings_page(visit, job.kind, form=form, failure=error.message, job=job)
    return _check_page(visit, found, kind=job.kind, job=job, gone=gone)


@post(f"{HOME}/{{job_id:int}}/edit", sync_to_thread=True)
def do_edit_export(visit: Visitor, job_id: FromPath[int]) -> Page:
    """Change an export, or show its form again with the reason why not."""
    job, config = _export(visit, job_id)
    form = visit.form
    try:
        changed = update_export(
            visit.deps.store,
            account=visit.account,
            job_id=job.id,
            label=form.text("label"),
            description=form.text("description"),
            options=read_options(form, job.kind, config),
            clean_up=form.text("given_up") == "clean",
            actor=visit.actor,
            clock=visit.deps.clock,
        )
    except UserError as error:
        return _settings_page(visit, job.kind, form=form, failure=error.message, job=job)
    return visit.go(f"{HOME}/{job.id}", notice=f"Job “{changed.label}” is changed.")


def _export(visit: Visit, job_id: int) -> tuple[Job, ExportConfig]:
    job = get_job(visit.deps.store, visit.account, job_id)
    if not isinstance(job.config, ExportConfig):
        raise BadJobError(message=f"Job {job.id} is no export. Only exports can be changed.")
    return job, job.config


def _waiting(job: Job) -> str:
    return say_waiting(job.config) if isinstance(job.config, ExportConfig) else ""


def _scalar_fields(visit: Visit) -> list[str]:
    schema = current_schema(visit.deps.store, visit.account)
    ranked = sorted(
        (field for field in schema.fields if field.kind in SCALAR_KINDS),
        key=lambda field: (field.identifier.rank if field.identifier else 1_000, field.name),
    )
    return [field.name for field in ranked]


def _kind(what: str) -> str:
    return what.replace("-", "_")


def _path(kind: str, job: Job | None) -> str:
    return f"{HOME}/new/{kind.replace('_', '-')}" if job is None else f"{HOME}/{job.id}/edit"


def _settings_page(
    visit: Visit, kind: str, *, form: Form, failure: str = "", job: Job | None = None
) -> Page:
    store = visit.deps.store
    found = list_audiences(store, visit.account)
    if job is None:
        authorization = chosen_authorization(visit)
    else:
        authorization = get_authorization(store, visit.account, job.authorization_id or 0)
    return visit.page(
        _TEMPLATES.get(kind, "jobs/export.html"),
        status=400 if failure else 200,
        form=form,
        failure=failure,
        job=job,
        path=_path(kind, job),
        kind=kind,
        type_name=TITLES[kind],
        is_feed=kind in FEEDS,
        leaving=LEAVING_NAMES,
        types=TYPE_NAMES,
        group_rows=GROUP_ROWS,
        authorization=authorization,
        audiences=[each for each in found if each.state in ("building", "live")],
        fields=_scalar_fields(visit),
        all_fields=sorted(field.name for field in current_schema(store, visit.account).fields),
        kinds=KIND_NAMES,
        events=WEBHOOK_EVENT_NAMES if kind == "webhook" else EVENT_NAMES,
        methods=METHOD_NAMES,
        repeats=REPEATS_NAMES,
        forms=FORM_NAMES,
        streams=[each.name for each in list_streams(store, visit.account)],
        zones=ZONES,
    )


def _check_page(
    visit: Visit,
    found: DryRun | FeedDryRun,
    *,
    kind: str,
    job: Job | None = None,
    gone: list[str] | None = None,
) -> Page:
    kept = [
        (name, value)
        for name, values in visit.form.values.items()
        if name not in ("csrf_token", "given_up")
        for value in values
    ]
    return visit.page(
        "jobs/check_feed.html" if isinstance(found, FeedDryRun) else "jobs/check_export.html",
        found=found,
        samples=[msgspec.json.encode(body).decode() for body in found.samples],
        kept=kept,
        job=job,
        gone=names_of_keys(gone or []) if kind == "webhook" else gone or [],
        is_webhook=kind == "webhook",
        waiting="" if job is None else _waiting(job),
        what="purchases" if kind == "export_purchases" else "events",
        path=_path(kind, job),
        label=visit.form.text("label"),
    )
