"""Audiences: list, create, edit, look at, archive."""

from datetime import UTC, datetime, timedelta

from litestar import get, post
from litestar.params import FromPath

from coterie.base.errors import UserError
from coterie.console.charts import size_chart
from coterie.console.doorkeeper import needs
from coterie.console.forms import Form, filled_form
from coterie.console.headers import Page
from coterie.console.pages.jobs import KINDS
from coterie.console.pages.parts import Visitor, veil_for
from coterie.console.visit import Visit
from coterie.control.definitions.audience_life import set_expiry
from coterie.control.definitions.audiences import (
    BadAudienceError,
    archive_audience,
    create_audience,
    get_audience,
    list_audiences,
    update_audience,
)
from coterie.control.definitions.saved_filters import find_warnings
from coterie.control.definitions.schema_versions import current_schema
from coterie.control.definitions.sizes import size_history
from coterie.control.definitions.tags import list_groups, plain_tag
from coterie.control.jobs import list_jobs_of_audience
from coterie.control.personalization import find_personalization
from coterie.lang.expr.errors import LangError, Problem
from coterie.model.control import Audience
from coterie.model.insights import Estimate

HOME = "/audiences"
# No slug starts with a hyphen, so no audience is hidden behind this page.
NEW = f"{HOME}/-new"
SAMPLE = 20
SIZE_DAYS = 90
# What the buttons of the form ask for beside saving.
PREVIEW, DRAFT = "preview", "draft"


@get(HOME, sync_to_thread=True)
def show_audiences(visit: Visitor) -> Page:
    """List the audiences with their sizes, or those that bear a tag."""
    store, tag = visit.deps.store, visit.query.text("tag")
    found = list_audiences(store, visit.account, tag=tag or None)
    groups = list_groups(store, visit.account)
    return visit.page("audiences/list.html", audiences=found, groups=groups, tag=plain_tag(tag))


@get(NEW, sync_to_thread=True, opt=needs("data_manager"))
def show_new_audience(visit: Visitor) -> Page:
    """Show the form for a new audience."""
    return _form_page(visit, form=filled_form({"filter_text": "FILTER "}))


@post(NEW, sync_to_thread=True)
def do_create_audience(visit: Visitor) -> Page:
    """Create an audience, or show where its filter is wrong, or how many it would hold."""
    form = visit.form
    if form.raw("do") == PREVIEW:
        return _preview_page(visit, None)
    try:
        made = create_audience(
            visit.deps.store,
            account=visit.account,
            slug=form.text("slug"),
            name=form.text("name"),
            description=form.text("description"),
            filter_text=form.text("filter_text"),
            is_draft=form.raw("do") == DRAFT,
            expires_at=read_end(form),
            tags=form.words("tags"),
            is_public=form.is_ticked("is_public"),
            actor=visit.actor,
            clock=visit.deps.clock,
        )
    except UserError as error:
        return _form_page(visit, form=form, failure=error)
    what = "is saved as a draft" if made.state == "draft" else "is building"
    return visit.go(f"{HOME}/{made.slug}", notice=f"Audience “{made.name}” {what}.")


@get(f"{HOME}/{{slug:str}}", sync_to_thread=True)
def show_audience(visit: Visitor, slug: FromPath[str]) -> Page:
    """Show an audience: size, filter, newest members, jobs that export it."""
    found = get_audience(visit.deps.store, visit.account, slug)
    since = visit.now - timedelta(days=SIZE_DAYS)
    sizes = size_history(visit.deps.store, found, since=since, now=visit.now)
    members = visit.deps.reads.audience_members(visit.account, found.id, SAMPLE)
    veil = veil_for(visit)
    if veil is not None:
        members = tuple(veil.member(one) for one in members)
    return visit.page(
        "audiences/detail.html",
        audience=found,
        members=members,
        chart=size_chart(sizes),
        jobs=list_jobs_of_audience(visit.deps.store, visit.account, found.slug),
        kinds=KINDS,
        sample=SAMPLE,
        warnings=_warnings(visit, found),
    )


