"""How many attribute objects a second the Braze sandbox takes: with `--blackhole`, and stored.

The sandbox and the load are processes of their own. The exports' benchmark runs against the
blackhole, so that has to be the faster of the two.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from _figures import print_figures, read_options

HOST = "127.0.0.1"
KEY = "bench"
OBJECTS = 75
CONNECTIONS = 8


def main() -> None:
    """Load a sandbox of each kind and print the figures."""
    options = read_options(__doc__ or "")
    seconds = 5.0 if options.quick else 15.0
    with serving("--blackhole") as port:
        blackhole = load(port, seconds)
    with serving() as port:
        stored = load(port, seconds)
    print_figures(
        "sandbox",
        {
            "objects_per_second": round(blackhole["requests"] / blackhole["seconds"] * OBJECTS),
            "requests_per_second": round(blackhole["requests"] / blackhole["seconds"]),
            "p50_ms": round(blackhole["p50_ms"], 2),
            "p99_ms": round(blackhole["p99_ms"], 2),
            "stored_objects_per_second": round(stored["requests"] / stored["seconds"] * OBJECTS),
            "objects_per_request": OBJECTS,
            "connections": CONNECTIONS,
        },
        options,
    )
    failures = int(blackhole["failures"] + stored["failures"])
    if failures:
        message = f"{failures} requests failed."
        raise SystemExit(message)


@contextmanager
def serving(*more: str) -> Iterator[int]:
    """Serve a sandbox from a process of its own; give its port."""
    command = [sys.executable, "-m", "braze_sandbox", "serve", "--port", "0", "--key", KEY]
    command += ["--setting", "rate_limiting=false", *more]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline() if process.stdout else ""
        yield int(line.rpartition(":")[2])
    finally:
        process.terminate()
        process.wait(timeout=30)


def build_request(port: int) -> bytes:
    """Return the bytes of a request as an audience export sends it."""
    items = [
        {
            "external_id": f"customer-{number:06}",
            "lytics_segments": {"add": ["big_spenders", "lapsed"], "remove": ["new"]},
        }
        for number in range(OBJECTS)
    ]
    body = json.dumps({"attributes": items}).encode()
    head = (
        f"POST /users/track HTTP/1.1\r\nHost: {HOST}:{port}\r\n"
        f"Authorization: Bearer {KEY}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def load(port: int, seconds: float) -> dict[str, float]:
    """Return what the load process measured."""
    script = str(Path(__file__).with_name("_load.py"))
    given = [HOST, str(port), str(CONNECTIONS), str(seconds), "1"]
    done = subprocess.run(
        [sys.executable, script, *given],
        input=build_request(port),
        capture_output=True,
        check=True,
    )
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


if __name__ == "__main__":
    main()
