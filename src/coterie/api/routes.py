"""All routes of the API, ready for the composition root."""

from collections.abc import Sequence
from typing import Any

import msgspec
from litestar import MediaType, Request, Response, Router
from litestar.di import Provide
from litestar.enums import ScopeType
from litestar.exceptions import HTTPException
from litestar.types import ASGIApp, Receive, Scope, Send

from coterie.api import authorizations, streams
from coterie.api.alerts import create_alert, delete_alert, list_alerts
from coterie.api.audience_life import (
    activate_audience,
    archive_audience,
    install_starters,
    list_starters,
    rebuild_audience,
)
from coterie.api.audiences import create_audience, update_audience
from coterie.api.changes import list_changes
from coterie.api.deliveries import (
    choose_repeats,
    drop_aside,
    find_held,
    get_delivery,
    get_request,
    list_aside,
    list_deliveries,
    replay_aside,
    take_step,
)
from coterie.api.dependencies import ApiDependencies
from coterie.api.errors import ErrorAnswer, answer_error, http_error
from coterie.api.file_jobs import (
    create_file_export,
    create_import,
    get_rejected_rows,
    list_imported_files,
    list_written_files,
    look_at_files,
)
from coterie.api.health import live, metrics, ready
from coterie.api.identities import (
    ask_why,
    get_graph,
    list_decisions,
    make_decision,
    undo_decision,
)
from coterie.api.insights import (
    list_overlaps,
    list_sizes,
    preview_audience,
    report_everyone,
    report_members,
)
from coterie.api.jobs import (
    create_export,
    delete_job,
    get_job,
    list_omitted,
    run_dry,
    steer_job,
    update_job,
)
from coterie.api.privacy import export_person, forget_person, get_erasure, list_erasures
from coterie.api.reads import READ_PREFIXES, ReadDoor, find_reading
from coterie.api.resources import (
    explain_membership,
    find_grant,
    get_audience,
    get_profile,
    list_audiences,
    list_jobs,
)
from coterie.api.schema import (
    cancel_replay,
    confirm_replay,
    get_replay,
    get_version,
    list_differences,
    list_versions,
    revert_schema,
    start_replay,
)
from coterie.api.schema_drafts import (
    catch_up_schema_draft,
    check_schema_draft,
    create_schema_draft,
    discard_schema_draft,
    get_schema_draft,
    list_schema_drafts,
    preview_schema_draft,
    publish_schema_draft,
    put_schema_draft,
    rename_schema_draft_field,
    write_schema_draft,
)
from coterie.api.segment_filters import scan_filter, size_of_filter, validate_segment
from coterie.api.segment_groups import (
    change_segment_group,
    create_segment_group,
    delete_segment_group,
    get_segment_group,
    list_segment_groups,
)
from coterie.api.segments import (
    create_segment,
    delete_segment,
    get_segment,
    list_ancestors,
    list_segment_jobs,
    list_segments,
    reevaluate_segment,
    report_segment,
    scan_segment,
    size_of_segment,
    sum_up_segment,
    update_segment,
)
from coterie.api.state import ApiState
from coterie.api.tag import get_tag
from coterie.api.targets import COLLECT_PREFIXES
from coterie.api.validate import validate_audience, validate_schema
from coterie.base.errors import CoterieError


class Api(msgspec.Struct, frozen=True):
    """The API's parts of the web application.

    `handlers` and `state.lifespan` go into the Litestar application; `with_doors` wraps it.
    """

    state: ApiState
    handlers: Sequence[Router]
    reads: ReadDoor


