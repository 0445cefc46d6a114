"""Erasures of people: asked for, in hand, done. What they are about is sealed until it is gone."""

from datetime import datetime
from typing import Any, Literal

import msgspec

from coterie.base.errors import UserError
from coterie.base.seal import KeyRing
from coterie.control.audit import Subject, record
from coterie.control.definitions.change import Change
from coterie.control.rows import find_one, get_value, list_all, run, to_json
from coterie.model.control import Actor
from coterie.model.erasure import Erasure, Forgotten
from coterie.store import Connection, Store, load_queries

PAGE = 100

ErasureStep = Literal["log", "exceptions", "refused", "rows", "deliveries", "done"]


class UnknownErasureError(UserError):
    """The account has no such erasure."""

    code = "unknown_erasure"

    def __init__(self, *, account: int, erasure_id: int) -> None:
        super().__init__(
            f"Account {account} has no erasure {erasure_id}. `coterie erasure list` shows them."
        )


class ErasureWork(msgspec.Struct, frozen=True, kw_only=True):
    """An erasure with what there is still to do: `position` is how far its step came."""

    id: int
    account: int
    step: ErasureStep
    position: dict[str, Any]
    sealed: bytes
    events: int
    refused: int
    deletions: int


def begin_erasure(  # noqa: PLR0913 - what is forgotten, how, who asked
    change: Change,
    ring: KeyRing,
    *,
    account: int,
    profile_id: str | None,
    forgotten: Forgotten,
    blocks: bool,
    actor: Actor,
) -> Erasure:
    """Note an erasure in the transaction that deletes the profile; nobody's values are audited."""
    conn, queries = change.conn, load_queries("erasures")
    values = {
        "account": account,
        "profile_id": profile_id,
        "blocks": blocks,
        "sealed": b"",
        "now": change.now,
        "actor": actor.name,
    }
    number = get_value(conn, queries.insert_erasure, values, kind=int)
    sealed = ring.seal(msgspec.json.encode(forgotten), context=_context(number))
    run(conn, queries.seal_erasure, {"id": number, "sealed": sealed})
    fields, texts = zip(*forgotten.identifiers, strict=True)
    named = {"account": account, "fields": list(fields), "values": list(texts)}
    run(conn, queries.drop_decisions_of, named)
    subject = Subject(account, "erasure", number)
    detail = {"profile": profile_id or "none", "identifiers": len(fields), "blocks": blocks}
    record(conn, "requested", subject, actor=actor, now=change.now, detail=detail)
    return _get(conn, account, number)


def take_erasure(conn: Connection, *, now: datetime) -> ErasureWork | None:
    """Return an erasure that is due, locked until the transaction ends; None if none is."""
    return find_one(conn, load_queries("erasures").take_erasure, {"now": now}, row=ErasureWork)


def unseal_forgotten(ring: KeyRing, work: ErasureWork) -> Forgotten:
    """Return what an erasure is about. Raises BrokenSealError, UnknownSealKeyError."""
    return msgspec.json.decode(ring.unseal(work.sealed, context=_context(work.id)), type=Forgotten)


def advance_erasure(
    conn: Connection, work: ErasureWork, *, waiting: int = 0, due_at: datetime
) -> None:
    """Keep how far an erasure came, and when it is due again."""
    values = {
        "id": work.id,
        "step": work.step,
        "position": to_json(work.position),
        "events": work.events,
        "refused": work.refused,
        "deletions": work.deletions,
        "waiting": waiting,
        "due_at": due_at,
    }
    run(conn, load_queries("erasures").advance_erasure, values)


def finish_erasure(conn: Connection, work: ErasureWork, *, actor: Actor, now: datetime) -> None:
    """Note that nothing is left, and drop what said of whom."""
    values = {"id": work.id, "deletions": work.deletions, "now": now}
    run(conn, load_queries("erasures").finish_erasure, values)
    subject = Subject(work.account, "erasure", work.id)
    detail = {"events": work.events, "refused": work.refused, "deletions": work.deletions}
    record(conn, "finished", subject, actor=actor, now=now, detail=detail)


def list_erasures(store: Store, account: int, limit: int = PAGE) -> list[Erasure]:
    """Return an account's erasures, newest first."""
    values = {"account": account, "limit": limit}
    with store.transaction() as conn:
        return list_all(conn, load_queries("erasures").list_erasures, values, row=Erasure)


def get_erasure(store: Store, account: int, erasure_id: int) -> Erasure:
    """Return one erasure. Raises UnknownErasureError."""
    with store.transaction() as conn:
        return _get(conn, account, erasure_id)


def _get(conn: Connection, account: int, erasure_id: int) -> Erasure:
    values = {"account": account, "id": erasure_id}
    found = find_one(conn, load_queries("erasures").find_erasure, values, row=Erasure)
    if found is None:
        raise UnknownErasureError(account=account, erasure_id=erasure_id)
    return found


def _context(erasure_id: int) -> str:
    return f"erasure:{erasure_id}"
