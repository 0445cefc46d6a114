"""A sandbox for tests: served by a thread, spoken to by plain calls."""

import asyncio
import http.client
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from braze_sandbox.errors import SandboxError
from braze_sandbox.sandbox import BrazeSandbox
from braze_sandbox.settings import Settings
from braze_sandbox.store.database import MEMORY

_PAGE = 10_000
_FIRST_ERROR = 400


class SandboxCallError(SandboxError):
    """The sandbox refused an admin call."""

    def __init__(self, method: str, path: str, status: int, body: str) -> None:
        super().__init__(f"{method} {path} was answered with {status}: {body}")
        self.status = status


class Answer(msgspec.Struct, frozen=True):
    """An HTTP answer; the names of `headers` are in lower case."""

    status: int
    headers: dict[str, str]
    text: str

    def json(self) -> Any:
        """Return the JSON in the answer."""
        return msgspec.json.decode(self.text)


class RunningSandbox:
    """A handle on a sandbox that serves elsewhere: in a thread, or in another process.

    `url` is where it listens, `key` a REST key that may do everything.
    """

    def __init__(self, url: str, key: str = "") -> None:
        self.url = url
        self.key = key

    def post(self, path: str, body: Any, *, key: str | None = None) -> Answer:
        """Return the answer to a call of Braze's API, made with `key` (default: the first).

        `body` is sent as JSON, or as it is if it is bytes.
        """
        return self.request("POST", path, body, key=key)

    def request(self, method: str, path: str, body: Any = b"", *, key: str | None = None) -> Answer:
        """Return the answer to a call of Braze's API of any method; `body` is as for `post`."""
        content = body if isinstance(body, bytes) else msgspec.json.encode(body)
        headers = {"Authorization": f"Bearer {self.key if key is None else key}"}
        return self._request(method, path, content, headers)

    def get(self, path: str, *, key: str | None = None, **query: Any) -> Answer:
        """Return the answer to a GET of Braze's API; a list in `query` is sent as `name[]`."""
        lists = {f"{n}[]" if isinstance(v, list) else n: v for n, v in query.items()}
        target = f"{path}?{urlencode(lists, doseq=True)}" if lists else path
        return self.request("GET", target, key=key)

    def call(self, method: str, path: str, body: Any = None, /, **query: Any) -> Any:
        """Return the JSON answer of an admin route (`path` without `/_sandbox`).

        Raise SandboxCallError if it is refused.
        """
        target = f"/_sandbox{path}" + (f"?{urlencode(query)}" if query else "")
        content = None if body is None else msgspec.json.encode(body)
        answer = self._request(method, target, content, {})
        if answer.status >= _FIRST_ERROR:
            raise SandboxCallError(method, target, answer.status, answer.text)
        is_json = answer.headers.get("content-type", "") == "application/json"
        return answer.json() if is_json else answer.text

    def users(self, **query: Any) -> list[dict[str, Any]]:
        """Return all users in the form of `GET /_sandbox/users`, which also takes `query`."""
        users: list[dict[str, Any]] = []
        after = 0
        while True:
            page = self.call("GET", "/users", **query, limit=_PAGE, after=after)
            users += page["users"]
            if page["next"] is None:
                return users
            after = page["next"]

    def user(self, external_id: str) -> dict[str, Any] | None:
        """Return the user with this external_id."""
        found: list[dict[str, Any]] = self.call("GET", "/users", external_id=external_id)["users"]
        return found[0] if found else None

    def count_users(self, **query: Any) -> int:
        """Return the number of users, or of the members of `segment`."""
        return int(self.call("GET", "/users/count", **query)["count"])

    def requests(self, path: str = "", *, limit: int = 1000) -> list[dict[str, Any]]:
        """Return the last requests to a path with bodies, the newest first."""
        found: list[dict[str, Any]] = self.call(
            "GET", "/journal", path=path, limit=limit, bodies=1
        )["entries"]
        return found

    def count_requests(self, path: str = "") -> int:
        """Return how many requests came to a path since the start or the last reset."""
        counts = self.call("GET", "/journal/counts")["counts"]
        return sum(line["requests"] for line in counts if line["path"].startswith(path))

    def data_points(self) -> int:
        """Return the data points spent."""
        return int(self.call("GET", "/data_points")["total"])

    def fail(self, **fault: Any) -> None:
        """Plan a fault; the arguments are the fields of `Fault`."""
        self.call("POST", "/faults", fault)

    def set(self, **settings: Any) -> None:
        """Change settings."""
        self.call("PATCH", "/settings", settings)

    def reset(self, *, everything: bool = False) -> None:
        """Forget users, journal and faults; with `everything` segments and campaigns too."""
        self.call("POST", "/reset", all=int(everything))

    def add_key(self, **key: Any) -> str:
        """Create a REST key and return its secret; the arguments are the fields of `NewKey`."""
        return str(self.call("POST", "/keys", key)["key"])

    def add_segment(self, name: str, condition: dict[str, Any]) -> str:
        """Create a segment and return its id."""
        return str(self.call("POST", "/segments", {"name": name, "filter": condition})["id"])

    def add_campaign(self, name: str, webhook: dict[str, Any], **more: Any) -> str:
        """Create a webhook campaign and return its id; `more` may hold `segment_id`, `filter`."""
        campaign = {"name": name, "webhook": webhook, **more}
        return str(self.call("POST", "/campaigns", campaign)["id"])

    def fire(self, campaign_id: str, **order: Any) -> dict[str, Any]:
        """Fire a campaign and return the count."""
        path = f"/campaigns/{quote(campaign_id, safe='')}/fire"
        report: dict[str, Any] = self.call("POST", path, order)
        return report

    def settle(self) -> None:
        """Return once every message that set out has met its end."""
        self.call("POST", "/settle")

    def drain(self, kind: str | None = None) -> int:
        """Process what waits in the queue, all or one kind; return how many requests it was."""
        query = {"kind": kind} if kind else {}
        return int(self.call("POST", "/queue/drain", **query)["processed"])

    def create_ahead(self, users: int | None = None) -> int:
        """Make users that what waits will create, without attributes; return how many.

        At most `users`.
        """
        query = {} if users is None else {"users": users}
        return int(self.call("POST", "/queue/create", **query)["created"])

    def _request(
        self, method: str, target: str, content: bytes | None, headers: dict[str, str]
    ) -> Answer:
        place = urlsplit(self.url)
        connection = http.client.HTTPConnection(place.hostname or "", place.port)
        try:
            connection.request(method, target, content, headers)
            answer = connection.getresponse()
            text = answer.read().decode("utf-8", "replace")
        finally:
            connection.close()
        found = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, found, text)


@contextmanager
def running_sandbox(
    *,
    state: str | Path = MEMORY,
    keys: Iterable[str] = ("sandbox-key",),
    settings: Settings | None = None,
) -> Iterator[RunningSandbox]:
    """Serve a sandbox from a thread until the block ends."""
    ready: Future[RunningSandbox] = Future()
    stop: Future[None] = Future()

    async def serve() -> None:
        async with BrazeSandbox.start(state=state, keys=keys, settings=settings) as sandbox:
            ready.set_result(RunningSandbox(sandbox.url, next(iter(sandbox.keys), "")))
            await asyncio.wrap_future(stop)

    def run() -> None:
        try:
            asyncio.run(serve())
        except BaseException as error:  # the waiting thread raises it
            if ready.done():
                raise
            ready.set_exception(error)

    thread = threading.Thread(target=run, name="braze-sandbox", daemon=True)
    thread.start()
    sandbox = ready.result()
    try:
        yield sandbox
    finally:
        stop.set_result(None)
        thread.join()
