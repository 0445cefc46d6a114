"""Versions of the schema and what they changed; history mapped anew."""

from litestar import get, post
from litestar.params import FromPath

from coterie.base.errors import UserError
from coterie.console.doorkeeper import needs
from coterie.console.headers import Page
from coterie.console.pages.parts import Visitor, actor_names
from coterie.console.visit import Visit
from coterie.control.definitions.audiences import list_audiences
from coterie.control.definitions.schema_diff import find_differences, revert_schema
from coterie.control.definitions.schema_versions import list_versions
from coterie.control.replays import (
    UnknownReplayError,
    cancel_replay,
    confirm_replay,
    find_trimmed,
    get_replay,
    start_replay,
)
from coterie.model.replay import Replay

VERSIONS = "/data/schema/versions"
REPLAY = "/data/schema/replay"


@get(VERSIONS, sync_to_thread=True)
def show_versions(visit: Visitor) -> Page:
    """List the published versions."""
    return visit.page(
        "schema/versions.html",
        versions=list_versions(visit.deps.store, visit.account),
        names=actor_names(visit),
    )


@get(f"{VERSIONS}/{{version:int}}", sync_to_thread=True)
def show_version(visit: Visitor, version: FromPath[int]) -> Page:
    """Show what a version changed."""
    return _version_page(visit, version)


@post(f"{VERSIONS}/{{version:int}}/revert", sync_to_thread=True)
def do_revert(visit: Visitor, version: FromPath[int]) -> Page:
    """Publish an earlier version again."""
    store, clock = visit.deps.store, visit.deps.clock
    try:
        made = revert_schema(
            store, account=visit.account, version=version, actor=visit.actor, clock=clock
        )
    except UserError as error:
        return _version_page(visit, version, failure=error.message)
    return visit.go(
        f"{VERSIONS}/{made.version}", notice=f"Version {made.version} is as version {version} was."
    )


@get(REPLAY, sync_to_thread=True)
def show_replay(visit: Visitor) -> Page:
    """Show how far the newest replay is, and what it would change."""
    return _replay_page(visit)


@post(REPLAY, sync_to_thread=True)
def do_start_replay(visit: Visitor) -> Page:
    """Begin a replay."""
    rate = visit.form.whole_number("rate")
    store, clock = visit.deps.store, visit.deps.clock
    try:
        start_replay(
            store,
            account=visit.account,
            events_a_second=rate,
            accepts_loss=visit.form.is_ticked("accepts_loss"),
            actor=visit.actor,
            clock=clock,
        )
    except UserError as error:
        return _replay_page(visit, failure=error.message)
    return visit.go(REPLAY, notice="History is being read. Nothing changes until you confirm it.")


@post(f"{REPLAY}/confirm", sync_to_thread=True, opt=needs("data_manager"))
def do_confirm_replay(visit: Visitor) -> Page:
    """Let a replay take the place of what is live."""
    store, clock = visit.deps.store, visit.deps.clock
    try:
        confirm_replay(store, account=visit.account, actor=visit.actor, clock=clock)
    except UserError as error:
        return _replay_page(visit, failure=error.message)
    return visit.go(REPLAY, notice="Confirmed. It becomes live within moments.")


@post(f"{REPLAY}/cancel", sync_to_thread=True)
def do_cancel_replay(visit: Visitor) -> Page:
    """Give a replay up."""
    store, clock = visit.deps.store, visit.deps.clock
    try:
        cancel_replay(store, account=visit.account, actor=visit.actor, clock=clock)
    except UserError as error:
        return _replay_page(visit, failure=error.message)
    return visit.go(REPLAY, notice="The replay is cancelled. What is live stayed as it was.")


def _version_page(visit: Visit, version: int, *, failure: str = "") -> Page:
    return visit.page(
        "schema/version.html",
        status=400 if failure else 200,
        difference=find_differences(visit.deps.store, visit.account, None, version),
        latest=list_versions(visit.deps.store, visit.account)[0].version,
        failure=failure,
    )


def _replay_page(visit: Visit, *, failure: str = "") -> Page:
    audiences = list_audiences(visit.deps.store, visit.account)
    return visit.page(
        "schema/replay.html",
        status=400 if failure else 200,
        replay=_newest(visit),
        trimmed=find_trimmed(visit.deps.store),
        audiences={each.id: each for each in audiences},
        failure=failure,
    )


def _newest(visit: Visit) -> Replay | None:
    try:
        return get_replay(visit.deps.store, visit.account)
    except UnknownReplayError:
        return None
