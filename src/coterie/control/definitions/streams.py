"""The named inputs of an account."""

import re
from collections.abc import Iterable
from datetime import datetime

from coterie.base.clock import Clock
from coterie.base.errors import UserError
from coterie.control.audit import Subject, record
from coterie.control.definitions.change import definition_change
from coterie.control.rows import find_one, list_all, run, to_json
from coterie.model.control import Actor, Stream
from coterie.model.intake import USUAL, Intake
from coterie.store import Connection, Store, load_queries

DEFAULT_STREAMS = ("default", "braze_users", "braze_csv", "braze_currents", "segment")
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_\-]{0,63}")


class BadStreamNameError(UserError):
    """A name that no stream can have."""

    code = "bad_stream_name"

    def __init__(self, *, stream: str) -> None:
        super().__init__(
            f"{stream!r} cannot name a stream. Use a letter first, then up to 63 letters, digits, "
            "'_' or '-'."
        )


class UnknownStreamError(UserError):
    """The account has no such stream."""

    code = "unknown_stream"

    def __init__(self, *, account: int, stream: str) -> None:
        super().__init__(
            f"Account {account} has no stream {stream!r}. Create it under Data > Streams, or with "
            "`coterie stream create`."
        )


def list_streams(store: Store, account: int) -> list[Stream]:
    """Return an account's streams by name."""
    with store.transaction() as conn:
        return _list(conn, account)


def get_stream(store: Store, account: int, name: str) -> Stream:
    """Return one stream. Raises UnknownStreamError."""
    for stream in list_streams(store, account):
        if stream.name == name:
            return stream
    raise UnknownStreamError(account=account, stream=name)


def ensure_streams(
    store: Store, *, account: int, names: Iterable[str], actor: Actor, now: datetime
) -> list[str]:
    """Make the streams that do not exist yet; return those made. Raises BadStreamNameError."""
    with store.transaction() as conn:
        return ensure_in(conn, account, names, actor=actor, now=now)


def ensure_in(
    conn: Connection, account: int, names: Iterable[str], *, actor: Actor, now: datetime
) -> list[str]:
    """Do what `ensure_streams` does inside the caller's transaction."""
    made = []
    for name in names:
        check_stream_name(name)
        values = {
            "account": account,
            "name": name,
            "trusted": False,
            "intake": to_json(USUAL.get(name, Intake())),
            "created_at": now,
        }
        if run(conn, load_queries("definitions").insert_stream, values):
            made.append(name)
            record(conn, "created", Subject(account, "stream", name), actor=actor, now=now)
    return made


def check_stream_name(name: str) -> None:
    """Raise BadStreamNameError for a name that no stream can have."""
    if NAME.fullmatch(name) is None:
        raise BadStreamNameError(stream=name)


def set_trusted(
    store: Store, *, account: int, name: str, trusted: bool, actor: Actor, clock: Clock
) -> Stream:
    """Say whether a stream's events may tell their own time. Raises UnknownStreamError.

    Events of an untrusted stream never count as older than their arrival when identities are
    resolved, so nobody wins an identifier by claiming 1970.
    """
    with definition_change(store, clock) as (conn, now):
        values = {"account": account, "name": name, "trusted": trusted}
        stream = find_one(conn, load_queries("definitions").set_trusted, values, row=Stream)
        if stream is None:
            raise UnknownStreamError(account=account, stream=name)
        subject = Subject(account, "stream", name)
        record(conn, "updated", subject, actor=actor, now=now, detail={"trusted": trusted})
    return stream


def _list(conn: Connection, account: int) -> list[Stream]:
    values = {"account": account}
    return list_all(conn, load_queries("definitions").list_streams, values, row=Stream)
