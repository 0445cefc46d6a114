"""A house whose webhook jobs reach a receiver over HTTP."""

import base64
import hashlib
import hmac
import json
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from tests.functional.exports.conftest import Shop
from tests.functional.flow.conftest import ACTOR

from coterie.app.dry_runs import DryRuns
from coterie.control.authorizations import create_authorization
from coterie.control.jobs import create_export
from coterie.model.control import Job
from coterie.model.dry_run import DryRun
from coterie.store import Store

SECRET = "whsec_" + base64.b64encode(b"a key of twenty-four byt").decode()

LONGEST_WAIT = 60.0


class Received:
    """One request as it came, its signature checked by this file's own reading of the standard."""

    def __init__(self, method: str, headers: dict[str, str], body: bytes) -> None:
        self.method = method
        self.headers = {name.lower(): value for name, value in headers.items()}
        self.body = body

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def is_authentic(self) -> bool:
        return self.is_signed_by(SECRET)

    def is_signed_by(self, secret: str) -> bool:
        head = f"{self.headers['webhook-id']}.{self.headers['webhook-timestamp']}."
        key = base64.b64decode(secret.removeprefix("whsec_"))
        digest = hmac.digest(key, head.encode() + self.body, hashlib.sha256)
        said = f"v1,{base64.b64encode(digest).decode()}"
        return said in self.headers["webhook-signature"].split(" ")


class Receiver:
    """Answers 200, or with the statuses that are queued; keeps all that came.

    Refusals have the `headers`. While the gate is closed requests are taken and not answered.
    """

    def __init__(self) -> None:
        self.requests: list[Received] = []
        self.taken: list[Received] = []
        self.statuses: deque[int] = deque()
        self.headers: dict[str, str] = {}
        self.gate = threading.Event()
        self.gate.set()
        self.lock = threading.Lock()
        self.port = 0
        self.key = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks"

    def take(self, request: Received) -> int:
        with self.lock:
            self.requests.append(request)
            status = self.statuses.popleft() if self.statuses else 200
            if status == 200:
                self.taken.append(request)
            return status


@contextmanager
def running_receiver() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = receiver.take(Received(self.command, dict(self.headers), body))
            receiver.gate.wait(LONGEST_WAIT)
            self.send_response(status)
            for name, value in receiver.headers.items() if status != 200 else ():
                self.send_header(name, value)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        do_POST = do_PUT = answer  # noqa: N815 - names of the standard library

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.gate.set()
        server.shutdown()
        thread.join()
        server.server_close()


class HookShop(Shop):
    """A shop with an audience of people in Oslo, told to a receiver."""

    def __init__(self, store: Store, receiver: Receiver) -> None:
        self.receiver = receiver
        self.awaited = 0
        super().__init__(store, receiver)

    def authorize(self, *_: object) -> int:
        return create_authorization(
            self.store,
            self.ring,
            account=self.account.number,
            provider="webhook",
            method="signed",
            label="Receiver",
            config={"url": self.receiver.url, "secret": SECRET, "headers": "X-Team: crm"},
            actor=ACTOR,
            now=self.now,
        ).id

    def hook(self, **options: Any) -> Job:
        """Make a webhook job and deliver what it has to tell at once."""
        self.job = create_export(
            self.store,
            account=self.account.number,
            label="Hook",
            authorization_id=self.authorization,
            config={
                "kind": "webhook",
                "identifier_field": "user_id",
                "audiences": ["oslo"],
                "flush_seconds": 0,
                **options,
            },
            actor=ACTOR,
            clock=lambda: self.now,
        )
        self.follow()
        return self.job

    def foresee(self, **options: Any) -> DryRun:
        """Return what the job made last would tell if its options were changed."""
        found = DryRuns(self.store, lambda: self.now).of_change(
            account=self.account.number, job_id=self.job.id, options=options
        )
        assert isinstance(found, DryRun)
        return found

    def follow(self) -> None:
        self.work()
        self.run_jobs()
        self.deliver()

    def deliver_until(self, count: int) -> None:
        """Deliver until the receiver took so many requests: what was held back is not pending."""
        self.awaited = count
        self.deliver()

    def _is_busy(self, jobs: Callable[[], object]) -> bool:
        return super()._is_busy(jobs) or len(self.receiver.taken) < self.awaited

    def tell(self, **body: Any) -> None:
        """Take in what is said of a person, and deliver what follows."""
        self.send(body)
        self.follow()


@pytest.fixture
def hooks(database_url: str) -> Iterator[HookShop]:
    with running_receiver() as receiver, Store.open(database_url, max_size=8) as store:
        found = HookShop(store, receiver)
        found.audience("oslo", 'FILTER city = "Oslo"')
        found.build()
        yield found
        found.worker._conn.close()
