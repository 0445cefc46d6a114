"""Jobs: list, look at, pause, resume, kill, delete."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from litestar import get, post
from litestar.params import FromPath
from msgspec.structs import replace

from coterie.base.words import counted
from coterie.console.doorkeeper import needs
from coterie.console.formats import IDENTIFIER_NAMES
from coterie.console.headers import Page
from coterie.console.pages.parts import Visitor, actor_names, veil_for
from coterie.console.visit import Visit
from coterie.control.authorizations import list_authorizations
from coterie.control.definitions.audiences import list_audiences
from coterie.control.jobs import (
    delete_job,
    get_job,
    job_logs,
    kill_job,
    list_jobs,
    pause_job,
    resume_job,
)
from coterie.control.jobs.states import ENDED, may_follow
from coterie.model.control import ENDING, Audience, ImportCsvConfig, Job
from coterie.model.exports import ExportAudienceConfig, ExportConfig
from coterie.model.feeds import FeedConfig
from coterie.model.file_exports import ExportFilesConfig, WrittenFile
from coterie.model.imports import ImportedFile
from coterie.model.ledger import DeliveryView

HOME = "/data/jobs"
KINDS = {
    "export_audience": "Export Audience",
    "export_profiles": "Export Profiles",
    "export_subscriptions": "Export Subscriptions",
    "export_events": "Export Events",
    "export_purchases": "Export Purchases",
    "export_files": "Export to SFTP",
    "webhook": "Webhook",
    "import_csv": "Import CSV",
}
EDIT_OF = {"export_files": "edit-files", "import_csv": "edit-import"}
LOG_LINES = 20
REFUSED_SHOWN = 50
OMITTED_SHOWN = 20


@get(HOME, sync_to_thread=True)
def show_jobs(visit: Visitor) -> Page:
    """List the jobs with their states."""
    authorizations = list_authorizations(visit.deps.store, visit.account)
    return visit.page(
        "jobs/list.html",
        jobs=list_jobs(visit.deps.store, visit.account),
        kinds=KINDS,
        labels={each.id: each.label for each in authorizations},
    )


@get(f"{HOME}/{{job_id:int}}", sync_to_thread=True)
def show_job(visit: Visitor, job_id: FromPath[int]) -> Page:
    """Show a job: state, progress, figures, settings, log."""
    store = visit.deps.store
    job = get_job(store, visit.account, job_id)
    authorizations = {each.id: each for each in list_authorizations(store, visit.account)}
    before = visit.query.whole_number("before")
    log_lines = job_logs(store, visit.account, job_id, LOG_LINES, before=before)
    omitted = visit.deps.reads.omitted_users(visit.account, job_id, OMITTED_SHOWN)
    refused = visit.deps.reads.refused_users(visit.account, job_id, REFUSED_SHOWN)
    known = {each.slug: each for each in list_audiences(store, visit.account, with_archived=True)}
    veil = veil_for(visit)
    if veil is not None:
        omitted = tuple(veil.omitted(one) for one in omitted)
        refused = tuple(replace(one, recipient="hidden", record="") for one in refused)
    return visit.page(
        "jobs/detail.html",
        job=job,
        kind=KINDS[job.kind],
        authorization=authorizations.get(job.authorization_id or 0),
        audiences=_audiences(job, known),
        audience_names={slug: each.name for slug, each in known.items()},
        figures=visit.deps.reads.job_figures(visit.account, job_id, visit.now),
        omitted=omitted,
        refused=refused,
        files=_files(visit, job),
        written_files=_written_files(visit, job),
        writes_files=isinstance(job.config, ExportFilesConfig),
        delivery=_delivery(visit, job),
        log_lines=log_lines,
        log_before=before,
        older_log=log_lines[-1].id if len(log_lines) == LOG_LINES else None,
        names=actor_names(visit),
        is_export=isinstance(job.config, ExportConfig),
        is_feed=isinstance(job.config, FeedConfig),
        ending=job.checkpoint.get(ENDING),
        written=sorted(job.config.keys) if isinstance(job.config, ExportConfig) else [],
        crowded=visit.deps.reads.crowded(visit.account, job_id),
        kinds_of_identifiers=IDENTIFIER_NAMES,
        steps=_steps(job),
        edit=EDIT_OF.get(job.kind, "edit"),
    )


def _delivery(visit: Visit, job: Job) -> DeliveryView | None:
    if job.destination_id is None:
        return None
    return visit.deps.deliveries.find(visit.account, job.destination_id)


@post(f"{HOME}/{{job_id:int}}/pause", sync_to_thread=True)
def do_pause(visit: Visitor, job_id: FromPath[int]) -> Page:
    """Pause a job."""
    return _take_step(visit, job_id, pause_job, "“{}” is paused. Nothing is sent until you resume.")


@post(f"{HOME}/{{job_id:int}}/resume", sync_to_thread=True)
def do_resume(visit: Visitor, job_id: FromPath[int]) -> Page:
    """Resume a job."""
    return _take_step(visit, job_id, resume_job, "“{}” goes on.")


@post(f"{HOME}/{{job_id:int}}/replay", sync_to_thread=True)
def do_replay(visit: Visitor, job_id: FromPath[int]) -> Page:
    """Send the users that the destination refused again."""
    job = get_job(visit.deps.store, visit.account, job_id)
    users = visit.deps.replay_refused(visit.account, job_id, visit.actor, visit.now)
    return visit.go(f"{HOME}/{job.id}", notice=f"{counted(users, 'user')} will be sent again.")


@get(f"{HOME}/{{job_id:int}}/kill", sync_to_thread=True, opt=needs("data_manager"))
def show_kill(visit: Visitor, job_id: FromPath[int]) -> Page:
    """Ask whether to kill a job, saying what that undoes."""
    return _confirm_page(visit, job_id, step="kill")


@post(f"{HOME}/{{job_id:int}}/kill", sync_to_thread=True)
def do_kill(visit: Visitor, job_id: FromPath[int]) -> Page:
    """Kill a job."""
    step, notice = _ending(visit, kill_job, "“{}” is killed. It stays in the list.")
    return _take_step(visit, job_id, step, notice)


@get(f"{HOME}/{{job_id:int}}/delete", sync_to_thread=True, opt=needs("data_manager"))
def show_delete(visit: Visitor, job_id: FromPath[int]) -> Page:
    """Ask whether to delete a job, saying what that undoes."""
    return _confirm_page(visit, job_id, step="delete")


@post(f"{HOME}/{{job_id:int}}/delete", sync_to_thread=True)
def do_delete(visit: Visitor, job_id: FromPath[int]) -> Page:
    """Delete a job."""
    step, notice = _ending(visit, delete_job, "“{}” is deleted.")
    return _take_step(visit, job_id, step, notice, after=HOME)


def _files(visit: Visit, job: Job) -> Sequence[ImportedFile]:
    if not isinstance(job.config, ImportCsvConfig):
        return ()
    return visit.deps.files.files(visit.account, job.id)


def _written_files(visit: Visit, job: Job) -> Sequence[WrittenFile]:
    if not isinstance(job.config, ExportFilesConfig):
        return ()
    return visit.deps.files.written(visit.account, job.id)


def _steps(job: Job) -> dict[str, bool]:
    return {
        "pause": may_follow(job.state, "paused"),
        "resume": job.state in ("paused", "failed"),
        "edit": job.state not in ENDED and ENDING not in job.checkpoint,
        "kill": may_follow(job.state, "killed"),
        "delete": may_follow(job.state, "deleted"),
    }


def _ending(visit: Visit, step: Callable[..., Job], notice: str) -> tuple[Callable[..., Job], str]:
    if visit.form.text("given_up") != "clean":
        return step, notice
    return partial(step, clean_up=True), "“{}” takes away what it wrote, and then ends."


def _take_step(
    visit: Visit, job_id: int, step: Callable[..., Job], notice: str, after: str = ""
) -> Page:
    job = step(
        visit.deps.store,
        account=visit.account,
        job_id=job_id,
        actor=visit.actor,
        clock=visit.deps.clock,
    )
    return visit.go(after or f"{HOME}/{job_id}", notice=notice.format(job.label))


def _confirm_page(visit: Visit, job_id: int, *, step: str) -> Page:
    job = get_job(visit.deps.store, visit.account, job_id)
    return visit.page(
        "jobs/confirm.html",
        job=job,
        step=step,
        is_export=isinstance(job.config, ExportConfig),
        is_feed=isinstance(job.config, FeedConfig),
        writes_files=isinstance(job.config, ExportFilesConfig),
        is_over=job.state in ("killed", "completed"),
        ending=job.checkpoint.get(ENDING),
        written=sorted(job.config.keys) if isinstance(job.config, ExportConfig) else [],
    )


def _audiences(job: Job, known: Mapping[str, Audience]) -> list[tuple[str, str, bool, str]]:
    """Return (slug, name, is kept, exported value) of each audience that a job exports."""
    if not isinstance(job.config, ExportConfig):
        return []
    rows = []
    audience = job.config if isinstance(job.config, ExportAudienceConfig) else None
    for slug in job.config.audiences:
        found = known.get(slug)
        name = found.name if found else slug
        value = audience.exported_name(slug) if audience else ""
        is_kept = found is not None and found.state != "archived"
        rows.append((slug, name, is_kept, value))
    return rows
