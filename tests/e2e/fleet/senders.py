"""Sends events to whichever collector answers, and keeps the books of what was promised."""

import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import count
from random import Random
from typing import Any

import httpx
import msgspec

TIMEOUT = 10.0
PATIENCE = 90.0
THREADS = 3
PEOPLE = 11
# By then everybody was named by both of their names, whatever else is lost.
KNOWN_BY = PEOPLE * 3


class Books(msgspec.Struct):
    """How many purchases each person made: sure ones, and ones whose answer never came."""

    promised: Counter[str] = msgspec.field(default_factory=Counter)
    unsure: Counter[str] = msgspec.field(default_factory=Counter)


class Senders:
    """Clients that insist with a message id, and clients that say things once."""

    def __init__(self, addresses: Sequence[str], token: str, *, chance: Random) -> None:
        self._addresses, self._chance = addresses, chance
        self._client = httpx.Client(headers={"Authorization": token}, timeout=TIMEOUT)
        self._lock = threading.Lock()
        self._numbers = count(1)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="sender")
        self.books = Books()
        self.retries = 0

    def send(self, events: int) -> list[Future[None]]:
        """Start to send; return what can be waited for."""
        return [self._threads.submit(self._one, next(self._numbers)) for _ in range(events)]

    def close(self) -> None:
        """End; what waits is not sent."""
        self._threads.shutdown(cancel_futures=True)
        self._client.close()

    def _one(self, number: int) -> None:
        user = f"u{number % PEOPLE}"
        # A person is known by two names, so that workers regroup while others are killed.
        event: dict[str, Any] = {"user_id": user, "order_amount": 1}
        if number % 3:
            event = {"email": f"{user}@example.org", "order_amount": 1}
            if number <= KNOWN_BY:
                event["user_id"] = user
        if number % 5 == 0 and number > KNOWN_BY:
            self._say_once(user, event)
        else:
            self._insist(user, {**event, "message_id": f"m{number}"})

    def _insist(self, user: str, event: dict[str, Any]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not self._post(event):
            self.retries += 1
            assert time.monotonic() < deadline, "no collector takes events any more"
            time.sleep(0.02)
        self._note(self.books.promised, user)

    def _say_once(self, user: str, event: dict[str, Any]) -> None:
        was_taken = self._post(event)
        self._note(self.books.promised if was_taken else self.books.unsure, user)

    def _note(self, counter: Counter[str], user: str) -> None:
        with self._lock:
            counter[user] += 1

    def _post(self, event: dict[str, Any]) -> bool:
        url = f"{self._chance.choice(self._addresses)}/collect/json/default"
        try:
            answer = self._client.post(url, json=event)
        except httpx.HTTPError:
            return False
        assert not answer.is_client_error, answer.text
        return answer.is_success
