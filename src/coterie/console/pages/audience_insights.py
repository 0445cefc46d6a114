"""What an audience shares with others, how its members are, and audiences to start with."""

from litestar import get, post
from litestar.params import FromPath

from coterie.base.errors import UserError
from coterie.console.doorkeeper import needs
from coterie.console.headers import Page
from coterie.console.pages.audiences import HOME
from coterie.console.pages.parts import Visitor
from coterie.control.definitions.audience_life import activate_audience, build_again
from coterie.control.definitions.audiences import get_audience, list_audiences
from coterie.control.definitions.starter import install_starters, list_starters

# No slug starts with a hyphen, so no audience is hidden behind this page.
STARTERS = f"{HOME}/-starters"
VALUES_SHOWN = 12


@get(f"{HOME}/{{slug:str}}/overlap", sync_to_thread=True)
def show_overlap(visit: Visitor, slug: FromPath[str]) -> Page:
    """Show how many members an audience shares with each other one."""
    found = get_audience(visit.deps.store, visit.account, slug)
    rows = visit.deps.reads.overlaps(visit.account, slug, ())
    return visit.page("audiences/overlap.html", audience=found, rows=rows)


@get(f"{HOME}/{{slug:str}}/values", sync_to_thread=True)
def show_values(visit: Visitor, slug: FromPath[str]) -> Page:
    """Show the most common values of an audience's members, field by field."""
    found = get_audience(visit.deps.store, visit.account, slug)
    hides = not visit.may("data_manager")
    report = visit.deps.reads.field_report(visit.account, slug, None, VALUES_SHOWN, hides)
    return visit.page("audiences/values.html", audience=found, report=report)


@post(f"{HOME}/{{slug:str}}/activate", sync_to_thread=True)
def do_activate(visit: Visitor, slug: FromPath[str]) -> Page:
    """Let a draft find its members."""
    store, clock = visit.deps.store, visit.deps.clock
    try:
        activate_audience(store, account=visit.account, slug=slug, actor=visit.actor, clock=clock)
    except UserError as error:
        return visit.go(f"{HOME}/{slug}", notice=error.message)
    return visit.go(f"{HOME}/{slug}", notice="The audience is building.")


@post(f"{HOME}/{{slug:str}}/rebuild", sync_to_thread=True)
def do_rebuild(visit: Visitor, slug: FromPath[str]) -> Page:
    """Ask every profile again."""
    store, clock = visit.deps.store, visit.deps.clock
    try:
        build_again(store, account=visit.account, slug=slug, actor=visit.actor, clock=clock)
    except UserError as error:
        return visit.go(f"{HOME}/{slug}", notice=error.message)
    return visit.go(f"{HOME}/{slug}", notice="Every profile is asked again.")


@get(STARTERS, sync_to_thread=True, opt=needs("data_manager"))
def show_starters(visit: Visitor) -> Page:
    """Show the audiences to start with, and which of them the account has."""
    known = {audience.slug for audience in list_audiences(visit.deps.store, visit.account)}
    return visit.page("audiences/starters.html", starters=list_starters(), known=known)


@post(STARTERS, sync_to_thread=True)
def do_install_starters(visit: Visitor) -> Page:
    """Make drafts of those that were ticked."""
    slugs = visit.form.choices("slug")
    if not slugs:
        return visit.go(STARTERS, notice="Nothing was ticked, so nothing was made.")
    found = install_starters(
        visit.deps.store,
        account=visit.account,
        slugs=slugs,
        actor=visit.actor,
        clock=visit.deps.clock,
    )
    return visit.go(HOME, notice=f"{len(found.made)} drafts are made. Activate those you want.")
