"""Reads the rows that wait at a destination: live changes before backfills."""

import msgspec

from coterie.flow.exports.hold import Hold
from coterie.flow.exports.outbox import START, Due, Position
from coterie.model.delivery import OutboxRow

# While live changes fill every turn, one row in so many is a backfill's.
BACKFILL_SHARE = 4


class Taken(msgspec.Struct, frozen=True):
    """Rows that are due. `at_end`: there are no more; `live_at_end`: no more of live changes."""

    rows: list[OutboxRow]
    at_end: bool
    live_at_end: bool


class Waiting:
    """How far the waiting rows of one destination were read."""

    def __init__(self) -> None:
        self._live: Position = START
        self._backfill: Position = START
        self._is_crowded = False

    def restart(self) -> None:
        """Read from the start again."""
        self._live = self._backfill = START

    def take(self, hold: Hold, destination: int, due: Due) -> Taken:
        """Return the next rows, at most `due.limit`; where they stand is not looked at.

        Whoever waits is in one of two lines, and moves from the backfill's to the live one when
        something changes about them. Raises `StoreUnavailableError`.
        """
        share = -(-due.limit // BACKFILL_SHARE) if self._is_crowded else 0
        most = due.limit - share
        live: list[OutboxRow] = []
        if most:
            asked = msgspec.structs.replace(due, limit=most, after=self._live)
            live, self._live = hold.take(destination, asked)
        # A limit of one leaves no room for both, so they alternate.
        self._is_crowded = 0 < most == len(live)
        live_at_end = bool(most) and self._live == START
        left = due.limit - len(live)
        if not left:
            return Taken(live, at_end=False, live_at_end=live_at_end)
        asked = msgspec.structs.replace(due, limit=left, after=self._backfill, backfill=True)
        behind, self._backfill = hold.take(destination, asked)
        at_end = live_at_end and self._backfill == START
        return Taken([*live, *behind], at_end=at_end, live_at_end=live_at_end and bool(live))
