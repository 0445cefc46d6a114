"""What a sender's transaction writes, made ready before it begins."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from coterie.flow.exports import outbox
from coterie.flow.exports.delivery import is_acknowledged
from coterie.flow.exports.requests import (
    Closing,
    Request,
    close_requests,
    open_requests,
    pack_request,
)
from coterie.flow.exports.settle import DoubtPolicy, Settling
from coterie.model.delivery import Settlement, Shipment
from coterie.store import Connection


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """A request that came to an end, with a settlement for each of its loads."""

    closing: Closing
    settlements: tuple[Settlement, ...]


class Draft:
    """What is about to leave, what came of what left, and what need not leave.

    Making one takes about as long as writing it, and needs no database: so a sender makes the next
    while this one is being written.
    """

    def __init__(
        self,
        opened: Sequence[Request],
        ended: Sequence[Ended],
        *,
        idle: Sequence[Settlement] = (),
        policy: DoubtPolicy,
        deletion: int | None = None,
        now: datetime,
    ) -> None:
        self.opened = [pack_request(request) for request in opened]
        self._closings = [one.closing for one in ended]
        self._now = now
        self._settling = Settling(now=now, policy=policy)
        for one in ended:
            for settlement in one.settlements:
                self._settling.add(settlement, request=one.closing.id)
        for settlement in idle:
            self._settling.add(settlement, request=0)
        self._deletion = deletion
        self._deleted = set() if deletion is None else _deleted(ended, deletion)

    def write(self, conn: Connection, authorization_id: int) -> frozenset[int]:
        """Write all of it in the caller's transaction, save for requests that must not leave.

        Their numbers are returned, as by `open_requests`.
        """
        gone = frozenset[int]()
        if self.opened:
            gone = open_requests(conn, authorization_id, self.opened, now=self._now)
        self._settling.write(conn)
        if self._closings:
            close_requests(conn, self._closings, now=self._now)
        if self._deletion is not None and self._deleted:
            outbox.forget_deleted(conn, self._deletion, self._deleted, now=self._now)
        return gone


def _deleted(ended: Sequence[Ended], deletion: int) -> set[str]:
    return {
        load.row.recipient
        for one in ended
        for load in (each.load for each in one.settlements if is_acknowledged(each))
        if isinstance(load, Shipment) and load.row.destination == deletion
    }
