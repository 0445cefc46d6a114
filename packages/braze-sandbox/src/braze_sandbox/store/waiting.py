"""The table of accepted requests that wait to be processed."""

from datetime import datetime

import msgspec

from braze_sandbox.store.database import Database


class Queued(msgspec.Struct, frozen=True, kw_only=True):
    """An accepted body that waits; `kind` names the operation that it is for."""

    id: int
    workspace: str
    key_name: str
    accepted_at: datetime
    kind: str
    body: bytes


class Waiting:
    """What was answered and not done yet; it survives a restart."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self, workspace: str, kind: str, *, key_name: str, accepted_at: datetime, body: bytes
    ) -> Queued:
        """Keep a body for later processing."""
        statement = (
            "INSERT INTO queued (workspace, key_name, accepted_at, kind, body) "
            "VALUES (?, ?, ?, ?, ?)"
        )
        row = (workspace, key_name, accepted_at.isoformat(), kind, body)
        number = self._database.run(statement, row).lastrowid
        return Queued(
            id=number or 0,
            workspace=workspace,
            key_name=key_name,
            accepted_at=accepted_at,
            kind=kind,
            body=body,
        )

    def all(self) -> list[Queued]:
        """Return what waits, the oldest first."""
        query = "SELECT id, workspace, key_name, accepted_at, kind, body FROM queued ORDER BY id"
        return [
            Queued(
                id=number,
                workspace=workspace,
                key_name=key_name,
                accepted_at=datetime.fromisoformat(accepted_at),
                kind=kind,
                body=body,
            )
            for number, workspace, key_name, accepted_at, kind, body in self._database.rows(query)
        ]

    def remove(self, queued: Queued) -> None:
        """Drop a body that is done."""
        self._database.run("DELETE FROM queued WHERE id = ?", (queued.id,))