@get(f"{HOME}/{{slug:str}}/edit", sync_to_thread=True, opt=needs("data_manager"))
def show_edit(visit: Visitor, slug: FromPath[str]) -> Page:
    """Show the form with the audience as it is."""
    found = get_audience(visit.deps.store, visit.account, slug)
    form = filled_form(
        {
            "name": found.name,
            "slug": found.slug,
            "description": found.description,
            "filter_text": found.filter_text,
            "tags": ", ".join(found.tags),
            "is_public": "yes" if found.is_public else "",
            "expires_at": f"{found.expires_at:%Y-%m-%dT%H:%M}" if found.expires_at else "",
        }
    )
    return _form_page(visit, form=form, audience=found)


@post(f"{HOME}/{{slug:str}}/edit", sync_to_thread=True)
def do_edit(visit: Visitor, slug: FromPath[str]) -> Page:
    """Save an audience; a changed filter makes it build again."""
    found = get_audience(visit.deps.store, visit.account, slug)
    if visit.form.raw("do") == PREVIEW:
        return _preview_page(visit, found)
    try:
        end = read_end(visit.form)
        if end != found.expires_at:
            set_expiry(
                visit.deps.store,
                account=visit.account,
                slug=slug,
                expires_at=end,
                actor=visit.actor,
                clock=visit.deps.clock,
            )
        update_audience(
            visit.deps.store,
            account=visit.account,
            slug=slug,
            name=visit.form.text("name"),
            description=visit.form.text("description"),
            filter_text=visit.form.text("filter_text"),
            tags=visit.form.words("tags"),
            is_public=visit.form.is_ticked("is_public"),
            actor=visit.actor,
            clock=visit.deps.clock,
        )
    except UserError as error:
        return _form_page(visit, form=visit.form, audience=found, failure=error)
    return visit.go(f"{HOME}/{slug}", notice="Your changes are saved.")


@get(f"{HOME}/{{slug:str}}/archive", sync_to_thread=True, opt=needs("data_manager"))
def show_archive(visit: Visitor, slug: FromPath[str]) -> Page:
    """Ask whether to archive an audience, naming what uses it."""
    return _archive_page(visit, slug)


@post(f"{HOME}/{{slug:str}}/archive", sync_to_thread=True)
def do_archive(visit: Visitor, slug: FromPath[str]) -> Page:
    """Archive an audience, or say what still uses it."""
    found = get_audience(visit.deps.store, visit.account, slug)
    try:
        archive_audience(
            visit.deps.store,
            account=visit.account,
            slug=slug,
            actor=visit.actor,
            clock=visit.deps.clock,
        )
    except UserError as error:
        return _archive_page(visit, slug, failure=error.message)
    return visit.go(HOME, notice=f"Audience “{found.name}” is archived.")


def _archive_page(visit: Visit, slug: str, *, failure: str = "") -> Page:
    found = get_audience(visit.deps.store, visit.account, slug)
    return visit.page(
        "audiences/archive.html",
        status=400 if failure else 200,
        audience=found,
        jobs=list_jobs_of_audience(visit.deps.store, visit.account, found.slug),
        failure=failure,
    )


def _warnings(visit: Visit, audience: Audience) -> tuple[Problem, ...]:
    if audience.state == "archived":
        return ()
    return find_warnings(visit.deps.store, visit.account, audience.slug)


def _preview_page(visit: Visit, audience: Audience | None) -> Page:
    slug = audience.slug if audience else None
    text = visit.form.text("filter_text")
    try:
        estimate = visit.deps.reads.preview(visit.account, text, slug)
    except UserError as error:
        return _form_page(visit, form=visit.form, audience=audience, failure=error)
    return _form_page(visit, form=visit.form, audience=audience, estimate=estimate)


def read_end(form: Form) -> datetime | None:
    """Return the end that a form names in UTC, None for none. Raises BadAudienceError."""
    text = form.text("expires_at")
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadAudienceError(message=f"{text} is no date with a time of day.") from error
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _form_page(
    visit: Visit,
    *,
    form: Form,
    audience: Audience | None = None,
    failure: UserError | None = None,
    estimate: Estimate | None = None,
) -> Page:
    return visit.page(
        "audiences/form.html",
        status=400 if failure else 200,
        form=form,
        audience=audience,
        estimate=estimate,
        failure=failure.message if failure else "",
        problems=failure.problems if isinstance(failure, LangError) else (),
        warnings=_warnings(visit, audience) if audience and not failure else (),
        fields=current_schema(visit.deps.store, visit.account).fields,
        others=list_audiences(visit.deps.store, visit.account),
        groups=list_groups(visit.deps.store, visit.account),
        may_show=find_personalization(visit.deps.store, visit.account) is not None,
    )
