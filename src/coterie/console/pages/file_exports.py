"""Export to SFTP jobs: the settings of a new one, and of one that changes."""

from typing import Any

from litestar import get, post
from litestar.params import FromPath

from coterie.base.errors import UserError
from coterie.console.doorkeeper import needs
from coterie.console.forms import Form, filled_form
from coterie.console.headers import Page
from coterie.console.pages.file_jobs import (
    DELIMITERS,
    authorization_of,
    change_file_job,
    create_file_job,
)
from coterie.console.pages.job_wizard import authorization_page
from coterie.console.pages.jobs import HOME
from coterie.console.pages.parts import Visitor
from coterie.console.visit import Visit
from coterie.control.definitions.audiences import list_audiences
from coterie.control.definitions.schema_versions import current_schema
from coterie.control.jobs import BadJobError, create_export_files, get_job
from coterie.model.control import Job
from coterie.model.file_exports import ExportFilesConfig

PATH = f"{HOME}/new/export-files"
EDIT = f"{HOME}/{{job_id:int}}/edit-files"
FORMATS = (("csv", "CSV"), ("json", "JSON, one object a line"), ("parquet", "Parquet"))
FREQUENCIES = (
    ("", "Once, now"),
    ("hourly", "Now and every hour"),
    ("daily", "Now and every day"),
    ("weekly", "Now and every week"),
)
WEEKDAYS = (
    ("", "Not weekly"),
    ("monday", "Monday"),
    ("tuesday", "Tuesday"),
    ("wednesday", "Wednesday"),
    ("thursday", "Thursday"),
    ("friday", "Friday"),
    ("saturday", "Saturday"),
    ("sunday", "Sunday"),
)
# A field's heading and its place among the columns are entered in inputs of these names.
NAME = "name:"
PLACE = "place:"
LAST = 10**9
DEFAULTS = {
    "format": "csv",
    "filename": "{AUDIENCE}_{TIMESTAMP}",
    "time_format": "%Y%m%dT%H%M%SZ",
    "delimiter": ",",
    "join": "&",
    "write_header": "yes",
}


@get(PATH, sync_to_thread=True, opt=needs("data_manager"))
def show_new_file_export(visit: Visitor) -> Page:
    """Ask for the authorization, then for the settings of an Export to SFTP job."""
    if not visit.query.text("authorization"):
        return authorization_page(visit, "export_files")
    return _page(visit, form=filled_form(DEFAULTS))


@post(PATH, sync_to_thread=True)
def do_create_file_export(visit: Visitor) -> Page:
    """Create an Export to SFTP job, or show its form again with the reason why not."""
    form = visit.form
    try:
        return create_file_job(visit, create_export_files, _options(form))
    except UserError as error:
        return _page(visit, form=form, failure=error.message)


@get(EDIT, sync_to_thread=True, opt=needs("data_manager"))
def show_edit_file_export(visit: Visitor, job_id: FromPath[int]) -> Page:
    """Show the settings of an Export to SFTP job."""
    job, config = _job(visit, job_id)
    return _page(visit, form=_form_of(job, config), job=job)


@post(EDIT, sync_to_thread=True)
def do_edit_file_export(visit: Visitor, job_id: FromPath[int]) -> Page:
    """Change an Export to SFTP job, or show its form again with the reason why not."""
    job, _ = _job(visit, job_id)
    form = visit.form
    try:
        return change_file_job(visit, job, _options(form))
    except UserError as error:
        return _page(visit, form=form, failure=error.message, job=job)


def _job(visit: Visit, job_id: int) -> tuple[Job, ExportFilesConfig]:
    job = get_job(visit.deps.store, visit.account, job_id)
    if not isinstance(job.config, ExportFilesConfig):
        raise BadJobError(message=f"Job {job.id} writes no files. Choose Edit on its page.")
    return job, job.config


def _form_of(job: Job, config: ExportFilesConfig) -> Form:
    return filled_form(
        {
            "label": job.label,
            "description": job.description,
            "audience": config.audience,
            "folder": config.folder,
            "fields": config.fields,
            **{NAME + field: heading for field, heading in config.names.items()},
            **{PLACE + field: str(place) for place, field in enumerate(config.fields, 1)},
            "audience_column": config.audience_column,
            "format": config.format,
            "filename": config.filename,
            "time_format": config.time_format,
            "delimiter": "t" if config.delimiter == "\t" else config.delimiter,
            "join": config.join,
            "write_header": "yes" if config.write_header else "",
            "gzip": "yes" if config.gzip else "",
            "frequency": config.frequency,
            "time_of_day": config.time_of_day,
            "weekday": config.weekday,
            "timezone": config.timezone,
            "limit": str(config.limit or ""),
            "suppressed_by": config.suppressed_by,
            "consent_field": config.consent.field if config.consent else "",
            "consent_values": ", ".join(config.consent.values) if config.consent else "",
        }
    )


def _options(form: Form) -> dict[str, Any]:
    fields = _ordered(form)
    names = {field: form.text(NAME + field) for field in fields}
    consent = form.text("consent_field")
    return {
        "audience": form.text("audience"),
        "folder": form.text("folder"),
        "fields": fields,
        "names": {field: name for field, name in names.items() if name not in ("", field)},
        "audience_column": form.text("audience_column"),
        "format": form.text("format") or "csv",
        "filename": form.text("filename") or DEFAULTS["filename"],
        "time_format": form.text("time_format") or DEFAULTS["time_format"],
        "delimiter": form.text("delimiter") or ",",
        "join": form.raw("join"),
        "write_header": form.is_ticked("write_header"),
        "gzip": form.is_ticked("gzip"),
        "frequency": form.text("frequency"),
        "time_of_day": form.text("time_of_day"),
        "weekday": form.text("weekday"),
        "timezone": form.text("timezone"),
        "limit": form.whole_number("limit") or 0,
        "suppressed_by": form.choices("suppressed_by"),
        "consent": {"field": consent, "values": form.words("consent_values")} if consent else None,
    }


def _ordered(form: Form) -> list[str]:
    """Return the ticked fields: those with a place by that, then the others as they are listed."""
    ticked = form.choices("fields")
    return sorted(ticked, key=lambda field: form.whole_number(PLACE + field) or LAST)


def _page(visit: Visit, *, form: Form, failure: str = "", job: Job | None = None) -> Page:
    store = visit.deps.store
    return visit.page(
        "jobs/export_files.html",
        status=400 if failure else 200,
        form=form,
        failure=failure,
        job=job,
        path=PATH if job is None else f"{HOME}/{job.id}/edit-files",
        authorization=authorization_of(visit, job),
        audiences=[
            each
            for each in list_audiences(store, visit.account)
            if each.state in ("building", "live") or each.slug == form.text("audience")
        ],
        fields=current_schema(store, visit.account).fields,
        formats=FORMATS,
        frequencies=FREQUENCIES,
        weekdays=WEEKDAYS,
        delimiters=DELIMITERS,
    )