def build_api(dependencies: ApiDependencies) -> Api:
    """Return the API's routes, all but those in front of litestar as handlers of it."""
    state = ApiState(dependencies)

    def give_state() -> ApiState:
        return state

    router = Router(
        path="/",
        route_handlers=[
            live,
            ready,
            metrics,
            get_tag,
            streams.list_streams,
            streams.list_keys,
            streams.list_events,
            streams.list_rejected,
            streams.run_again,
            streams.map_key,
            list_audiences,
            get_audience,
            create_audience,
            update_audience,
            activate_audience,
            rebuild_audience,
            archive_audience,
            list_starters,
            install_starters,
            preview_audience,
            list_sizes,
            list_overlaps,
            report_members,
            report_everyone,
            list_segment_jobs,
            list_segments,
            list_segment_groups,
            create_segment_group,
            get_segment_group,
            change_segment_group,
            delete_segment_group,
            create_segment,
            get_segment,
            update_segment,
            delete_segment,
            list_ancestors,
            reevaluate_segment,
            validate_segment,
            size_of_filter,
            size_of_segment,
            scan_segment,
            scan_filter,
            sum_up_segment,
            report_segment,
            list_jobs,
            create_import,
            look_at_files,
            list_imported_files,
            get_rejected_rows,
            create_file_export,
            list_written_files,
            get_job,
            create_export,
            update_job,
            run_dry,
            steer_job,
            delete_job,
            list_omitted,
            authorizations.list_authorizations,
            authorizations.get_authorization,
            authorizations.create_authorization,
            authorizations.update_authorization,
            authorizations.delete_authorization,
            list_alerts,
            create_alert,
            delete_alert,
            list_deliveries,
            get_delivery,
            list_aside,
            replay_aside,
            drop_aside,
            take_step,
            choose_repeats,
            find_held,
            get_request,
            list_changes,
            get_profile,
            explain_membership,
            validate_audience,
            validate_schema,
            list_versions,
            get_version,
            list_differences,
            revert_schema,
            list_schema_drafts,
            create_schema_draft,
            get_schema_draft,
            put_schema_draft,
            rename_schema_draft_field,
            write_schema_draft,
            check_schema_draft,
            preview_schema_draft,
            catch_up_schema_draft,
            publish_schema_draft,
            discard_schema_draft,
            get_replay,
            start_replay,
            confirm_replay,
            cancel_replay,
            forget_person,
            list_erasures,
            get_erasure,
            export_person,
            get_graph,
            ask_why,
            list_decisions,
            make_decision,
            undo_decision,
        ],
        dependencies={
            "api": Provide(give_state, sync_to_thread=False),
            "grant": Provide(find_grant),
        },
        exception_handlers={
            CoterieError: as_response,
            HTTPException: as_http_response,
            RecursionError: as_too_deep,
            Exception: as_response,
        },
    )
    return Api(state, [router], ReadDoor(state.tokens, dependencies))


def with_doors(app: ASGIApp, api: Api) -> ASGIApp:
    """Return `app` with the collect routes and the reads of one person in front of it."""

    async def dispatch(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP:
            path = scope["path"]
            if path.startswith(COLLECT_PREFIXES):
                await api.state.door(scope, receive, send)
                return
            if path.startswith(READ_PREFIXES) and (reading := find_reading(scope["raw_path"])):
                await api.reads(reading, scope, send)
                return
        await app(scope, receive, send)

    return dispatch


def as_response(_: Request[Any, Any, Any], error: Exception) -> Response[ErrorAnswer]:
    """Answer an error of ours, or one that nobody expected."""
    body, headers = answer_error(error)
    return Response(body, status_code=body.status, headers=headers, media_type=MediaType.JSON)


def as_http_response(_: Request[Any, Any, Any], error: HTTPException) -> Response[ErrorAnswer]:
    """Answer what the framework refused, such as a parameter of the wrong kind."""
    body = http_error(error.status_code, error.detail)
    return Response(body, status_code=body.status, headers=error.headers, media_type=MediaType.JSON)


def as_too_deep(_: Request[Any, Any, Any], __: RecursionError) -> Response[ErrorAnswer]:
    """Answer a body whose nesting nothing can follow."""
    body = ErrorAnswer(
        status=400,
        message="The body is nested too deeply to be read. Take levels out of it.",
        code="nested_too_deep",
    )
    return Response(body, status_code=body.status, media_type=MediaType.JSON)
