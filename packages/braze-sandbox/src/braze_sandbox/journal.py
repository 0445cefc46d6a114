"""The memory of the requests that came in."""

from collections import Counter, deque
from collections.abc import Iterator
from datetime import datetime

import msgspec


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One request with its answer; `fault` tells that the answer, or its lack, was ordered.

    `status` is 0 when the connection was cut without an answer. Secrets are not kept: a REST key
    appears by its name. `headers` are those of the answer.
    """

    number: int
    at: datetime
    method: str
    path: str
    key_name: str | None
    user_agent: str | None
    status: int
    milliseconds: float
    fault: bool
    request: bytes
    response: bytes
    headers: dict[str, str] = {}


class Journal:
    """The last requests, bounded by number and by the bytes of their bodies, with counts of all."""

    def __init__(self, *, entries: int, body_bytes: int) -> None:
        self._entries: deque[Entry] = deque()
        self._most_entries = entries
        self._most_bytes = body_bytes
        self._bytes = 0
        self._number = 0
        self._counts: Counter[tuple[str, int]] = Counter()

    def next_number(self) -> int:
        """Return a fresh entry number."""
        self._number += 1
        return self._number

    def add(self, entry: Entry) -> None:
        """Remember `entry` and forget the oldest beyond the bounds."""
        self._counts[entry.path, entry.status] += 1
        self._entries.append(entry)
        self._bytes += len(entry.request) + len(entry.response)
        while self._entries and (
            len(self._entries) > self._most_entries or self._bytes > self._most_bytes
        ):
            oldest = self._entries.popleft()
            self._bytes -= len(oldest.request) + len(oldest.response)

    def newest(
        self, *, limit: int, path: str = "", status: int | None = None, after: int = 0
    ) -> list[Entry]:
        """Return up to `limit` entries, the newest first, that fit the filters."""
        found: list[Entry] = []
        for entry in self._backwards(after):
            if entry.path.startswith(path) and status in (None, entry.status):
                found.append(entry)
                if len(found) >= limit:
                    break
        return found

    def find(self, number: int) -> Entry | None:
        """Return the entry of that number, unless it is forgotten."""
        return next((entry for entry in self._entries if entry.number == number), None)

    def counts(self) -> list[tuple[str, int, int]]:
        """Return path, status and number of all requests since the start or the last reset."""
        return [(path, status, n) for (path, status), n in sorted(self._counts.items())]

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()
        self._counts.clear()
        self._bytes = 0

    def _backwards(self, after: int) -> Iterator[Entry]:
        for entry in reversed(self._entries):
            if entry.number <= after:
                return
            yield entry
