"""A sender reads what is due next while what leaves now is being written down."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.functional.sender.conftest import World

from coterie.flow.exports.desk import DeliveryDesk
from coterie.flow.exports.draft import Draft
from coterie.flow.exports.hold import Hold
from coterie.flow.exports.outbox import Due, Position
from coterie.model.delivery import OutboxRow
from coterie.store import Store

PATIENCE = 60.0


class Meeting:
    """Notes whether a read came while the first write was under way."""

    def __init__(self) -> None:
        self.writing = threading.Event()
        self.read_meanwhile = threading.Event()


class MetHold(Hold):
    """Holds its first write open until something is read."""

    def __init__(self, hold: Hold, meeting: Meeting) -> None:
        super().__init__(hold._conn, hold._reading, hold._authorization_id)
        self._meeting = meeting

    def take(self, destination: int, due: Due) -> tuple[list[OutboxRow], Position]:
        if self._meeting.writing.is_set():
            self._meeting.read_meanwhile.set()
        return super().take(destination, due)

    def write(self, draft: Draft) -> frozenset[int]:
        self._meeting.writing.set()
        assert self._meeting.read_meanwhile.wait(PATIENCE)
        return super().write(draft)


class MetDesk(DeliveryDesk):
    """Gives out such holds."""

    def __init__(self, store: Store, meeting: Meeting) -> None:
        super().__init__(store)
        self._meeting = meeting

    @contextmanager
    def try_hold(self, authorization_id: int) -> Iterator[Hold | None]:
        with super().try_hold(authorization_id) as hold:
            yield None if hold is None else MetHold(hold, self._meeting)


async def test_the_next_turn_reads_while_a_transaction_is_under_way(world: World) -> None:
    users = [f"u{number:03}" for number in range(300)]
    world.wish_many(users, {"vip"})
    meeting = Meeting()

    async with world.sending(desk=MetDesk(world.store, meeting)):
        await world.wait_idle()

    requests = [[str(each["external_id"]) for each in request] for request in world.requests()]
    assert meeting.read_meanwhile.is_set()
    assert sorted(user for request in requests for user in request) == users


async def test_users_who_fill_requests_leave_in_as_few_as_can_be(world: World) -> None:
    world.wish_many([f"u{number:04}" for number in range(1_200)], {"vip"})

    async with world.sending():
        await world.wait_idle()

    assert [len(request) for request in world.requests()] == [75] * 16
