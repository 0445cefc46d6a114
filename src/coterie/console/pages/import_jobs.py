"""Import CSV jobs: a look at the files, the settings, the rows that were left out."""

from litestar import get, post
from litestar.params import FromPath
from litestar.response import Stream
from msgspec import to_builtins

from coterie.base.errors import CoterieError, UserError
from coterie.console.doorkeeper import needs
from coterie.console.forms import Form, filled_form
from coterie.console.headers import PAGE_HEADERS, Page
from coterie.console.pages.file_jobs import (
    DELIMITERS,
    authorization_id,
    authorization_of,
    change_file_job,
    create_file_job,
)
from coterie.console.pages.job_wizard import authorization_page
from coterie.console.pages.jobs import HOME
from coterie.console.pages.parts import Visitor
from coterie.console.visit import Visit
from coterie.control.definitions.streams import list_streams
from coterie.control.jobs import BadJobError, create_import_csv, get_job
from coterie.control.jobs.import_checks import ENCODINGS, check_import, read_import
from coterie.model.control import ImportCsvConfig, Job
from coterie.model.previews import MOST_ROWS, USUAL_ROWS, FilesLook

PATH = f"{HOME}/new/import-csv"
EDIT = f"{HOME}/{{job_id:int}}/edit-import"
FREQUENCIES = (
    ("", "Not said"),
    ("hourly", "Every hour"),
    ("daily", "Every day"),
    ("weekly", "Every week"),
    ("monthly", "Every month"),
)
# A column's raw key is entered in an input of this name and the column's.
NAME = "name:"


@get(PATH, sync_to_thread=True, opt=needs("data_manager"))
def show_new_import(visit: Visitor) -> Page:
    """Ask for the authorization, then for the settings of an Import CSV job."""
    if not visit.query.text("authorization"):
        return authorization_page(visit, "import_csv")
    return _import_page(visit, form=filled_form({"stream": "braze_csv", "delimiter": ","}))


@post(f"{PATH}/look", sync_to_thread=True, opt=needs("data_manager"))
def do_look_at_files(visit: Visitor) -> Page:
    """Show which files fit and what the newest holds, with options filled in that fit it."""
    return _look_page(visit)


@post(PATH, sync_to_thread=True)
def do_create_import(visit: Visitor) -> Page:
    """Create an Import CSV job, or show its form again with the reason why not."""
    form = visit.form
    try:
        return create_file_job(visit, create_import_csv, _import_config(form))
    except UserError as error:
        return _import_page(visit, form=form, failure=error.message)


@get(EDIT, sync_to_thread=True, opt=needs("data_manager"))
def show_edit_import(visit: Visitor, job_id: FromPath[int]) -> Page:
    """Show the settings of an Import CSV job."""
    job, config = _job(visit, job_id)
    return _import_page(visit, form=_form_of(job, config), job=job)


@post(f"{EDIT}/look", sync_to_thread=True, opt=needs("data_manager"))
def do_look_again(visit: Visitor, job_id: FromPath[int]) -> Page:
    """Show which files fit the settings as they would be."""
    job, _ = _job(visit, job_id)
    return _look_page(visit, job)


@post(EDIT, sync_to_thread=True)
def do_edit_import(visit: Visitor, job_id: FromPath[int]) -> Page:
    """Change an Import CSV job, or show its form again with the reason why not."""
    job, _ = _job(visit, job_id)
    form = visit.form
    try:
        return change_file_job(visit, job, to_builtins(_import_config(form)))
    except UserError as error:
        return _import_page(visit, form=form, failure=error.message, job=job)


@get(f"{HOME}/{{job_id:int}}/rejected-rows", sync_to_thread=True, opt=needs("data_manager"))
def download_rejected_rows(visit: Visitor, job_id: FromPath[int]) -> Stream:
    """Return the rows that an import left out, with line, column and reason, as a CSV file."""
    lines = visit.deps.files.rejected_rows(visit.account, job_id)
    name = f"rejected-rows-of-job-{job_id}.csv"
    return Stream(
        iter(lines),
        media_type="text/csv; charset=utf-8",
        headers={**PAGE_HEADERS, "content-disposition": f'attachment; filename="{name}"'},
    )


