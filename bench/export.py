"""How many users' changes a second one sender delivers.

Embedded PostgreSQL, a Braze sandbox that validates, counts and keeps nothing (`--blackhole`), and
one sender with one key, each a process of its own. Every user enters one audience: a row of the
outbox that waits, written before the clock starts. The clock stops when all rows are settled.
"""

import asyncio
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from multiprocessing.connection import Connection as Pipe
from pathlib import Path

import msgspec
from _figures import common_options, options_of, print_figures
from _postgres import ServerTime

from coterie.app.roles import run_sending
from coterie.base.clock import system_clock
from coterie.base.keyfile import load_or_create
from coterie.control.accounts import create_account
from coterie.control.authorizations import create_authorization
from coterie.flow.exports.desk import DeliveryDesk
from coterie.model.control import Actor
from coterie.sender.dependencies import SenderDependencies
from coterie.sender.loop import run_sender
from coterie.store import Embedded, Store, migrate

ACTOR = Actor(name="bench")
KEY = "bench"
OBJECTS = 75
USERS, QUICK_USERS = 2_000_000, 150_000
CHUNK = 200_000
PAGE = os.sysconf("SC_PAGE_SIZE")


class Sent(msgspec.Struct, frozen=True):
    """What a sender's process used: seconds of processor, megabytes early on and at most."""

    cpu_seconds: float
    memory_early_mb: float
    memory_most_mb: float


def main() -> None:
    """Run the benchmark."""
    parser = common_options(__doc__ or "")
    parser.add_argument("--users", type=int, help=f"how many (default {USERS:,})")
    given = parser.parse_args()
    options = options_of(given)
    users = given.users or (QUICK_USERS if options.quick else USERS)
    with (
        tempfile.TemporaryDirectory() as folder,
        serving() as sandbox,
        Embedded.open(Path(folder) / "pg", owner="bench/export.py") as server,
    ):
        migrate(server.url)
        key_file = Path(folder) / "keys"
        with Store.open(server.url) as store:
            fill(store, key_file, sandbox.url, users)
            figures = measure(store, key_file, sandbox, users)
        print_figures("export", figures, options)


class Sandbox(msgspec.Struct, frozen=True):
    """A sandbox's process."""

    url: str
    pid: int

    def cpu_seconds(self) -> float:
        """Return the processor time that it has used."""
        stat = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")

    def requests(self) -> int:
        """Return how many requests it has answered."""
        with urllib.request.urlopen(f"{self.url}/_sandbox/journal?limit=1") as answer:  # noqa: S310
            entries = json.load(answer)["entries"]
        return int(entries[0]["number"]) if entries else 0


@contextmanager
def serving() -> Iterator[Sandbox]:
    """Serve a sandbox from a process of its own."""
    command = [sys.executable, "-m", "braze_sandbox", "serve", "--port", "0", "--key", KEY]
    for setting in ("rate_limiting=false", "journal_entries=10"):
        command += ["--setting", setting]
    command.append("--blackhole")
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline() if process.stdout else ""
        yield Sandbox(line.split()[-1].rstrip("/"), process.pid)
    finally:
        process.terminate()
        process.wait(timeout=30)


def fill(store: Store, key_file: Path, url: str, users: int) -> None:
    """Let an outbox wait, as an export's start leaves it."""
    now = datetime.now(UTC)
    account = create_account(store, name="bench", actor=ACTOR, clock=system_clock)
    authorization = create_authorization(
        store,
        load_or_create(key_file),
        account=account.number,
        provider="braze",
        method="api_key",
        label="Braze",
        config={"apikey": KEY, "endpoint_url": url},
        actor=ACTOR,
        now=now,
    )
    with store.transaction() as conn:
        conn.execute(
            "INSERT INTO destination (account, authorization_id, form, attribute)"
            " VALUES (%s, %s, 'array', 'lytics_segments')",
            (account.number, authorization.id),
        )
    for start in range(0, users, CHUNK):
        with store.transaction() as conn:
            conn.execute(
                "INSERT INTO outbox (destination, recipient, account, claims, wanted, version)"
                " SELECT d.id, 'customer-' || lpad(n::text, 7, '0'), d.account, '\\x90',"
                " '{\"big_spenders\": true}', 1"
                " FROM destination d, generate_series(%s::int, %s::int) n",
                (start, min(users, start + CHUNK) - 1),
            )
    with store.connect(autocommit=True) as conn:
        conn.execute("VACUUM (ANALYZE) outbox")


def measure(
    store: Store, key_file: Path, sandbox: Sandbox, users: int
) -> dict[str, int | float | str]:
    """Let a sender deliver all of it."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=send, args=(store.url, key_file, theirs))
    process.start()
    ours.recv()
    server = ServerTime(store)
    before = server.seconds(), sandbox.cpu_seconds()
    started = time.perf_counter()
    ours.send("go")
    wait_until_told(store)
    seconds = time.perf_counter() - started
    after = server.seconds(), sandbox.cpu_seconds()
    ours.send("stop")
    sent: Sent = ours.recv()
    process.join()
    requests, minimum = sandbox.requests(), -(-users // OBJECTS)
    used = sent.cpu_seconds + after[0] - before[0] + after[1] - before[1]
    return {
        "users": users,
        "users_per_second": round(users / seconds),
        "users_per_second_on_two_free_cores": round(2 * users / used),
        "requests": requests,
        "requests_minimum": minimum,
        "sender_cpu_us_per_user": round(1e6 * sent.cpu_seconds / users, 2),
        "postgres_cpu_us_per_user": round(1e6 * (after[0] - before[0]) / users, 2),
        "sandbox_cpu_us_per_user": round(1e6 * (after[1] - before[1]) / users, 2),
        "sender_memory_mb_early": round(sent.memory_early_mb),
        "sender_memory_mb_most": round(sent.memory_most_mb),
    }


def wait_until_told(store: Store) -> None:
    """Return when nothing waits any more."""
    # By its index, from the end: at its start lies what was sent, which a look would wade through.
    order = "destination DESC, backfill DESC, not_before DESC, recipient DESC"
    query = f"SELECT destination FROM outbox WHERE pending ORDER BY {order} LIMIT 1"
    with store.connect(autocommit=True) as conn:
        conn.execute("SET enable_seqscan = off")
        while conn.execute(query).fetchone():
            time.sleep(0.1)


def send(url: str, key_file: Path, pipe: "Pipe[object, object]") -> None:
    """Be the sender, from "go" to "stop"."""
    with Store.open(url) as store:
        deps = SenderDependencies(
            desk=DeliveryDesk(store),
            ring=load_or_create(key_file),
            allow_private_addresses=True,
        )
        pipe.send("ready")
        pipe.recv()
        memory: list[float] = []
        cpu = time.process_time()

        async def run() -> None:
            ending = asyncio.Event()
            loop = asyncio.get_running_loop()
            watch = threading.Thread(
                target=lambda: (pipe.recv(), loop.call_soon_threadsafe(ending.set)), daemon=True
            )
            watch.start()
            sender = asyncio.create_task(run_sender(deps, ending))
            while not sender.done():
                memory.append(resident_mb())
                await asyncio.wait([sender], timeout=0.5)
            await sender

        run_sending(run)
        early = memory[: max(2, len(memory) // 10)]
        pipe.send(Sent(time.process_time() - cpu, max(early), max(memory)))


def resident_mb() -> float:
    """Return the memory that this process holds now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE / 2**20


if __name__ == "__main__":
    main()
