"""Looking a person up by an identifier."""

from litestar import get, post

from coterie.console.doorkeeper import needs
from coterie.console.forms import filled_form
from coterie.console.headers import Page
from coterie.console.pages.parts import PERSONAL_SCOPE, Visitor, veil_for
from coterie.console.visit import Visit
from coterie.control.definitions.audiences import get_audience, list_audiences
from coterie.control.definitions.schema_versions import current_schema
from coterie.model.entity import FieldLineage
from coterie.model.schema import Field


@get("/profiles", sync_to_thread=True)
def show_look_up(visit: Visitor) -> Page:
    """Show the form that asks for an identifier."""
    fields = identifier_fields(visit)
    form = filled_form({"field": visit.query.text("field") or _usual(fields)})
    return visit.page("profiles/look_up.html", form=form, fields=fields, profile=None, asked=False)


# A POST keeps the e-mail address that is looked for out of addresses, histories and access logs.
@post("/profiles", sync_to_thread=True, status_code=200, opt=needs("observer"))
def do_look_up(visit: Visitor) -> Page:
    """Show the profile that an identifier belongs to, or what to do when there is none."""
    return _show_profile(visit)


@post("/profiles/why", sync_to_thread=True, status_code=200, opt=needs("observer"))
def do_explain(visit: Visitor) -> Page:
    """Show why an audience holds the profile that an identifier belongs to, or why not."""
    field, value = visit.form.text("field"), visit.form.text("value")
    audience = get_audience(visit.deps.store, visit.account, visit.form.text("slug"))
    found = visit.deps.reads.explain_membership(visit.account, (field, value), audience)
    if found is None:
        return _show_profile(visit)
    veil = veil_for(visit)
    if veil is not None:
        found = veil.explanation(found)
    return visit.page(
        "profiles/why.html",
        audience=audience,
        audiences=list_audiences(visit.deps.store, visit.account),
        found=found,
        field=field,
        value=value,
    )


def _show_profile(visit: Visit) -> Page:
    field, value = visit.form.text("field"), visit.form.text("value")
    fields = identifier_fields(visit)
    known = any(each.name == field for each in fields)
    find = visit.deps.reads.find_profile
    profile = find(visit.account, field, value) if known and value else None
    veil = veil_for(visit)
    if profile is not None and veil is not None:
        profile = veil.profile(profile)
    return visit.page(
        "profiles/look_up.html",
        status=200 if profile else 404,
        fields=fields,
        profile=profile,
        audiences=list_audiences(visit.deps.store, visit.account) if profile else (),
        origin=_find_origin(visit, (field, value)) if profile else None,
        asked=True,
    )


def _find_origin(visit: Visit, identifier: tuple[str, str]) -> FieldLineage | None:
    """Return where the value of the one field comes from that the form asks about, if any."""
    name = visit.form.text("origin")
    # Where a value comes from shows the value, and may show others beside it.
    if not name or not visit.may(PERSONAL_SCOPE):
        return None
    found = visit.deps.reads.lineage(visit.account, identifier, [name])
    return next(iter(found or ()), None)


def identifier_fields(visit: Visit) -> list[Field]:
    """Return the fields that identify a person, strongest first."""
    fields = current_schema(visit.deps.store, visit.account).fields
    ranked = [(field.identifier.rank, field.name, field) for field in fields if field.identifier]
    return [field for _, _, field in sorted(ranked, key=lambda row: row[:2])]


def _usual(fields: list[Field]) -> str:
    names = [field.name for field in fields]
    return "email" if "email" in names else next(iter(names), "")
