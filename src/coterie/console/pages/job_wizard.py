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
from coterie.control.definitions.audiences import list_audiences
from coterie.control.definitions.schema import current_schema
from coterie.control.definitions.streams import list_streams
from coterie.control.jobs import BadJobError, create_export_audience, create_import_csv
from coterie.model.control import Authorization, ImportCsvConfig
from coterie.model.schema import SCALAR_KINDS

PROVIDER_OF = {"export_audience": "braze", "import_csv": "sftp"}
PATHS = {"export_audience": "export-audience", "import_csv": "import-csv"}
LOCAL = "local"
DELIMITERS = ((",", "Comma ,"), (";", "Semicolon ;"), ("|", "Bar |"), ("t", "Tab"))
NAME = "name:"
USUAL_FIELDS = ("external_id", "user_id", "uid", "email")


@get(f"{HOME}/new", sync_to_thread=False, opt=needs("data_manager"))
def show_types(visit: Visitor) -> Page:
    """Ask for the type of job: the first step."""
    return visit.page("jobs/choose_type.html")


@get(f"{HOME}/new/export-audience", sync_to_thread=True, opt=needs("data_manager"))
def show_new_export(visit: Visitor) -> Page:
    """Ask for the authorization, then for the settings of an Export Audience job."""
    if not visit.query.text("authorization"):
        return _authorization_page(visit, "export_audience")
    usual = {"existing_users": "yes", "attribute": "lytics_segments"}
    field = next((name for name in USUAL_FIELDS if name in _scalar_fields(visit)), "")
    return _export_page(visit, form=filled_form(usual | {"identifier_field": field}))


@post(f"{HOME}/new/export-audience", sync_to_thread=True)
def do_create_export(visit: Visitor) -> Page:
    """Create an Export Audience job, or show its form again with the reason why not."""
    form = visit.form
    slugs = form.choices("audiences")
    try:
        job = create_export_audience(
            visit.deps.store,
            account=visit.account,
            label=form.text("label"),
            description=form.text("description"),
            authorization_id=_chosen_authorization(visit).id,
            config={
                "identifier_field": form.text("identifier_field"),
                "audiences": slugs,
                "existing_users": form.is_ticked("existing_users"),
                "attribute": form.text("attribute"),
                "value_prefix": form.text("value_prefix"),
                "names": {slug: form.text(NAME + slug) for slug in slugs},
            },
            actor=visit.actor,
            clock=visit.deps.clock,
        )
    except UserError as error:
        return _export_page(visit, form=form, failure=error.message)
    return visit.go(f"{HOME}/{job.id}", notice=f"Job “{job.label}” is created.")


@get(f"{HOME}/new/import-csv", sync_to_thread=True, opt=needs("data_manager"))
def show_new_import(visit: Visitor) -> Page:
    """Ask for the authorization, then for the settings of an Import CSV job."""
    if not visit.query.text("authorization"):
        return _authorization_page(visit, "import_csv")
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
            authorization_id=None if _is_local(visit) else _chosen_authorization(visit).id,
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


def _chosen_authorization(visit: Visit) -> Authorization:
    number = visit.form.whole_number("authorization")
    if number is None:
        number = visit.query.whole_number("authorization")
    if number is None:
        raise BadJobError("Choose an authorization for the job first.")
    return get_authorization(visit.deps.store, visit.account, number)


def _scalar_fields(visit: Visit) -> list[str]:
    schema = current_schema(visit.deps.store, visit.account)
    ranked = sorted(
        (field for field in schema.fields if field.kind in SCALAR_KINDS),
        key=lambda field: (field.identifier.rank if field.identifier else 1_000, field.name),
    )
    return [field.name for field in ranked]


def _authorization_page(visit: Visit, kind: str) -> Page:
    found = list_authorizations(visit.deps.store, visit.account)
    return visit.page(
        "jobs/choose_authorization.html",
        kind=KINDS[kind],
        path=f"{HOME}/new/{PATHS[kind]}",
        is_import=kind == "import_csv",
        authorizations=[each for each in found if each.provider == PROVIDER_OF[kind]],
    )


def _export_page(visit: Visit, *, form: Form, failure: str = "") -> Page:
    found = list_audiences(visit.deps.store, visit.account)
    return visit.page(
        "jobs/export_audience.html",
        status=400 if failure else 200,
        form=form,
        failure=failure,
        authorization=_chosen_authorization(visit),
        audiences=[each for each in found if each.state in ("building", "live")],
        fields=_scalar_fields(visit),
    )


def _import_page(visit: Visit, *, form: Form, failure: str = "") -> Page:
    return visit.page(
        "jobs/import_csv.html",
        status=400 if failure else 200,
        form=form,
        failure=failure,
        authorization=None if _is_local(visit) else _chosen_authorization(visit),
        streams=list_streams(visit.deps.store, visit.account),
        delimiters=DELIMITERS,
    )
