"""Sends requests at their appointed times and measures each from its time on, sent late or not.

Arrivals do not wait for answers (an open loop), as people do not: a server that stands still for a
second is charged for all who came in that second. Run as a process of its own, with the plan as
JSON on standard input; prints the figures as JSON.
"""

import asyncio
import json
import random
import sys
import time
from collections import deque
from collections.abc import Callable
from typing import cast

import msgspec
import uvloop
from _load import END_OF_HEAD, percentile

LAST_ANSWERS = 2.0


class Plan(msgspec.Struct, frozen=True):
    """Who asks for what, and how often: reads of people at random, and batches of events.

    `events` are sent in requests of `batch`; arrivals are at random instants with these rates.
    What comes in the first `warm_up` seconds is not counted.
    """

    host: str
    port: int
    token: str
    account: int
    people: int
    reads_per_second: float
    events_per_second: float
    seconds: float
    warm_up: float
    batch: int = 25
    connections: int = 32
    seed: int = 1


class Client(asyncio.Protocol):
    """One keep-alive connection with at most one request on its way."""

    def __init__(self, fleet: "Fleet") -> None:
        self._fleet = fleet
        self._buffer = b""
        self._due = 0.0
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Be ready."""
        self._transport = cast("asyncio.WriteTransport", transport)

    @property
    def is_open(self) -> bool:
        """Answer whether the server has not closed it for want of requests."""
        return self._transport is not None and not self._transport.is_closing()

    def send(self, due: float, request: bytes) -> None:
        """Send a request that was due at an instant."""
        self._due = due
        if self._transport is not None:
            self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Take an answer's bytes; once it is whole, note how long it took."""
        self._buffer += data
        end = self._buffer.find(END_OF_HEAD)
        if end < 0:
            return
        head = self._buffer[:end].lower()
        length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
        if len(self._buffer) < end + len(END_OF_HEAD) + length:
            return
        self._buffer = b""
        is_fine = b" 200" in head.partition(b"\r\n")[0]
        self._fleet.answered(self, self._due, is_fine=is_fine)


class Fleet:
    """Connections that share what arrives; what finds all of them busy waits, and its time runs."""

    def __init__(self) -> None:
        self._idle: deque[Client] = deque()
        self._waiting: deque[tuple[float, bytes]] = deque()
        self.times: list[tuple[float, float]] = []
        self.failures = 0

    async def open(self, plan: Plan) -> None:
        """Connect."""
        loop = asyncio.get_running_loop()
        for _ in range(plan.connections):
            _, client = await loop.create_connection(lambda: Client(self), plan.host, plan.port)
            self._idle.append(client)

    def arrive(self, due: float, request: bytes) -> None:
        """Send a request now, or as soon as a connection is free."""
        # In turn, so that none is idle for so long that the server closes it.
        while self._idle:
            client = self._idle.popleft()
            if client.is_open:
                client.send(due, request)
                return
        self._waiting.append((due, request))

    def answered(self, client: Client, due: float, *, is_fine: bool) -> None:
        """Note an answer; send what waits."""
        self.times.append((due, time.perf_counter() - due))
        self.failures += not is_fine
        if self._waiting:
            client.send(*self._waiting.popleft())
        else:
            self._idle.append(client)


def read_request(plan: Plan, chance: random.Random) -> bytes:
    """Return the bytes of a request for a person at random."""
    who = f"u{chance.randrange(plan.people)}@example.org"
    return (
        f"GET /api/entity/user/email/{who} HTTP/1.1\r\nHost: {plan.host}\r\n"
        f"Authorization: {plan.token}\r\n\r\n"
    ).encode()


def events_request(plan: Plan, chance: random.Random) -> bytes:
    """Return the bytes of a request with events about people at random."""
    body = json.dumps(
        [
            {"user_id": f"u{chance.randrange(plan.people)}", "_e": "view", "url": f"/{number}"}
            for number in range(plan.batch)
        ]
    ).encode()
    head = (
        f"POST /c/{plan.account}/default HTTP/1.1\r\nHost: {plan.host}\r\n"
        f"Authorization: {plan.token}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def run(plan: Plan) -> dict[str, float]:
    """Let everything arrive; return the figures of what came after the warm-up."""
    reads, events = Fleet(), Fleet()
    await asyncio.gather(reads.open(plan), events.open(plan))
    began = time.perf_counter()
    await asyncio.gather(
        _arrive(plan, reads, plan.reads_per_second, read_request, began),
        _arrive(plan, events, plan.events_per_second / plan.batch, events_request, began),
    )
    await asyncio.sleep(LAST_ANSWERS)
    counted, accepted = (
        sorted(took for due, took in each.times if due >= began + plan.warm_up)
        for each in (reads, events)
    )
    return {
        "reads": len(counted),
        "events": len(events.times) * plan.batch,
        "failures": reads.failures + events.failures,
        "p50_ms": percentile(counted, 0.5) * 1_000,
        "p99_ms": percentile(counted, 0.99) * 1_000,
        "max_ms": percentile(counted, 1.0) * 1_000,
        "accept_p99_ms": percentile(accepted, 0.99) * 1_000,
    }


async def _arrive(
    plan: Plan,
    fleet: Fleet,
    rate: float,
    make: Callable[[Plan, random.Random], bytes],
    began: float,
) -> None:
    """Let requests arrive at random distances until the time is over."""
    chance = random.Random(f"{plan.seed} {make.__name__}")
    due = began
    while rate and (due := due + chance.expovariate(rate)) < began + plan.warm_up + plan.seconds:
        request = make(plan, chance)
        if (left := due - time.perf_counter()) > 0:
            await asyncio.sleep(left)
        fleet.arrive(due, request)


if __name__ == "__main__":
    given = msgspec.json.decode(sys.stdin.buffer.read(), type=Plan)
    print(json.dumps(uvloop.run(run(given))))
