"""The table of what users did."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal, TypeAlias

import msgspec

from braze_sandbox.model.deed import Event, Purchase
from braze_sandbox.store.database import Database

Kind: TypeAlias = Literal["event", "purchase"]

_pack = msgspec.msgpack.Encoder().encode
_event = msgspec.msgpack.Decoder(Event)
_purchase = msgspec.msgpack.Decoder(Purchase)


class Deeds:
    """Events with purchases, by workspace, in order of arrival."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def events(self, workspace: str, *, after: int, limit: int) -> list[tuple[int, Event]]:
        """Return up to `limit` events with their ids, those after id `after`."""
        return [
            (number, msgspec.structs.replace(_event.decode(body), braze_id=owner))
            for number, owner, body in self._page(workspace, "event", after, limit)
        ]

    def purchases(self, workspace: str, *, after: int, limit: int) -> list[tuple[int, Purchase]]:
        """Return up to `limit` purchases with their ids, those after id `after`."""
        return [
            (number, msgspec.structs.replace(_purchase.decode(body), braze_id=owner))
            for number, owner, body in self._page(workspace, "purchase", after, limit)
        ]

    def names(self, workspace: str, kind: Kind) -> list[tuple[str, int]]:
        """Return the names of all events, or the products, in order, each with its count."""
        query = (
            "SELECT name, SUM(times) FROM deed WHERE workspace = ? AND kind = ? "
            "GROUP BY name ORDER BY name"
        )
        return [(name, count) for name, count in self._database.rows(query, (workspace, kind))]

    def counts(
        self, workspace: str, kind: Kind, name: str | None, *, since: datetime
    ) -> dict[str, int]:
        """Return how often each user did `name` (None: anything) from `since` on, by braze_id."""
        query = (
            "SELECT braze_id, SUM(times) FROM deed WHERE workspace = ? AND kind = ? "
            "AND at >= ? AND (? IS NULL OR name = ?) GROUP BY braze_id"
        )
        values = (workspace, kind, since.timestamp(), name, name)
        return dict(self._database.rows(query, values))

    def add(self, workspace: str, events: Iterable[Event], purchases: Iterable[Purchase]) -> None:
        """Store deeds."""
        rows = [
            (workspace, "event", e.braze_id, e.name, e.time.timestamp(), 1, _pack(e))
            for e in events
        ]
        rows += [
            (workspace, "purchase", p.braze_id, p.product_id, p.time.timestamp(), p.quantity, body)
            for p in purchases
            for body in (_pack(p),)
        ]
        self._database.run_many(
            "INSERT INTO deed (workspace, kind, braze_id, name, at, times, body) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            rows,
        )

    def give(self, workspace: str, owner: str, heir: str | None) -> None:
        """Give the deeds of one user to another; without an heir they are deleted."""
        if heir is None:
            statement = "DELETE FROM deed WHERE workspace = ? AND braze_id = ?"
            self._database.run(statement, (workspace, owner))
        else:
            statement = "UPDATE deed SET braze_id = ? WHERE workspace = ? AND braze_id = ?"
            self._database.run(statement, (heir, workspace, owner))

    def _page(
        self, workspace: str, kind: Kind, after: int, limit: int
    ) -> list[tuple[int, str, bytes]]:
        query = (
            "SELECT id, braze_id, body FROM deed WHERE workspace = ? AND kind = ? AND id > ? "
            "ORDER BY id LIMIT ?"
        )
        rows = self._database.rows(query, (workspace, kind, after, limit))
        return [(number, owner, body) for number, owner, body in rows]