def _look_page(visit: Visit, job: Job | None = None) -> Page:
    form, number = visit.form, authorization_id(visit, job)
    try:
        config = check_import(_import_config(form), is_local=number is None)
        found = visit.deps.files.look(visit.account, number, config, rows=_rows(form))
    except CoterieError as error:
        return _import_page(visit, form=form, failure=error.message, job=job)
    return _import_page(visit, form=_proposed(form, found), found=found, job=job)


def _rows(form: Form) -> int:
    if not form.text("rows"):
        return USUAL_ROWS
    return form.whole_number("rows") or 0


def _job(visit: Visit, job_id: int) -> tuple[Job, ImportCsvConfig]:
    job = get_job(visit.deps.store, visit.account, job_id)
    if not isinstance(job.config, ImportCsvConfig):
        raise BadJobError(message=f"Job {job.id} reads no files. Choose Edit on its page.")
    return job, job.config


def _form_of(job: Job, config: ImportCsvConfig) -> Form:
    which = "file" if config.filename else "prefix" if config.prefix else "pattern"
    ticks = ("continuous_update", "braze_format", "diff")
    texts = ("stream", "folder", "encoding", "file_frequency", "time_of_day", "timezone")
    lists = ("fields", "header", "timestamps")
    return filled_form(
        {
            "label": job.label,
            "description": job.description,
            "which": which,
            "file": config.filename or config.prefix or config.pattern,
            "delimiter": "t" if config.delimiter == "\t" else config.delimiter,
            **{name: getattr(config, name) for name in texts},
            **{name: "yes" if getattr(config, name) else "" for name in ticks},
            **{name: ", ".join(getattr(config, name)) for name in lists},
            **{NAME + column: key for column, key in config.names.items()},
        }
    )


def _import_config(form: Form) -> ImportCsvConfig:
    which = form.text("which") or "file"
    names = {
        name.removeprefix(NAME): form.text(name) for name in form.values if name.startswith(NAME)
    }
    return read_import(
        {
            "stream": form.text("stream"),
            "folder": form.text("folder"),
            "filename": form.text("file") if which == "file" else "",
            "prefix": form.text("file") if which == "prefix" else "",
            "pattern": form.text("file") if which == "pattern" else "",
            "fields": form.words("fields"),
            "names": {column: key for column, key in names.items() if key not in ("", column)},
            "header": form.words("header"),
            "delimiter": form.text("delimiter") or ",",
            "encoding": form.text("encoding"),
            "timestamps": form.words("timestamps"),
            "continuous_update": form.is_ticked("continuous_update"),
            "braze_format": form.is_ticked("braze_format"),
            "diff": form.is_ticked("diff"),
            "file_frequency": form.text("file_frequency"),
            "time_of_day": form.text("time_of_day"),
            "timezone": form.text("timezone"),
        }
    )


def _proposed(form: Form, found: FilesLook) -> Form:
    """Return the form with what the newest file proposes; what was entered by hand stays."""
    newest = found.newest
    if newest is None or newest.problem:
        return form
    delimiter = "t" if newest.delimiter == "\t" else newest.delimiter
    values = {
        **form.values,
        "delimiter": (delimiter,),
        "stream": (newest.stream,),
        "braze_format": ("yes",) if newest.is_braze else (),
    }
    if not form.text("timestamps") and newest.timestamps:
        values["timestamps"] = (", ".join(newest.timestamps),)
    for column in newest.columns:
        values.setdefault(NAME + column.name, (column.raw_key,))
    return Form(values)


def _import_page(
    visit: Visit,
    *,
    form: Form,
    failure: str = "",
    found: FilesLook | None = None,
    job: Job | None = None,
) -> Page:
    shown = found.newest.columns if found and found.newest else ()
    editable = {NAME + column.name for column in shown}
    return visit.page(
        "jobs/import_csv.html",
        status=400 if failure else 200,
        form=form,
        failure=failure,
        found=found,
        job=job,
        path=PATH if job is None else f"{HOME}/{job.id}/edit-import",
        # Raw keys that were chosen before and have no input on this page.
        kept=[
            (name, form.raw(name))
            for name in form.values
            if name.startswith(NAME) and name not in editable
        ],
        authorization=authorization_of(visit, job),
        rows=_rows(form) or USUAL_ROWS,
        most_rows=MOST_ROWS,
        usual_rows=USUAL_ROWS,
        streams=list_streams(visit.deps.store, visit.account),
        delimiters=DELIMITERS,
        encodings=(("", "Found out"), *((each, each) for each in ENCODINGS)),
        frequencies=FREQUENCIES,
    )
