"""The admin routes that give exported users."""

from collections.abc import Callable, Iterable
from typing import Any

from aiohttp import web

from braze_sandbox.csv_export import (
    EMAIL_COLUMNS,
    TooManyUsersError,
    email_row,
    user_header,
    user_row,
    write_chunks,
)
from braze_sandbox.model.profile import Profile
from braze_sandbox.segments.members import find_members, resolve_filter
from braze_sandbox.server.answers import ENGINE, query_asking, query_number

_LAST_BUCKET = 9999


def export_routes() -> list[web.RouteDef]:
    """Return the routes under `/_sandbox` that export CSV."""
    return [
        web.get("/_sandbox/export/users.csv", export_users_csv),
        web.get("/_sandbox/export/emails.csv", export_emails_csv),
        web.get("/_sandbox/exports/{file}", download_export),
    ]


async def export_users_csv(request: web.Request) -> web.StreamResponse:
    """Give "CSV Export User Data".

    Query: `workspace`, `segment`, `custom_attributes` and `custom_events` (names by comma),
    `random_bucket_from`, `random_bucket_to`.
    """
    events, attributes = _names(request, "custom_events"), _names(request, "custom_attributes")
    return await _stream(
        request,
        header=user_header(events, attributes),
        row=lambda profile: user_row(profile, events, attributes),
    )


async def export_emails_csv(request: web.Request) -> web.StreamResponse:
    """Give "CSV Export Email Addresses" of the users that have one. Query as for users."""
    return await _stream(request, header=list(EMAIL_COLUMNS), row=email_row, needs_email=True)


async def download_export(request: web.Request) -> web.StreamResponse:
    """Give the file of a finished /users/export/segment."""
    return web.FileResponse(request.app[ENGINE].exports.find(request.match_info["file"]))


async def _stream(
    request: web.Request,
    *,
    header: list[str],
    row: Callable[[Profile], list[Any]],
    needs_email: bool = False,
) -> web.StreamResponse:
    profiles = [p for p in _chosen(request) if not needs_email or p.fields.get("email")]
    limit = request.app[ENGINE].settings.csv_users
    if len(profiles) > limit:
        raise TooManyUsersError(len(profiles), limit)
    answer = web.StreamResponse(headers={"Content-Type": "text/csv; charset=utf-8"})
    await answer.prepare(request)
    for chunk in write_chunks(header, (row(profile) for profile in profiles)):
        await answer.write(chunk)
    await answer.write_eof()
    return answer


def _chosen(request: web.Request) -> Iterable[Profile]:
    asking = query_asking(request)
    condition = resolve_filter(asking, request.query.get("segment"), None)
    first = query_number(request, "random_bucket_from", 0)
    last = query_number(request, "random_bucket_to", _LAST_BUCKET)
    members = find_members(asking, condition)
    return (profile for profile in members if first <= profile.random_bucket <= last)


def _names(request: web.Request, parameter: str) -> list[str]:
    return [name for name in request.query.get(parameter, "").split(",") if name]
