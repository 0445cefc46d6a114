"""Creating a job step by step: type, authorization, settings.

What earlier steps chose travels in the address, so that going back and reloading just work.
"""

from litestar import get, post

from coterie.base.errors import UserError
from coterie.console.doorkeeper import needs
from coterie.console.forms import Form, filled_form
from coterie.console.headers import Page
from coterie.console.pages.jobs import HOME, KINDS
from coterie.console.pages.parts import Visitor
from coterie.console.visit import Visit
from coterie.control.authorizations import get_authorization, list_authorizations
from coterie.control.definitions.streams import list_streams
from coterie.control.jobs import BadJobError, create_import_csv
from coterie.model.control import Authorization, ImportCsvConfig

PROVIDER_OF = {
    "export_audience": "braze",
    "export_profiles": "braze",
    "export_subscriptions": "braze",
    "import_csv": "sftp",
}
LOCAL = "local"
DELIMITERS = ((",", "Comma ,"), (";", "Semicolon ;"), ("|", "Bar |"), ("t", "Tab"))


@get(f"{HOME}/new", sync_to_thread=False, opt=needs("data_manager"))
def show_types(visit: Visitor) -> Page:
    """Ask for the type of job: the first step."""
    return visit.page("jobs/choose_type.html")


@get(f"{HOME}/new/import-csv", sync_to_thread=True, opt=needs("data_manager"))
def show_new_import(visit: Visitor) -> Page:
    """Ask for the authorization, then for the settings of an Import CSV job."""
    if not visit.query.text("authorization"):
        return authorization_page(visit, "import_csv")
    return _import_page(visit, form=filled_form({"stream": "braze_csv", "delimiter": ","}))


@post(f"{HOME}/new/import-csv", sync_to_thread=True)
def do_create_import(visit: Visitor) -> Page:
    """Create an Import CSV job, or show its form again with the reason why not."""
    form = visit.form
    try:
        job = create_import_csv(
            visit.deps.store,
            account=visit.account,
            label=form.text("label"),
            description=form.text("description"),
            authorization_id=None if _is_local(visit) else chosen_authorization(visit).id,
            config=_import_config(form),
            actor=visit.actor,
            now=visit.now,
        )
    except UserError as error:
        return _import_page(visit, form=form, failure=error.message)
    return visit.go(f"{HOME}/{job.id}", notice=f"Job “{job.label}” is created.")


def _import_config(form: Form) -> ImportCsvConfig:
    is_one_file = form.text("which") != "prefix"
    return ImportCsvConfig(
        stream=form.text("stream"),
        folder=form.text("folder"),
        filename=form.text("file") if is_one_file else "",
        prefix="" if is_one_file else form.text("file"),
        fields=form.words("fields"),
        delimiter=form.text("delimiter"),
        timestamps=form.words("timestamps"),
        continuous_update=form.is_ticked("continuous_update"),
        braze_format=form.is_ticked("braze_format"),
    )


def _is_local(visit: Visit) -> bool:
    return (visit.form.text("authorization") or visit.query.text("authorization")) == LOCAL


def chosen_authorization(visit: Visit) -> Authorization:
    """Return the authorization that was chosen. Raises BadJobError, UnknownAuthorizationError."""
    number = visit.form.whole_number("authorization")
    if number is None:
        number = visit.query.whole_number("authorization")
    if number is None:
        raise BadJobError("Choose an authorization for the job first.")
    return get_authorization(visit.deps.store, visit.account, number)


def authorization_page(visit: Visit, kind: str) -> Page:
    """Ask which authorization a job shall use."""
    found = list_authorizations(visit.deps.store, visit.account)
    return visit.page(
        "jobs/choose_authorization.html",
        kind=KINDS[kind],
        path=f"{HOME}/new/{kind.replace('_', '-')}",
        is_import=kind == "import_csv",
        authorizations=[each for each in found if each.provider == PROVIDER_OF[kind]],
    )


def _import_page(visit: Visit, *, form: Form, failure: str = "") -> Page:
    return visit.page(
        "jobs/import_csv.html",
        status=400 if failure else 200,
        form=form,
        failure=failure,
        authorization=None if _is_local(visit) else chosen_authorization(visit),
        streams=list_streams(visit.deps.store, visit.account),
        delimiters=DELIMITERS,
    )
