"""Creating a job step by step: type, authorization, settings.

What earlier steps chose travels in the address, so that going back and reloading just work.
"""

from litestar import get

from coterie.console.doorkeeper import needs
from coterie.console.headers import Page
from coterie.console.pages.jobs import HOME, KINDS
from coterie.console.pages.parts import Visitor
from coterie.console.visit import Visit
from coterie.control.authorizations import get_authorization, list_authorizations
from coterie.control.jobs import BadJobError
from coterie.control.providers import find_method
from coterie.control.readable import is_writable
from coterie.model.control import Authorization

PROVIDER_OF = {
    "export_audience": "braze",
    "export_profiles": "braze",
    "export_subscriptions": "braze",
    "export_events": "braze",
    "export_purchases": "braze",
    "export_files": "sftp",
    "webhook": "webhook",
    "import_csv": "sftp",
}
LOCAL = "local"


@get(f"{HOME}/new", sync_to_thread=False, opt=needs("data_manager"))
def show_types(visit: Visitor) -> Page:
    """Ask for the type of job: the first step."""
    return visit.page("jobs/choose_type.html")


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
        is_files=PROVIDER_OF[kind] == "sftp",
        is_webhook=kind == "webhook",
        authorizations=[each for each in found if _fits(each, kind)],
    )


def _fits(authorization: Authorization, kind: str) -> bool:
    if authorization.provider != PROVIDER_OF[kind]:
        return False
    method = find_method(authorization.provider, authorization.method)
    if kind == "import_csv":
        return not method.is_export_only
    if kind == "export_files":
        return is_writable(method=authorization.method, config=authorization.public_config)
    return True
