"""All routes of the console, ready for the composition root."""

from litestar import Response, Router
from litestar.datastructures import CacheControlHeader
from litestar.di import Provide
from litestar.static_files import create_static_files_router

from coterie.console.dependencies import ConsoleDependencies
from coterie.console.doorkeeper import WebRequest, admit
from coterie.console.failures import FAILURES
from coterie.console.headers import SECURITY_HEADERS
from coterie.console.pages import (
    alerts,
    audience_insights,
    audiences,
    audit,
    authorizations,
    deliveries,
    export_jobs,
    file_exports,
    home,
    identities,
    import_jobs,
    job_wizard,
    jobs,
    privacy,
    profiles,
    replay,
    schema,
    schema_draft_edits,
    schema_drafts,
    sign_in,
    stream_rules,
    streams,
    tokens,
)
from coterie.console.rendering import STATIC, STATIC_PATH
from coterie.console.turns import Turns
from coterie.console.visit import Visit

LARGEST_FORM = 1_000_000
STATIC_SECONDS = 300
# Checking a password takes 64 MB and all of a processor for a while, by intention.
SIGN_INS_AT_ONCE = 2
SIGN_INS_WAITING = 8

PAGES = (
    home.show_home,
    audiences.show_audiences,
    audiences.show_new_audience,
    audiences.do_create_audience,
    audiences.show_audience,
    audiences.show_edit,
    audiences.do_edit,
    audiences.show_archive,
    audiences.do_archive,
    audience_insights.show_overlap,
    audience_insights.show_values,
    audience_insights.do_activate,
    audience_insights.do_rebuild,
    audience_insights.show_starters,
    audience_insights.do_install_starters,
    profiles.show_look_up,
    profiles.do_look_up,
    profiles.do_explain,
    privacy.do_export,
    privacy.do_ask_to_forget,
    privacy.do_forget,
    privacy.show_erasures,
    identities.do_show_identity,
    identities.do_compare,
    identities.do_decide,
    identities.show_decisions,
    identities.do_undo,
    authorizations.show_authorizations,
    authorizations.show_providers,
    authorizations.show_new_authorization,
    authorizations.do_create_authorization,
    authorizations.show_authorization,
    authorizations.do_test,
    authorizations.show_edit,
    authorizations.do_edit,
    authorizations.do_take_old_secret_away,
    authorizations.show_delete,
    authorizations.do_delete,
    deliveries.show_deliveries,
    deliveries.show_held,
    deliveries.do_look_up_held,
    deliveries.show_delivery,
    deliveries.do_step,
    deliveries.do_replay,
    jobs.show_jobs,
    jobs.show_job,
    jobs.do_pause,
    jobs.do_resume,
    jobs.do_replay,
    jobs.show_kill,
    jobs.do_kill,
    jobs.show_delete,
    jobs.do_delete,
    job_wizard.show_types,
    export_jobs.show_new_export,
    export_jobs.do_show_settings,
    export_jobs.do_check_export,
    export_jobs.do_create_export,
    export_jobs.show_edit_export,
    export_jobs.do_show_edit,
    export_jobs.do_check_edit,
    export_jobs.do_edit_export,
    file_exports.show_new_file_export,
    file_exports.do_create_file_export,
    file_exports.show_edit_file_export,
    file_exports.do_edit_file_export,
    import_jobs.show_new_import,
    import_jobs.do_look_at_files,
    import_jobs.do_create_import,
    import_jobs.show_edit_import,
    import_jobs.do_look_again,
    import_jobs.do_edit_import,
    import_jobs.download_rejected_rows,
    streams.show_streams,
    streams.do_create_stream,
    streams.show_stream,
    streams.do_run_again,
    streams.do_map_key,
    stream_rules.show_rules,
    stream_rules.do_change_rules,
    stream_rules.do_renew_secret,
    stream_rules.do_drop_secret,
    schema.show_schema,
    schema_drafts.show_drafts,
    schema_drafts.do_create_draft,
    schema_drafts.show_draft,
    schema_drafts.show_draft_preview,
    schema_drafts.do_catch_up,
    schema_drafts.do_publish_draft,
    schema_drafts.do_discard_draft,
    schema_draft_edits.show_stream_text,
    schema_draft_edits.do_change_stream,
    schema_draft_edits.show_new_field,
    schema_draft_edits.do_create_field,
    schema_draft_edits.show_field,
    schema_draft_edits.do_change_field,
    replay.show_versions,
    replay.show_version,
    replay.do_revert,
    replay.show_replay,
    replay.do_start_replay,
    replay.do_confirm_replay,
    replay.do_cancel_replay,
    tokens.show_tokens,
    tokens.show_new_token,
    tokens.do_create_token,
    tokens.show_revoke,
    tokens.do_revoke,
    alerts.show_alerts,
    alerts.do_create_alert,
    alerts.do_delete_alert,
    audit.show_audit,
    sign_in.do_sign_out,
)


def build_console(deps: ConsoleDependencies) -> list[Router]:
    """Return the routers of the console: static files, signing in, and all that needs a session."""

    def provide_deps() -> ConsoleDependencies:
        return deps

    turns = Turns(at_once=SIGN_INS_AT_ONCE, waiting=SIGN_INS_WAITING)

    def provide_turns() -> Turns:
        return turns

    async def provide_visit(request: WebRequest) -> Visit:
        visit: Visit = request.state.visit
        return visit

    async def keep_door(request: WebRequest) -> None:
        await admit(request, deps)

    def harden(response: Response[bytes]) -> Response[bytes]:
        response.headers.update(SECURITY_HEADERS)
        return response

    dependencies = {"deps": Provide(provide_deps, sync_to_thread=False)}
    static = create_static_files_router(
        path=STATIC_PATH,
        directories=[STATIC],
        name="console-static",
        after_request=harden,
        cache_control=CacheControlHeader(max_age=STATIC_SECONDS, public=True),
    )
    public = Router(
        path="/",
        route_handlers=[sign_in.show_sign_in, sign_in.do_sign_in],
        dependencies={**dependencies, "turns": Provide(provide_turns, sync_to_thread=False)},
        exception_handlers=FAILURES,
        include_in_schema=False,
        request_max_body_size=LARGEST_FORM,
    )
    private = Router(
        path="/",
        route_handlers=list(PAGES),
        before_request=keep_door,
        dependencies={**dependencies, "visit": Provide(provide_visit)},
        exception_handlers=FAILURES,
        include_in_schema=False,
        request_max_body_size=LARGEST_FORM,
    )
    return [static, public, private]
