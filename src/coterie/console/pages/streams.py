"""Streams with their latest events, accepted or refused."""

from litestar import get, post
from litestar.params import FromPath
from msgspec.structs import replace

from coterie.base.errors import UserError
from coterie.console.headers import Page
from coterie.console.pages.parts import PERSONAL_SCOPE, Visitor
from coterie.console.visit import Visit
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
    """Show a stream's latest events, those that were refused beside them."""
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
        stream=stream,
        events=events,
        rejected=rejected,
        hides=hides,
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
