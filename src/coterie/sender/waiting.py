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
        behind: list[OutboxRow] = []
        behind_at_end = False
        if self._is_crowded:
            # First, since what is not taken of it is free for live changes.
            share = -(-due.limit // BACKFILL_SHARE)
            behind, self._backfill = self._take(hold, destination, due, limit=share, backfill=True)
            behind_at_end = self._backfill == START
        live: list[OutboxRow] = []
        most = due.limit - len(behind)
        if most:
            live, self._live = self._take(hold, destination, due, limit=most)
        if behind:
            # Who moved to the live line between the two reads stands in both: the later one holds.
            moved = {row.recipient for row in live}
            behind = [row for row in behind if row.recipient not in moved]
        live_at_end = bool(most) and self._live == START
        # A limit of one leaves no room for both, so they alternate.
        self._is_crowded = 0 < most == len(live)
        left = most - len(live)
        if left and not behind_at_end:
            more, self._backfill = self._take(hold, destination, due, limit=left, backfill=True)
            behind_at_end = self._backfill == START
            behind += more
        return Taken(
            rows=[*live, *behind],
            at_end=live_at_end and behind_at_end,
            live_at_end=live_at_end and bool(live),
        )

    def _take(
        self, hold: Hold, destination: int, due: Due, *, limit: int, backfill: bool = False
    ) -> tuple[list[OutboxRow], Position]:
        after = self._backfill if backfill else self._live
        asked = msgspec.structs.replace(due, limit=limit, after=after, backfill=backfill)
        return hold.take(destination, asked)
