"""The calls under /users/track."""

from functools import partial
from typing import Any

from braze_sandbox.engine import Engine
from braze_sandbox.errors import RefusedError
from braze_sandbox.operations import Job
from braze_sandbox.server.endpoint import Call, Endpoint, Result
from braze_sandbox.track.process import process_track
from braze_sandbox.track.request import (
    NothingValidError,
    TrackRequest,
    read_bulk,
    read_sync,
    read_track,
)
from braze_sandbox.track.show import show_written


class BulkTooLargeError(RefusedError):
    """A bulk body is larger than the settings allow; Braze answers 400 there and not 413."""

    def __init__(self) -> None:
        super().__init__(400, "Request Entity Too Large")


def track(engine: Engine, call: Call) -> Result:
    """Take attributes, events and purchases."""
    request = read_track(call.data, engine.settings)
    if call.reject_every is not None:
        request = request.without_every(call.reject_every)
        if request.is_empty():
            types = engine.settings.error_types
            raise NothingValidError([error.show(types) for error in request.errors])
    return _accept(engine, call, "track", request)


def track_bulk(engine: Engine, call: Call) -> Result:
    """Take a thousand objects, for loads that may take their time."""
    if len(call.body) > engine.settings.bulk_bytes:
        raise BulkTooLargeError
    request = read_bulk(call.data, engine.settings)
    return _accept(engine, call, "track_bulk", request)


def track_sync(engine: Engine, call: Call) -> Result:
    """Take one object, and answer once it is processed with what it changed."""
    request = read_sync(call.data, engine.settings)
    users: list[dict[str, Any]] = []
    if not engine.settings.blackhole:
        job = Job("track", partial(process_track, request))
        engine.processing.apply(call.workspace, job, key_name=call.key.name)
        users = show_written(request, call.workspace.profiles)
    return Result(201, {"users": users, "message": "success"})


def _accept(engine: Engine, call: Call, kind: str, request: TrackRequest) -> Result:
    settings = engine.settings
    if not settings.blackhole:
        engine.processing.accept(
            call.workspace,
            Job(kind, partial(process_track, request)),
            key_name=call.key.name,
            body=call.body,
        )
    if settings.maintenance:
        return Result(202, {"message": "queued"})
    return Result(201, request.answer(settings.error_types))


ENDPOINTS = (
    Endpoint(
        method="POST",
        path="/users/track",
        permission="users.track",
        bucket=lambda _: "users.track",
        act=track,
    ),
    Endpoint(
        method="POST",
        path="/users/track/bulk",
        permission="users.track.bulk",
        bucket=lambda _: "users.track.bulk",
        act=track_bulk,
    ),
    Endpoint(
        method="POST",
        path="/users/track/sync",
        permission="users.track.sync",
        bucket=lambda _: "users.track.sync",
        act=track_sync,
    ),
)
