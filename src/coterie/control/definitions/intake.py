"""The rules by which streams take events in."""

import ipaddress
import secrets
from collections.abc import Iterable
from datetime import timedelta

import msgspec

from coterie.base.clock import Clock
from coterie.base.errors import UserError
from coterie.base.seal import KeyRing
from coterie.control.audit import Subject, record
from coterie.control.definitions.braze_networks import BRAZE, BRAZE_NETWORKS
from coterie.control.definitions.change import definition_change
from coterie.control.definitions.streams import UnknownStreamError
from coterie.control.rows import find_one, list_all, run, to_json
from coterie.model.control import Actor
from coterie.model.intake import DoorRules, Intake, OwnWrites, RepeatRule
from coterie.store import Connection, Store, load_queries

LONGEST_WINDOW_MINUTES = 60 * 24 * 31
MOST_NETWORKS = 200
MOST_KEYS = 100


class BadIntakeError(UserError):
    """Rules of a stream that cannot be."""

    code = "bad_intake"


class StreamIntake(msgspec.Struct, frozen=True, kw_only=True):
    """The rules of a stream, and whether it has a secret that signs its events."""

    stream: str
    intake: Intake
    is_signed: bool


class _Row(msgspec.Struct, frozen=True):
    account: int
    name: str
    intake: Intake
    secret_sealed: bytes | None = None


class _Written(msgspec.Struct, frozen=True):
    id: int
    account: int
    form: str
    attribute: str


def get_intake(store: Store, account: int, stream: str) -> StreamIntake:
    """Return the rules of a stream. Raises UnknownStreamError."""
    with store.transaction() as conn:
        row = _find(conn, account, stream)
    if row is None:
        raise UnknownStreamError(account=account, stream=stream)
    return _shown(row)


def set_intake(
    store: Store, *, account: int, stream: str, intake: Intake, actor: Actor, clock: Clock
) -> StreamIntake:
    """Put these rules in force. Raises BadIntakeError, UnknownStreamError."""
    checked = check_intake(intake)
    with definition_change(store, clock) as change:
        values = {"account": account, "name": stream, "intake": to_json(checked)}
        if not run(change.conn, load_queries("definitions").set_intake, values):
            raise UnknownStreamError(account=account, stream=stream)
        detail = msgspec.to_builtins(checked)
        subject = Subject(account, "stream", stream)
        record(change.conn, "updated", subject, actor=actor, now=change.now, detail=detail)
        row = _find(change.conn, account, stream)
    if row is None:
        raise UnknownStreamError(account=account, stream=stream)
    return _shown(row)


def renew_secret(
    store: Store, ring: KeyRing, *, account: int, stream: str, actor: Actor, clock: Clock
) -> str:
    """Give a stream a new secret for signatures; it is in the answer and shown nowhere else.

    Raises UnknownStreamError.
    """
    secret = secrets.token_urlsafe(32)
    sealed = ring.seal(secret.encode(), context=_context(account, stream))
    _save_secret(store, account, stream, sealed, actor=actor, clock=clock)
    return secret


def drop_secret(store: Store, *, account: int, stream: str, actor: Actor, clock: Clock) -> None:
    """Take signatures no more; tokens are needed from now on. Raises UnknownStreamError."""
    _save_secret(store, account, stream, None, actor=actor, clock=clock)


def find_door_rules(store: Store, ring: KeyRing, account: int, stream: str) -> DoorRules | None:
    """Return what the door asks of requests to a stream; None if there is no such stream."""
    with store.transaction() as conn:
        row = _find(conn, account, stream)
    if row is None:
        return None
    secret = ""
    if row.secret_sealed is not None:
        secret = ring.unseal(row.secret_sealed, context=_context(account, stream)).decode()
    allow = expand(row.intake.allow)
    return DoorRules(allow=allow, secret=secret, algorithm=row.intake.algorithm)


def expand(allow: Iterable[str]) -> tuple[str, ...]:
    """Return networks with those that Braze publishes in place of their name."""
    found: list[str] = []
    for one in allow:
        found += BRAZE_NETWORKS if one == BRAZE else (one,)
    return tuple(found)


def check_intake(intake: Intake) -> Intake:
    """Return the rules in their normal form. Raises BadIntakeError."""
    if not 1 <= intake.window_minutes <= LONGEST_WINDOW_MINUTES:
        raise BadIntakeError("The window of repeats lies between one minute and 31 days.")
    if len(intake.allow) > MOST_NETWORKS or len(intake.ignore) > MOST_KEYS:
        raise BadIntakeError(
            message=f"A stream may have {MOST_NETWORKS} networks and {MOST_KEYS} ignored keys."
        )
    return msgspec.structs.replace(intake, allow=tuple(_network(one) for one in intake.allow))


def repeat_rules(conn: Connection) -> dict[int, dict[str, RepeatRule]]:
    """Return how repeats are told by content, by account and stream."""
    found: dict[int, dict[str, RepeatRule]] = {}
    for row in _all(conn):
        if row.intake.repeats == "content":
            found.setdefault(row.account, {})[row.name] = RepeatRule(
                window=timedelta(minutes=row.intake.window_minutes),
                ignore=row.intake.ignore,
                is_braze=row.intake.is_braze,
            )
    return found


def own_writes(conn: Connection) -> dict[int, OwnWrites]:
    """Return what is written to Braze and which streams come from there, by account."""
    streams: dict[int, set[str]] = {}
    for row in _all(conn):
        if row.intake.is_braze:
            streams.setdefault(row.account, set()).add(row.name)
    keys: dict[int, set[str]] = {}
    compared: dict[int, list[int]] = {}
    query = load_queries("definitions").list_braze_destinations
    for written in list_all(conn, query, {}, row=_Written):
        if written.form == "array" and written.attribute:
            keys.setdefault(written.account, set()).add(written.attribute)
        elif written.form in ("attributes", "booleans"):
            compared.setdefault(written.account, []).append(written.id)
    return {
        account: OwnWrites(
            keys=frozenset(keys.get(account, ())),
            destinations=tuple(compared.get(account, ())),
            streams=frozenset(names),
        )
        for account, names in streams.items()
    }


def _network(text: str) -> str:
    text = text.strip().lower()
    if text == BRAZE:
        return text
    try:
        return str(ipaddress.ip_network(text, strict=False))
    except ValueError as error:
        raise BadIntakeError(
            message=f"{text!r} is no network. Write an address such as 192.0.2.7, a network "
            "such as 192.0.2.0/24, or braze."
        ) from error


def _find(conn: Connection, account: int, stream: str) -> _Row | None:
    values = {"account": account, "name": stream}
    return find_one(conn, load_queries("definitions").find_intake, values, row=_Row)


def _all(conn: Connection) -> list[_Row]:
    return list_all(conn, load_queries("definitions").list_intakes, {}, row=_Row)


def _shown(row: _Row) -> StreamIntake:
    return StreamIntake(stream=row.name, intake=row.intake, is_signed=row.secret_sealed is not None)


def _save_secret(
    store: Store, account: int, stream: str, sealed: bytes | None, *, actor: Actor, clock: Clock
) -> None:
    now = clock()
    with store.transaction() as conn:
        values = {"account": account, "name": stream, "secret_sealed": sealed}
        if not run(conn, load_queries("definitions").set_stream_secret, values):
            raise UnknownStreamError(account=account, stream=stream)
        detail = {"signed": sealed is not None}
        record(
            conn, "updated", Subject(account, "stream", stream), actor=actor, now=now, detail=detail
        )


def _context(account: int, stream: str) -> str:
    return f"stream {account} {stream}"
