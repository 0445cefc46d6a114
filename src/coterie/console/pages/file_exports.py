"""Export to SFTP jobs: the settings of a new one."""

from typing import Any

from litestar import get, post

from coterie.base.errors import UserError
from coterie.console.doorkeeper import needs
from coterie.console.forms import Form, filled_form
from coterie.console.headers import Page
from coterie.console.pages.job_wizard import LOCAL, authorization_page, chosen_authorization
from coterie.console.pages.jobs import HOME
from coterie.console.pages.parts import Visitor
from coterie.console.visit import Visit
from coterie.control.definitions.audiences import list_audiences
from coterie.control.definitions.schema import current_schema
from coterie.control.jobs import create_export_files

PATH = f"{HOME}/new/export-files"
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
DELIMITERS = ((",", "Comma ,"), (";", "Semicolon ;"), ("|", "Bar |"), ("t", "Tab"))
# A field's heading and its place among the columns are entered in inputs of these names.
NAME = "name:"
PLACE = "place:"
LAST = 10**9
DEFAULTS = {
    "format": "csv",
    "filename": "{AUDIENCE}_{TIMESTAMP}",
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
        job = create_export_files(
            visit.deps.store,
            account=visit.account,
            label=form.text("label"),
            description=form.text("description"),
            authorization_id=None if _is_local(visit) else chosen_authorization(visit).id,
            config=_options(form),
            actor=visit.actor,
            now=visit.now,
        )
    except UserError as error:
        return _page(visit, form=form, failure=error.message)
    return visit.go(f"{HOME}/{job.id}", notice=f"Job “{job.label}” is created.")


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


def _is_local(visit: Visit) -> bool:
    return (visit.form.text("authorization") or visit.query.text("authorization")) == LOCAL


def _page(visit: Visit, *, form: Form, failure: str = "") -> Page:
    store = visit.deps.store
    return visit.page(
        "jobs/export_files.html",
        status=400 if failure else 200,
        form=form,
        failure=failure,
        authorization=None if _is_local(visit) else chosen_authorization(visit),
        audiences=[
            each
            for each in list_audiences(store, visit.account)
            if each.state in ("building", "live")
        ],
        fields=current_schema(store, visit.account).fields,
        formats=FORMATS,
        frequencies=FREQUENCIES,
        weekdays=WEEKDAYS,
        delimiters=DELIMITERS,
    )
