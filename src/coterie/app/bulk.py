"""Starts a process for each bulk load, and hands it the body."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from typing import NoReturn

import msgspec

from coterie.app.bulk_process import LENGTH_BYTES
from coterie.base.errors import CoterieError, PermanentError, TransientError, UserError
from coterie.model.bulk import BulkFailure, BulkOutcome, BulkRequest

COMMAND = (sys.executable, "-m", "coterie.app.bulk_process")
RETRY_SECONDS = 10.0


class TooManyLoadsError(TransientError):
    """As many bulk loads as may run at once are under way."""

    code = "too_many_bulk_loads"

    def __init__(self, *, most: int) -> None:
        super().__init__(
            f"{most} bulk loads are under way, which is as many as this server takes at once. Send "
            "the load again in a moment, or raise COTERIE_COLLECT_BULK_LOADS.",
            retry_after=RETRY_SECONDS,
        )


class LoadBrokeError(PermanentError):
    """The process of a bulk load ended without an answer."""

    code = "bulk_load_broke"

    def __init__(self) -> None:
        super().__init__(
            "The process that took the load ended early; the log of the server says why. Send the "
            "same load again: what was stored already counts once."
        )


class _Answer(msgspec.Struct, frozen=True):
    outcome: BulkOutcome | None = None
    failure: BulkFailure | None = None


class BulkDesk:
    """Takes at most `most` bulk loads at once."""

    def __init__(self, *, most: int) -> None:
        self._most = most
        self._running = 0

    async def load(self, request: BulkRequest, body: AsyncIterator[bytes]) -> BulkOutcome:
        """Take one load. Raises TooManyLoadsError, or what came of it in its process."""
        if self._running >= self._most:
            raise TooManyLoadsError(most=self._most)
        self._running += 1
        try:
            return await self._run(request, body)
        finally:
            self._running -= 1

    async def _run(self, request: BulkRequest, body: AsyncIterator[bytes]) -> BulkOutcome:
        process = await asyncio.create_subprocess_exec(*COMMAND, stdin=PIPE, stdout=PIPE)
        try:
            await _hand_over(process, request, body)
            text, _ = await process.communicate()
        finally:
            if process.returncode is None:
                # The sender went away, or sends nonsense: what is stored by now counts once.
                process.kill()
                await process.wait()
        return _read_answer(text)


async def _hand_over(process: Process, request: BulkRequest, body: AsyncIterator[bytes]) -> None:
    pipe = process.stdin
    if pipe is None:
        raise LoadBrokeError
    pipe.write(msgspec.json.encode(request) + b"\n")
    try:
        async for piece in body:
            if piece:
                pipe.write(len(piece).to_bytes(LENGTH_BYTES, "big") + piece)
                await pipe.drain()
        pipe.write(bytes(LENGTH_BYTES))
        await pipe.drain()
    except (BrokenPipeError, ConnectionResetError):
        # It refused the load before the end, and its answer says why.
        return


def _read_answer(text: bytes) -> BulkOutcome:
    try:
        answer = msgspec.json.decode(text, type=_Answer)
    except msgspec.DecodeError as error:
        raise LoadBrokeError from error
    if answer.failure is not None:
        _raise(answer.failure)
    if answer.outcome is None:
        raise LoadBrokeError
    return answer.outcome


def _raise(failure: BulkFailure) -> NoReturn:
    error: CoterieError
    if failure.family == "transient":
        error = TransientError(failure.message, retry_after=failure.retry_after)
    elif failure.family == "user":
        error = UserError(failure.message)
    else:
        error = PermanentError(failure.message)
    error.code = failure.code
    raise error
