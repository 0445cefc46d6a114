"""The append-only record of who changed what."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from coterie.control.rows import list_all, run, to_json
from coterie.model.control import Actor, AuditEntry
from coterie.store import Connection, Store, load_queries

PAGE = 100


class Subject(NamedTuple):
    """What a change was made to; account None means the installation."""

    account: int | None
    kind: str
    id: object


def record(
    conn: Connection,
    verb: str,
    subject: Subject,
    *,
    actor: Actor,
    now: datetime,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Write one entry in the transaction of the change.

    `verb` is a past participle ("created"); `detail` must hold no secret and no personal data.
    """
    values = {
        "account": subject.account,
        "at": now,
        "actor": actor.name,
        "verb": verb,
        "subject": subject.kind,
        "subject_id": str(subject.id),
        "detail": to_json(dict(detail or {})),
    }
    run(conn, load_queries("audit").insert_entry, values)


def list_audit(
    store: Store, account: int | None, limit: int = PAGE, *, before: int | None = None
) -> list[AuditEntry]:
    """Return an account's entries, newest first; `before` continues after the id last seen.

    Account None means what concerns the installation as a whole.
    """
    values = {"account": account, "before": before, "limit": limit}
    with store.transaction() as conn:
        return list_all(conn, load_queries("audit").list_entries, values, row=AuditEntry)
