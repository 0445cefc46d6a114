"""What destinations refused: to look at, and to send again."""

from datetime import datetime
from typing import Any, Literal

import msgspec

from coterie.model.delivery import ParkedRow
from coterie.store import Connection, load_queries

QUERIES = load_queries("outbox")


AsideState = Literal["parked", "doubtful"]


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """Which of what waits for a person: of these users, whose reason has this text, of this time.

    `ids` are numbers of events and purchases, and leave out users. What is None is not asked;
    `until` is exclusive. Doubtful ones are chosen only where `states` says so.
    """

    ids: tuple[int, ...] | None = None
    recipients: tuple[str, ...] | None = None
    states: tuple[AsideState, ...] = ("parked",)
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
    """Make chosen users, events and purchases due again; return their number."""
    users = 0
    if choice.ids is None and "parked" in choice.states:
        values = _asked(destination, choice)
        del values["ids"], values["states"]
        users = conn.execute(QUERIES.replay_parked.encode(), values).rowcount
    found = conn.execute(QUERIES.replay_items.encode(), _asked(destination, choice))
    return users + found.rowcount


def drop_items(conn: Connection, destination: int, choice: Choice) -> int:
    """Note that chosen events and purchases need not be sent any more; return their number."""
    return conn.execute(QUERIES.drop_items.encode(), _asked(destination, choice)).rowcount


def _asked(destination: int, choice: Choice) -> dict[str, Any]:
    return {
        "destination": destination,
        "ids": None if choice.ids is None else list(choice.ids),
        "recipients": None if choice.recipients is None else list(choice.recipients),
        "states": list(choice.states),
        "reason": choice.reason,
        "since": choice.since,
        "until": choice.until,
    }
