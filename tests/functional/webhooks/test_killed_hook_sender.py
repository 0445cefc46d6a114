"""A sender of webhooks that is killed loses no message, and repeats one only under its id."""

import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from tests.functional.sender import sender_process
from tests.functional.webhooks.conftest import HookShop, Receiver, running_receiver

from coterie.base.keyfile import load_or_create
from coterie.flow.eventlog.prepare import ensure_days
from coterie.store import Store

PEOPLE = 24
DEADLINE = 120.0


class FiledShop(HookShop):
    """A shop whose keys another process can read, and whose time is that of the machine."""

    def __init__(self, store: Store, receiver: Receiver, key_file: Path) -> None:
        self.key_file = key_file
        super().__init__(store, receiver)
        self.now = datetime.now(UTC)
        with store.transaction() as conn:
            ensure_days(conn, self.now.date())

    def authorize(self, *_: object) -> int:
        self.ring = load_or_create(self.key_file)
        return super().authorize()

    def waiting(self) -> int:
        with self.store.transaction() as conn:
            found = conn.execute(
                "SELECT (SELECT count(*) FROM outbox WHERE pending)"
                " + (SELECT count(*) FROM delivery_request WHERE closed_at IS NULL)"
            ).fetchone()
        return int(found[0]) if found else 0

    @contextmanager
    def sending(self) -> Iterator[None]:
        """Run a sender, which is killed at the end of the block."""
        child = subprocess.Popen(
            [sys.executable, sender_process.__file__, self.store.url, str(self.key_file)]
        )
        try:
            yield
        finally:
            child.kill()
            child.wait()


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.02)


def test_killed_senders_lose_nothing_and_repeat_only_under_the_same_id(
    database_url: str, tmp_path: Path
) -> None:
    with running_receiver() as receiver, Store.open(database_url, max_size=8) as store:
        shop = FiledShop(store, receiver, tmp_path / "keys")
        shop.audience("oslo", 'FILTER city = "Oslo"')
        shop.build()
        shop.hook()
        shop.send(*({"user_id": f"u{number}", "city": "Oslo"} for number in range(PEOPLE)))
        shop.work()

        receiver.gate.clear()
        with shop.sending():
            until(lambda: bool(receiver.requests))
        receiver.gate.set()
        with shop.sending():
            seen = len(receiver.requests)
            until(lambda: len(receiver.requests) > seen + 2)
        with shop.sending():
            until(lambda: not shop.waiting())
        shop.worker._conn.close()

    ids = defaultdict(set)
    for request in receiver.requests:
        assert request.is_authentic
        ids[request.json["data"]["user_id"]].add(request.headers["webhook-id"])
    assert ids.keys() == {f"u{number}" for number in range(PEOPLE)}
    assert all(len(each) == 1 for each in ids.values())
    # The first sender heard of no answer, so what it had sent was sent again.
    assert len(receiver.requests) > PEOPLE
