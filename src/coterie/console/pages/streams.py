"""Streams with their latest events, accepted or refused."""

from litestar import get, post
from litestar.params import FromPath
from msgspec.structs import replace

from coterie.base.errors import UserError
from coterie.base.words import counted
from coterie.console.headers import Page
from coterie.console.pages.parts import PERSONAL_SCOPE, Visitor
from coterie.console.visit import Visit
from coterie.control.definitions.intake import get_intake
from coterie.control.definitions.streams import ensure_streams, get_stream, list_streams

SHOWN = 25


@get("/data/streams", sync_to_thread=True)
def show_streams(visit: Visitor) -> Page:
    """List the streams."""
    return _list_page(visit, failure="")


@post("/data/streams", sync_to_thread=True)
def do_create_stream(visit: Visitor) -> Page:
    """Create a stream."""
    name = visit.form.text("name")
    try:
        made = ensure_streams(
            visit.deps.store,
            account=visit.account,
            names=[name],
            actor=visit.actor,
            now=visit.now,
        )
    except UserError as error:
        return _list_page(visit, failure=error.message)
    words = "is ready for events" if made else "existed already"
    return visit.go(f"/data/streams/{name}", notice=f"Stream “{name}” {words}.")


@get("/data/streams/{name:str}", sync_to_thread=True)
def show_stream(visit: Visitor, name: FromPath[str]) -> Page:
    """Show a stream's raw keys and latest events, with what became nothing."""
    return _detail_page(visit, name, failure="")


@post("/data/streams/{name:str}/run-again", sync_to_thread=True)
def do_run_again(visit: Visitor, name: FromPath[str]) -> Page:
    """Run a rejected event again, repaired or as it came."""
    form = visit.form
    # The text of a long event was cut, so it is never taken from the page.
    body = form.raw("body") if form.is_ticked("edited") else None
    try:
        made = visit.deps.run_again(visit.account, name, form.text("ref"), body, visit.actor)
    except UserError as error:
        return _detail_page(visit, name, failure=error.message)
    return visit.go(f"/data/streams/{name}", notice=f"It was run again ({counted(made, 'event')}).")


@post("/data/streams/{name:str}/map", sync_to_thread=True)
def do_map_key(visit: Visitor, name: FromPath[str]) -> Page:
    """Publish the mapping that is suggested for a raw key."""
    key, field = visit.form.raw("key"), visit.form.text("field")
    try:
        version = visit.deps.map_key(visit.account, name, key, field, visit.actor)
    except UserError as error:
        return _detail_page(visit, name, failure=error.message)
    words = f"“{key}” is mapped from now on, by version {version} of the schema."
    return visit.go(f"/data/streams/{name}", notice=words)


def _detail_page(visit: Visit, name: str, *, failure: str) -> Page:
    stream = get_stream(visit.deps.store, visit.account, name)
    reads = visit.deps.reads
    events = reads.latest_events(visit.account, name, SHOWN)
    rejected = reads.rejected_events(visit.account, name, SHOWN)
    hides = not visit.may(PERSONAL_SCOPE)
    if hides:
        # Nothing says which part of what came in is personal.
        events = tuple(replace(one, body="", reason="") for one in events)
        rejected = tuple(replace(one, body="") for one in rejected)
    return visit.page(
        "streams/detail.html",
        status=400 if failure else 200,
        stream=stream,
        events=events,
        rejected=rejected,
        hides=hides,
        keys=reads.stream_keys(visit.account, name),
        rules=get_intake(visit.deps.store, visit.account, name),
        failure=failure,
        shown=SHOWN,
    )


def _list_page(visit: Visit, *, failure: str) -> Page:
    streams = list_streams(visit.deps.store, visit.account)
    latest = {
        stream.name: visit.deps.reads.latest_events(visit.account, stream.name, 1)
        for stream in streams
    }
    return visit.page(
        "streams/list.html",
        status=400 if failure else 200,
        streams=streams,
        latest=latest,
        failure=failure,
    )
