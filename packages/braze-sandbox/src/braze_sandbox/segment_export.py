"""The exports of whole segments, built in the background and fetched from an address."""

import asyncio
import gzip
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import aiohttp
import msgspec

from braze_sandbox.clock import Clock
from braze_sandbox.errors import RefusedError
from braze_sandbox.export_ids import show_profile
from braze_sandbox.ids import new_dispatch_id, new_id
from braze_sandbox.model.profile import Profile
from braze_sandbox.settings import Settings

_USERS_A_FILE = 5000
_MOST_AT_ONCE = 100
_MOST_ATTRIBUTES = 500
_CALLBACK_SECONDS = 30


class ExportRefusedError(RefusedError):
    """An export that cannot be made."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(status, message)


class UnknownExportError(RefusedError):
    """No file has this name, or its link has expired."""

    def __init__(self, name: str) -> None:
        super().__init__(404, f"There is no export '{name}', or it is not ready, or expired.")


class ExportOrder(msgspec.Struct, frozen=True):
    """What is written of each user as of `now`, in which form, and who is told."""

    fields: frozenset[str] | None
    attributes: frozenset[str] | None
    form: Literal["zip", "gzip"]
    callback: str | None
    now: datetime


class ExportTicket(msgspec.Struct, frozen=True):
    """Where an export will be."""

    object_prefix: str
    name: str


def read_order(body: Any, settings: Settings, *, now: datetime) -> ExportOrder:
    """Return what a decoded body orders; raise ExportRefusedError (400)."""
    request = body if isinstance(body, dict) else {}
    fields = request.get("fields_to_export")
    if not isinstance(fields, list) or not fields:
        if settings.require_fields_to_export:
            message = "'fields_to_export' must name at least one field"
            raise ExportRefusedError(400, message)
        fields = None
    attributes = request.get("custom_attributes_to_export")
    if attributes is not None and (
        not isinstance(attributes, list) or len(attributes) > _MOST_ATTRIBUTES
    ):
        message = f"'custom_attributes_to_export' may name {_MOST_ATTRIBUTES} attributes at most"
        raise ExportRefusedError(400, message)
    form = request.get("output_format", "zip")
    if form not in ("zip", "gzip"):
        raise ExportRefusedError(400, "'output_format' must be 'zip' or 'gzip'")
    callback = request.get("callback_endpoint")
    return ExportOrder(
        fields=None if fields is None else frozenset(map(str, fields)),
        attributes=None if attributes is None else frozenset(map(str, attributes)),
        form=form,
        callback=callback if isinstance(callback, str) and callback else None,
        now=now,
    )


class SegmentExports:
    """Builds exports one file of 5,000 users at a time, and keeps them until they expire."""

    def __init__(
        self, session: Callable[[], aiohttp.ClientSession], *, clock: Clock, settings: Settings
    ) -> None:
        self._session = session
        self._clock = clock
        self._settings = settings
        self._folder: TemporaryDirectory[str] | None = None
        self._tasks: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._ready: dict[str, datetime] = {}

    def use(self, settings: Settings) -> None:
        """Take over changed settings."""
        self._settings = settings

    def start(
        self, place: tuple[str, str], members: list[Profile], order: ExportOrder, *, origin: str
    ) -> ExportTicket:
        """Begin an export of `members`; return where it will be.

        `place` is the workspace with the segment: raise ExportRefusedError (429) while an export
        of the same runs, or a hundred of any.
        """
        if place in self._tasks or len(self._tasks) >= _MOST_AT_ONCE:
            message = "The export of this segment is still in progress"
            raise ExportRefusedError(429, message)
        prefix = f"{new_id()}-{int(self._clock().timestamp())}"
        name = f"{new_dispatch_id()}.{'zip' if order.form == 'zip' else 'json.gz'}"
        url = f"{origin}/_sandbox/exports/{name}"
        task = asyncio.create_task(self._export(place, members, order, name=name, url=url))
        self._tasks[place] = task
        return ExportTicket(prefix, name)

    def find(self, name: str) -> Path:
        """Return the file of a finished export; raise UnknownExportError (404)."""
        made = self._ready.get(name)
        alive = timedelta(seconds=self._settings.export_link_seconds)
        if made is None or made + alive <= self._clock():
            raise UnknownExportError(name)
        return self._path(name)

    def cancel(self, place: tuple[str, str]) -> int:
        """Stop the export of a segment that is under way; return how many there were.

        Its link never works, and nobody is called back.
        """
        task = self._tasks.pop(place, None)
        if task is None:
            return 0
        task.cancel()
        return 1

    async def settle(self) -> None:
        """Return once no export runs."""
        while self._tasks:
            await asyncio.wait(set(self._tasks.values()))

    async def close(self) -> None:
        """Stop what runs and remove all files."""
        for task in list(self._tasks.values()):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        if self._folder is not None:
            self._folder.cleanup()

    async def _export(
        self,
        place: tuple[str, str],
        members: list[Profile],
        order: ExportOrder,
        *,
        name: str,
        url: str,
    ) -> None:
        try:
            await asyncio.sleep(self._settings.segment_export_seconds)
            write = _write_zip if order.form == "zip" else _write_gzip
            for _ in write(self._path(name), members, order):
                # Requests are answered between two files.
                await asyncio.sleep(0)
            self._ready[name] = self._clock()
            if order.callback is not None:
                await self._call_back(order.callback, url)
        except asyncio.CancelledError:
            self._path(name).unlink(missing_ok=True)
            raise
        finally:
            # Of an export that was cancelled the place may be another's by now.
            if self._tasks.get(place) is asyncio.current_task():
                del self._tasks[place]

    async def _call_back(self, address: str, url: str) -> None:
        timeout = aiohttp.ClientTimeout(total=_CALLBACK_SECONDS)
        with suppress(aiohttp.ClientError, TimeoutError, OSError):
            body = {"success": True, "url": url}
            async with self._session().post(address, json=body, timeout=timeout) as answer:
                await answer.read()

    def _path(self, name: str) -> Path:
        if self._folder is None:
            self._folder = TemporaryDirectory(prefix="braze-sandbox-exports-")
        return Path(self._folder.name) / name


def _write_zip(path: Path, members: list[Profile], order: ExportOrder) -> Iterator[None]:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, lines in enumerate(_files(members, order)):
            archive.writestr(f"users-{number:05}.json", lines)
            yield


def _write_gzip(path: Path, members: list[Profile], order: ExportOrder) -> Iterator[None]:
    with gzip.open(path, "wb") as archive:
        for lines in _files(members, order):
            archive.write(lines)
            yield


def _files(members: list[Profile], order: ExportOrder) -> Iterator[bytes]:
    for first in range(0, max(len(members), 1), _USERS_A_FILE):
        page = members[first : first + _USERS_A_FILE]
        yield b"".join(msgspec.json.encode(_show(p, order)) + b"\n" for p in page)


def _show(profile: Profile, order: ExportOrder) -> dict[str, Any]:
    shown = show_profile(profile, order.fields, now=order.now)
    if order.attributes is None or not profile.custom:
        return shown
    chosen = {name: value for name, value in profile.custom.items() if name in order.attributes}
    if chosen:
        shown["custom_attributes"] = chosen
    else:
        shown.pop("custom_attributes", None)
    return shown
