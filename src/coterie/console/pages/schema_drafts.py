"""Drafts of the schema: looked at, tried on recent events, published, discarded."""

from litestar import get, post
from litestar.params import FromPath

from coterie.base.errors import UserError
from coterie.console.headers import Page
from coterie.console.pages.parts import PERSONAL_SCOPE, Visitor, actor_names
from coterie.console.visit import Visit
from coterie.control.definitions.drafted import DraftRef
from coterie.control.definitions.schema_drafts import (
    catch_up,
    create_draft,
    discard_draft,
    list_drafts,
    publish_draft,
)
from coterie.control.definitions.schema_merging import Side
from coterie.control.definitions.schema_report import report_draft
from coterie.control.definitions.schema_versions import current_schema
from coterie.control.definitions.streams import list_streams

HOME = "/data/schema/drafts"
DRAFT = f"{HOME}/{{name:str}}"


@get(HOME, sync_to_thread=True)
def show_drafts(visit: Visitor) -> Page:
    """List the open drafts, and offer to begin one."""
    return _list_page(visit)


@post(HOME, sync_to_thread=True)
def do_create_draft(visit: Visitor) -> Page:
    """Begin a draft from the version in force."""
    try:
        made = create_draft(
            visit.deps.store,
            account=visit.account,
            name=visit.form.text("name"),
            description=visit.form.text("description"),
            actor=visit.actor,
            clock=visit.deps.clock,
        )
    except UserError as error:
        return _list_page(visit, failure=error.message)
    return visit.go(f"{HOME}/{made.name}", notice="The draft equals what is in force. Change it.")


@get(DRAFT, sync_to_thread=True)
def show_draft(visit: Visitor, name: FromPath[str]) -> Page:
    """Show what a draft changes, and what is wrong with it."""
    return _draft_page(visit, name)


@get(f"{DRAFT}/preview", sync_to_thread=True)
def show_draft_preview(visit: Visitor, name: FromPath[str]) -> Page:
    """Show what a draft would make of the newest events."""
    try:
        found = visit.deps.preview_draft(visit.account, name, not visit.may(PERSONAL_SCOPE))
    except UserError as error:
        return _draft_page(visit, name, failure=error.message)
    return visit.page("schema/preview.html", name=name, preview=found)


@post(f"{DRAFT}/catch-up", sync_to_thread=True)
def do_catch_up(visit: Visitor, name: FromPath[str]) -> Page:
    """Take over what was published since the draft was begun."""
    chosen = visit.form.text("prefer")
    prefer: Side | None = None
    if chosen in ("draft", "published"):
        prefer = "draft" if chosen == "draft" else "published"
    try:
        wanted = DraftRef(visit.account, name)
        found = catch_up(
            visit.deps.store, wanted, prefer=prefer, actor=visit.actor, clock=visit.deps.clock
        )
    except UserError as error:
        return _draft_page(visit, name, failure=error.message)
    if found.clashes and prefer is None:
        return _draft_page(visit, name, failure="Both changed the same. Choose whose holds.")
    version = found.draft.base_version
    return visit.go(f"{HOME}/{name}", notice=f"The draft begins from version {version} now.")


@post(f"{DRAFT}/publish", sync_to_thread=True)
def do_publish_draft(visit: Visitor, name: FromPath[str]) -> Page:
    """Publish a draft as the page showed it."""
    try:
        wanted = DraftRef(visit.account, name, visit.form.whole_number("revision"))
        made = publish_draft(visit.deps.store, wanted, actor=visit.actor, clock=visit.deps.clock)
    except UserError as error:
        return _draft_page(visit, name, failure=error.message)
    return visit.go(
        f"/data/schema/versions/{made.version}",
        notice=f"Version {made.version} is in force. A replay applies it to history.",
    )


@post(f"{DRAFT}/discard", sync_to_thread=True)
def do_discard_draft(visit: Visitor, name: FromPath[str]) -> Page:
    """Throw a draft away."""
    wanted = DraftRef(visit.account, name)
    discard_draft(visit.deps.store, wanted, actor=visit.actor, clock=visit.deps.clock)
    return visit.go(HOME, notice=f"The draft {name} is discarded.")


def _list_page(visit: Visit, *, failure: str = "") -> Page:
    return visit.page(
        "schema/drafts.html",
        status=400 if failure else 200,
        drafts=list_drafts(visit.deps.store, visit.account),
        current=current_schema(visit.deps.store, visit.account).version,
        names=actor_names(visit),
        failure=failure,
    )


def _draft_page(visit: Visit, name: str, *, failure: str = "") -> Page:
    report = report_draft(visit.deps.store, visit.account, name)
    content = report.draft.content
    mapped = {mapping.stream for mapping in content.mappings}
    streams = {stream.name for stream in list_streams(visit.deps.store, visit.account)}
    counts = {
        stream: sum(mapping.stream == stream for mapping in content.mappings)
        for stream in sorted(mapped | streams)
    }
    fields = sorted(
        content.fields,
        key=lambda field: (field.identifier.rank if field.identifier else 1_000, field.name),
    )
    return visit.page(
        "schema/draft.html",
        status=400 if failure else 200,
        report=report,
        draft=report.draft,
        streams=counts,
        fields=fields,
        names=actor_names(visit),
        failure=failure,
    )
