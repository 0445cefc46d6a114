"""Reads operators' decisions about identities."""

from datetime import datetime

import msgspec

from coterie.control.rows import find_one, list_all
from coterie.model.decisions import Decision, DecisionKind
from coterie.store import Connection, load_queries


class _Row(msgspec.Struct, frozen=True):
    id: int
    account: int
    kind: DecisionKind
    field_a: str
    value_a: str
    field_b: str | None
    value_b: str | None
    reason: str
    decided_at: datetime
    decided_by: str
    undone_at: datetime | None
    undone_by: str | None
    undo_reason: str | None

    def as_decision(self) -> Decision:
        return Decision(
            id=self.id,
            account=self.account,
            kind=self.kind,
            a=(self.field_a, self.value_a),
            b=(self.field_b, self.value_b) if self.field_b and self.value_b else None,
            reason=self.reason,
            decided_at=self.decided_at,
            decided_by=self.decided_by,
            undone_at=self.undone_at,
            undone_by=self.undone_by,
            undo_reason=self.undo_reason,
        )


def all_in_force(conn: Connection) -> list[Decision]:
    """Return the decisions in force of all accounts."""
    rows = list_all(conn, load_queries("decisions").list_all_decisions, {}, row=_Row)
    return [row.as_decision() for row in rows]


def find_decision(conn: Connection, account: int, decision_id: int) -> Decision | None:
    """Return one decision, in force or undone."""
    values = {"account": account, "decision_id": decision_id}
    row = find_one(conn, load_queries("decisions").find_decision, values, row=_Row)
    return None if row is None else row.as_decision()


def decisions_of(
    conn: Connection,
    account: int,
    *,
    with_undone: bool = False,
    before: int | None = None,
    limit: int,
) -> list[Decision]:
    """Return an account's decisions, newest first; `before` continues after the id last seen."""
    values = {"account": account, "with_undone": with_undone, "before": before, "limit": limit}
    rows = list_all(conn, load_queries("decisions").list_decisions, values, row=_Row)
    return [row.as_decision() for row in rows]
