"""What destinations refused: to look at, and to send again."""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from coterie.model.delivery import ParkedRow
from coterie.store import Connection, load_queries

QUERIES = load_queries("outbox")


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """Which of the refused: of these recipients, whose reason has this text, refused in this time.

    What is None is not asked; `until` is exclusive.
    """

    recipients: tuple[str, ...] | None = None
    reason: str | None = None
    since: datetime | None = None
    until: datetime | None = None


ALL = Choice()


def list_parked(
    conn: Connection, destination: int, *, after: str = "", limit: int = 100
) -> list[ParkedRow]:
    """Return what the destination refused, in order of recipient, those after `after`."""
    values = {"destination": destination, "after": after, "limit": limit}
    return [
        ParkedRow(recipient=row[0], reason=row[1], record=row[2], at=row[3])
        for row in conn.execute(QUERIES.list_parked.encode(), values)
    ]


def replay_parked(conn: Connection, destination: int, choice: Choice = ALL) -> int:
    """Make chosen refused rows due again; return their number."""
    values = {
        "destination": destination,
        "recipients": None if choice.recipients is None else list(choice.recipients),
        "reason": choice.reason,
        "since": choice.since,
        "until": choice.until,
    }
    return conn.execute(QUERIES.replay_parked.encode(), values).rowcount


def of(recipients: Iterable[str]) -> Choice:
    """Return the choice of some recipients."""
    return Choice(recipients=tuple(recipients))
