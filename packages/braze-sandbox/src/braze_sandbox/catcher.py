"""A receiver for webhooks, to see in a test what a campaign sends."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec


class Caught(msgspec.Struct, frozen=True):
    """A request that the receiver got; the names of `headers` are in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the JSON in the body."""
        return msgspec.json.decode(self.body)


class WebhookCatcher:
    """What came to `url` so far, with the statuses that the next requests get (then 200)."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.caught: list[Caught] = []
        self._statuses: deque[int] = deque()

    def answer_with(self, *statuses: int) -> None:
        """Answer the next requests with these statuses; 0 cuts the connection."""
        self._statuses.extend(statuses)

    def take(self, caught: Caught) -> int:
        """Keep a request; return the status of its answer."""
        self.caught.append(caught)
        return self._statuses.popleft() if self._statuses else 200


@contextmanager
def catching_webhooks() -> Iterator[WebhookCatcher]:
    """Receive on a free port of 127.0.0.1 until the block ends."""
    server = _Server(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server.catcher
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.catcher = WebhookCatcher(f"http://127.0.0.1:{self.server_address[1]}")

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing about clients that went away."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        caught = Caught(self.command, self.path, headers, self.rfile.read(length))
        status = self.server.catcher.take(caught)
        if status == 0:
            self.close_connection = True
            return
        body = b'{"caught":true}'
        self.send_response(status)
        if 300 <= status < 400:
            self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        """Keep a GET."""
        self._answer()

    def do_POST(self) -> None:
        """Keep a POST."""
        self._answer()

    def do_PUT(self) -> None:
        """Keep a PUT."""
        self._answer()

    def do_DELETE(self) -> None:
        """Keep a DELETE."""
        self._answer()

    def log_message(self, *args: Any) -> None:
        """Say nothing."""
