"""Sends events until the product says that it has them, as a careful client does."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any

import httpx
import msgspec
from tests.e2e.crash.shop import STREAM

THREADS = 2
EVENTS_A_REQUEST = 25
PATIENCE = 90.0
TIMEOUT = 5.0
RESENT = 0.05


class Client:
    """An at-least-once client: what failed is sent again with the same message ids."""

    def __init__(self, address: str, token: str, *, chance: Random) -> None:
        self._url = f"{address}/collect/json/{STREAM}?timestamp_field=at"
        self._headers = {"Authorization": token, "Content-Type": "application/json"}
        self._chance = chance
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="client")
        self.failures = 0

    def send(self, events: Sequence[dict[str, Any]]) -> list[Any]:
        """Start to send events; return what can be waited for."""
        requests = [
            events[at : at + EVENTS_A_REQUEST] for at in range(0, len(events), EVENTS_A_REQUEST)
        ]
        # A client that is not sure sends again what had arrived.
        requests += [some for some in requests if self._chance.random() < RESENT]
        return [self._threads.submit(self._insist, some) for some in requests]

    def close(self) -> None:
        """End; what waits is not sent."""
        self._threads.shutdown(cancel_futures=True)

    def _insist(self, events: Sequence[dict[str, Any]]) -> None:
        body = msgspec.json.encode(events)
        deadline = time.monotonic() + PATIENCE
        while not self._post(body):
            self.failures += 1
            assert time.monotonic() < deadline, "the collector takes no events any more"
            time.sleep(0.05)

    def _post(self, body: bytes) -> bool:
        try:
            answer = httpx.post(self._url, content=body, headers=self._headers, timeout=TIMEOUT)
        except httpx.HTTPError:
            return False
        is_refused = answer.is_client_error and answer.status_code != httpx.codes.TOO_MANY_REQUESTS
        assert not is_refused, answer.text
        return answer.is_success
