"""Sends one request over and over on many connections, and measures how fast it is answered.

Run as a process of its own: `python _load.py host port connections seconds warm-up < request`.
"""

import asyncio
import json
import sys
import time
from typing import cast

import uvloop

END_OF_HEAD = b"\r\n\r\n"


class Sender(asyncio.Protocol):
    """One keep-alive connection that sends the next request when the last one is answered."""

    def __init__(self, request: bytes, times: list[tuple[float, float]]) -> None:
        self._request = request
        self._times = times
        self._buffer = b""
        self._sent = 0.0
        self._transport: asyncio.WriteTransport | None = None
        self.failures = 0
        self.is_stopping = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first request."""
        # A loop's own transports need not derive from asyncio's.
        self._transport = cast("asyncio.WriteTransport", transport)
        self._send()

    def data_received(self, data: bytes) -> None:
        """Take an answer's bytes; once it is whole, note its time and go on."""
        self._buffer += data
        end = self._buffer.find(END_OF_HEAD)
        if end < 0:
            return
        head = self._buffer[:end].lower()
        length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
        if len(self._buffer) < end + len(END_OF_HEAD) + length:
            return
        self._buffer = b""
        now = time.perf_counter()
        self._times.append((now, now - self._sent))
        if b" 20" not in head.partition(b"\r\n")[0]:
            self.failures += 1
        self._send()

    def connection_lost(self, _: Exception | None) -> None:
        """Count a connection that the server gave up."""
        if not self.is_stopping:
            self.failures += 1

    def stop(self) -> None:
        """Close the connection."""
        self.is_stopping = True
        if self._transport is not None:
            self._transport.close()

    def _send(self) -> None:
        if self._transport is not None and not self.is_stopping:
            self._sent = time.perf_counter()
            self._transport.write(self._request)


async def run(host: str, port: int, connections: int, seconds: float, warm_up: float) -> str:
    """Load the server; return the figures of the time after the warm-up as JSON."""
    request = sys.stdin.buffer.read()
    times: list[tuple[float, float]] = []
    loop = asyncio.get_running_loop()
    senders = []
    for _ in range(connections):
        _, sender = await loop.create_connection(lambda: Sender(request, times), host, port)
        senders.append(sender)
    start = time.perf_counter() + warm_up
    await asyncio.sleep(warm_up + seconds)
    end = time.perf_counter()
    for sender in senders:
        sender.stop()
    taken = sorted(took for at, took in times if start <= at <= end)
    return json.dumps(
        {
            "requests": len(taken),
            "seconds": end - start,
            "failures": sum(sender.failures for sender in senders),
            "p50_ms": percentile(taken, 0.5) * 1_000,
            "p99_ms": percentile(taken, 0.99) * 1_000,
            "max_ms": percentile(taken, 1.0) * 1_000,
        }
    )


def percentile(ordered: list[float], share: float) -> float:
    """Return the smallest value that `share` of all values do not exceed; 0 for no values."""
    if not ordered:
        return 0.0
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


if __name__ == "__main__":
    given = sys.argv[1:]
    print(uvloop.run(run(given[0], int(given[1]), int(given[2]), float(given[3]), float(given[4]))))
