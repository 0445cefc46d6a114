"""What operators decide about identities: pins, blocked values, and the undoing of each."""

from collections.abc import Iterable

import msgspec

from coterie.base.clock import Clock
from coterie.base.errors import UserError
from coterie.control.audit import Subject, record
from coterie.control.definitions.change import Change, definition_change
from coterie.control.definitions.decided import decisions_of, find_decision
from coterie.control.definitions.schema_versions import UnknownFieldError, current_in
from coterie.control.rows import get_value
from coterie.lang.identifiers import normalise
from coterie.model.control import Actor
from coterie.model.decisions import Decision, DecisionKind
from coterie.model.identifier_names import IdentifierNames, show_decision
from coterie.model.mapped import Identifier, can_identify
from coterie.store import Connection, Store, load_queries

# Every worker holds them all.
MOST_DECISIONS = 10_000
LONGEST_REASON = 500
PAGE = 100


class BadDecisionError(UserError):
    """A decision that says nothing, or contradicts itself."""

    code = "bad_decision"


class ContradictionError(UserError):
    """A decision that cannot hold beside one that is in force."""

    code = "contradiction"

    def __init__(self, *, others: Iterable[int]) -> None:
        numbers = ", ".join(map(str, sorted(others)))
        super().__init__(
            f"That contradicts what is decided already (decision {numbers}). Undo that first: "
            "`coterie identity decisions` shows it."
        )


class UnknownDecisionError(UserError):
    """The account has no such decision in force."""

    code = "unknown_decision"

    def __init__(self, *, what: str) -> None:
        super().__init__(
            f"There is no decision {what} in force. `coterie identity decisions` lists them."
        )


class NewDecision(msgspec.Struct, frozen=True, kw_only=True):
    """A decision to be made, with its reason in an operator's words."""

    kind: DecisionKind
    a: Identifier
    b: Identifier | None = None
    reason: str


def decide(store: Store, *, account: int, new: NewDecision, actor: Actor, clock: Clock) -> Decision:
    """Put a decision in force; profiles follow within moments.

    Identifiers are taken in any spelling, and need not have been seen yet. Raises BadDecisionError,
    ContradictionError, UnknownFieldError.
    """
    with definition_change(store, clock) as change:
        names = _names(change.conn, account)
        checked = _check(change.conn, account, new)
        made = show_decision(_insert(change, account, checked, actor), names)
        detail = {"kind": made.kind, "fields": [end[0] for end in (made.a, made.b) if end]}
        subject = Subject(account, "decision", made.id)
        record(change.conn, "created", subject, actor=actor, now=change.now, detail=detail)
    return made


def undo(
    store: Store, *, account: int, decision_id: int, reason: str, actor: Actor, clock: Clock
) -> Decision:
    """Take a decision back, as if it had never been made. Raises UnknownDecisionError."""
    with definition_change(store, clock) as change:
        known = find_decision(change.conn, account, decision_id)
        if known is None or known.undone_at is not None:
            raise UnknownDecisionError(what=str(decision_id))
        new = NewDecision(kind=known.kind, a=known.a, b=known.b, reason=_check_reason(reason))
        _insert(change, account, new, actor, undoes=known.id)
        subject = Subject(account, "decision", known.id)
        detail = {"kind": known.kind}
        record(change.conn, "undone", subject, actor=actor, now=change.now, detail=detail)
        undone = msgspec.structs.replace(
            known, undone_at=change.now, undone_by=actor.name, undo_reason=new.reason
        )
        return show_decision(undone, _names(change.conn, account))


def list_decisions(
    store: Store,
    account: int,
    *,
    with_undone: bool = False,
    before: int | None = None,
    limit: int = PAGE,
) -> list[Decision]:
    """Return decisions, newest first; `before` continues after the id last seen."""
    with store.transaction() as conn:
        found = decisions_of(conn, account, with_undone=with_undone, before=before, limit=limit)
        names = _names(conn, account)
    return [show_decision(decision, names) for decision in found]


def find_in_force(
    store: Store, account: int, a: Identifier, b: Identifier | None = None
) -> Decision:
    """Return the decision about one identifier or a pair, in any spelling and order.

    Raises UnknownDecisionError, UnknownFieldError, BadDecisionError.
    """
    with store.transaction() as conn:
        ends = _spell(conn, account, a, b)
        for known in decisions_of(conn, account, limit=MOST_DECISIONS):
            if _ends(known.a, known.b) == ends:
                return show_decision(known, _names(conn, account))
    raise UnknownDecisionError(what="about that")


