"""The requests that wait for a commit, bounded in number and bytes."""

import asyncio
import time
from collections import deque
from collections.abc import Sequence

import msgspec

from coterie.base.errors import CoterieError, TransientError

GROUP_BYTES = 4_000_000
RETRY_SECONDS = 2.0


class LogUnavailableError(TransientError):
    """The log cannot be written now: nothing was promised, and the sender should send again."""

    code = "log_unavailable"

    def __init__(self, *, reason: str, retry_after: float = RETRY_SECONDS) -> None:
        super().__init__(
            f"The event log cannot be written now ({reason}). Send the same request again; give "
            "events a message_id, so that none counts twice.",
            retry_after=retry_after,
        )


class LogLimits(msgspec.Struct, frozen=True, kw_only=True):
    """How long requests gather for one commit, and how many may wait."""

    group_ms: int = 3
    queue_requests: int = 10_000
    queue_bytes: int = 64_000_000


class Waiting:
    """One request's rows, with the future that its sender waits for."""

    __slots__ = ("arrived", "future", "rows", "size", "token_id")

    def __init__(
        self, rows: Sequence[bytes], *, token_id: int | None, future: asyncio.Future[None]
    ) -> None:
        self.rows = rows
        self.size = sum(map(len, rows))
        self.token_id = token_id
        self.future = future
        self.arrived = time.perf_counter()

    def succeed(self) -> None:
        """Wake the sender: its events are durable."""
        if not self.future.done():
            self.future.set_result(None)

    def fail(self, error: CoterieError) -> None:
        """Wake the sender with `error`, unless it has an answer."""
        if not self.future.done():
            self.future.set_exception(error)


class WaitingLine:
    """First in, first out; `add` refuses at once when the line is full or closed."""

    def __init__(self, limits: LogLimits) -> None:
        self._limits = limits
        self._line: deque[Waiting] = deque()
        self._bytes = 0
        self._closed: str | None = None
        self._arrival = asyncio.Event()
        self._gathering = asyncio.Lock()

    @property
    def length(self) -> int:
        """How many requests wait for a group."""
        return len(self._line)

    @property
    def is_open(self) -> bool:
        """Whether requests are taken."""
        return self._closed is None

    def add(self, waiting: Waiting) -> None:
        """Put a request at the end of the line. Raises LogUnavailableError."""
        if self._closed is not None:
            raise LogUnavailableError(reason=self._closed)
        limits = self._limits
        is_full = len(self._line) >= limits.queue_requests
        if is_full or (self._line and self._bytes + waiting.size > limits.queue_bytes):
            raise LogUnavailableError(reason="too many requests wait for it")
        self._line.append(waiting)
        self._bytes += waiting.size
        self._arrival.set()

    async def gather(self) -> list[Waiting]:
        """Wait for requests and return a group of them; an empty one once the line is closed.

        One committer gathers at a time, so that a group fills while another is being written.
        """
        async with self._gathering:
            await self._arrival.wait()
            if self._limits.group_ms and self.is_open:
                await asyncio.sleep(self._limits.group_ms / 1000)
            return self._take()

    def close(self, *, reason: str) -> None:
        """Refuse requests from now on; those in line are still handed out."""
        if self._closed is None:
            self._closed = reason
        self._arrival.set()

    def fail_all(self, *, reason: str) -> None:
        """Tell everyone in line that the log is unavailable."""
        while self._line:
            self._line.popleft().fail(LogUnavailableError(reason=reason))
        self._bytes = 0

    def _take(self) -> list[Waiting]:
        group: list[Waiting] = []
        size = 0
        while self._line and (not group or size + self._line[0].size <= GROUP_BYTES):
            waiting = self._line.popleft()
            size += waiting.size
            group.append(waiting)
        self._bytes -= size
        if not self._line and self.is_open:
            self._arrival.clear()
        return group
