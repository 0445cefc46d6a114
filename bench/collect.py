"""How many durable single-event requests a second one collector answers.

Everything runs on this machine: an embedded PostgreSQL that syncs every commit to disk, the web
process, and the load, in processes of their own.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from _figures import Options, print_figures, read_options

from coterie.app.database import prepare_database
from coterie.app.supervisor import serve_command
from coterie.app.up import free_port
from coterie.base.clock import system_clock
from coterie.base.settings import Settings
from coterie.control.accounts import create_account
from coterie.control.tokens import create_token
from coterie.model.control import Actor
from coterie.store import Embedded, Store

HOST = "127.0.0.1"
CONNECTIONS = 128
ACTOR = Actor(name="bench")
EVENT = {
    "user_id": "u8271934",
    "_e": "product_viewed",
    "url": "https://shop.example.org/running/shoes?page=2",
    "product": {"sku": "RS-1180", "price": 129.95, "tags": ["running", "trail"]},
}


def main() -> None:
    """Start everything, load it, print the figures, stop everything."""
    options = read_options(__doc__ or "")
    seconds, rounds = (6.0, 1) if options.quick else (15.0, 3)
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder))
        with Embedded.open(settings.data_dir, owner="bench/collect.py") as server:
            prepare_database(server.url, settings, system_clock)
            account, token = make_account(server.url)
            port = free_port(HOST)
            request = build_request(account, token, port)
            with web_process(server.url, settings.data_dir, port):
                runs = [load(request, port, seconds) for _ in range(rounds)]
            logged = count_events(server.url)
    report(runs, logged, options)


def make_account(url: str) -> tuple[int, str]:
    """Return the number of a new account and a token that may write to it."""
    with Store.open(url, max_size=1) as store:
        account = create_account(store, name="Bench", actor=ACTOR, clock=system_clock)
        token = create_token(
            store,
            account=account.number,
            name="bench",
            scopes=["data_write"],
            expires_at=None,
            actor=ACTOR,
            now=system_clock(),
        )
    return account.number, token.token


def build_request(account: int, token: str, port: int) -> bytes:
    """Return the bytes of a request with one event."""
    body = json.dumps(EVENT).encode()
    head = (
        f"POST /c/{account}/web?key={token} HTTP/1.1\r\n"
        f"Host: {HOST}:{port}\r\n"
        "Content-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


@contextmanager
def web_process(url: str, data_dir: Path, port: int) -> Iterator[None]:
    """Run the web role of the product for as long as the block does."""
    env = {
        **os.environ,
        "COTERIE_DATABASE_URL": url,
        "COTERIE_DATA_DIR": str(data_dir),
        "COTERIE_HOST": HOST,
        "COTERIE_PORT": str(port),
        "COTERIE_LOG_LEVEL": "warning",
    }
    process = subprocess.Popen(serve_command("web"), env=env)
    try:
        wait_until_ready(process, port)
        yield
    finally:
        process.terminate()
        process.wait(timeout=30)


def wait_until_ready(process: subprocess.Popen[bytes], port: int) -> None:
    """Return once the web process takes events."""
    address = f"http://{HOST}:{port}/health/ready"
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise SystemExit("The web process did not get ready; its last lines stand above.")


def load(request: bytes, port: int, seconds: float) -> dict[str, float]:
    """Return what the load process measured."""
    script = str(Path(__file__).with_name("_load.py"))
    given = [HOST, str(port), str(CONNECTIONS), str(seconds), "2"]
    done = subprocess.run(
        [sys.executable, script, *given], input=request, capture_output=True, check=True
    )
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def count_events(url: str) -> int:
    """Return how many events the log holds."""
    with Store.open(url, max_size=1) as store, store.transaction() as conn:
        row = conn.execute("SELECT count(*) FROM event_log").fetchone()
    return int(row[0]) if row else 0


def report(runs: list[dict[str, float]], logged: int, options: Options) -> None:
    """Print the figures of the median run; fail if an answered request is not in the log."""
    answered = int(sum(run["requests"] for run in runs))
    failures = int(sum(run["failures"] for run in runs))
    median = sorted(runs, key=lambda run: run["requests"] / run["seconds"])[len(runs) // 2]
    print_figures(
        "collect",
        {
            "requests_per_second": round(median["requests"] / median["seconds"], 1),
            "p50_ms": round(median["p50_ms"], 2),
            "p99_ms": round(median["p99_ms"], 2),
            "max_ms": round(median["max_ms"], 2),
            "connections": CONNECTIONS,
            "rounds": len(runs),
            "failures": failures,
        },
        options,
    )
    if failures or logged < answered:
        message = f"{failures} requests failed; {logged} of {answered} events are logged."
        raise SystemExit(message)


if __name__ == "__main__":
    main()