def _names(conn: Connection, account: int) -> IdentifierNames:
    return IdentifierNames(current_in(conn, account).fields)


def _check(conn: Connection, account: int, new: NewDecision) -> NewDecision:
    if (new.kind == "block_value") != (new.b is None):
        raise BadDecisionError("A pin is about two identifiers, a blocked value about one.")
    reason = _check_reason(new.reason)
    ends = _spell(conn, account, new.a, new.b)
    if len(ends) == 1 and new.b is not None:
        raise BadDecisionError("Both are the same identifier. Name two different ones.")
    in_force = decisions_of(conn, account, limit=MOST_DECISIONS)
    if len(in_force) >= MOST_DECISIONS:
        raise BadDecisionError(
            message=f"At most {MOST_DECISIONS:,} decisions can be in force. Undo some, or change "
            "how the fields identify people: `coterie field identify`."
        )
    same = [known.id for known in in_force if _ends(known.a, known.b) == ends]
    if same:
        raise ContradictionError(others=same)
    checked = NewDecision(kind=new.kind, a=ends[0], b=ends[1] if new.b else None, reason=reason)
    if against := _contradicted(checked, in_force):
        raise ContradictionError(others=against)
    return checked


def _contradicted(new: NewDecision, in_force: Iterable[Decision]) -> set[int]:
    """Return the pins that would keep together whom another keeps apart."""
    if new.b is None:
        return set()
    home: dict[Identifier, Identifier] = {}

    def root(end: Identifier) -> Identifier:
        while (above := home.get(end, end)) != end:
            end = above
        return end

    pins = [(known.id, known.kind, known.a, known.b) for known in in_force if known.b is not None]
    together = [(a, b) for _, kind, a, b in pins if kind == "pin_together"]
    if new.kind == "pin_together":
        together.append((new.a, new.b))
    for a, b in together:
        home[root(a)] = root(b)
    if new.kind == "pin_apart":
        if root(new.a) != root(new.b):
            return set()
        return {
            number
            for number, kind, a, _ in pins
            if kind == "pin_together" and root(a) == root(new.a)
        }
    return {number for number, kind, a, b in pins if kind == "pin_apart" and root(a) == root(b)}


def _spell(
    conn: Connection, account: int, a: Identifier, b: Identifier | None
) -> tuple[Identifier, ...]:
    """Return the identifiers as they are stored, in order."""
    fields = {one.name: one for one in current_in(conn, account).fields if one.identifier}
    found: set[Identifier] = set()
    for field, value in (a,) if b is None else (a, b):
        named = fields.get(field)
        if named is None or named.identifier is None:
            known = ", ".join(fields)
            raise UnknownFieldError(
                message=f"No field {field!r} identifies people. Identifiers are {known}."
            )
        text = normalise(named.identifier, value)
        if not text or not can_identify(text):
            raise BadDecisionError(message=f"That can be nobody's {field}. Check the value.")
        found.add((named.stored_name, text))
    return tuple(sorted(found))


def _ends(a: Identifier, b: Identifier | None) -> tuple[Identifier, ...]:
    return (a,) if b is None else tuple(sorted((a, b)))


def _check_reason(reason: str) -> str:
    reason = reason.strip()
    if not reason or len(reason) > LONGEST_REASON:
        raise BadDecisionError(
            message=f"A decision needs a reason of 1 to {LONGEST_REASON} characters, for those who "
            "wonder later."
        )
    return reason


def _insert(
    change: Change,
    account: int,
    new: NewDecision,
    actor: Actor,
    undoes: int | None = None,
) -> Decision:
    values = {
        "account": account,
        "kind": new.kind if undoes is None else "undo",
        "field_a": new.a[0],
        "value_a": new.a[1],
        "field_b": new.b[0] if new.b else None,
        "value_b": new.b[1] if new.b else None,
        "undoes": undoes,
        "reason": new.reason,
        "decided_at": change.now,
        "decided_by": actor.name,
    }
    number = get_value(change.conn, load_queries("decisions").insert_decision, values, kind=int)
    return Decision(
        id=number,
        account=account,
        kind=new.kind,
        a=new.a,
        b=new.b,
        reason=new.reason,
        decided_at=change.now,
        decided_by=actor.name,
    )
