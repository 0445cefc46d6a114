"""Answers who entered and left which audience, from where a reader stopped."""

import base64
import binascii
from collections.abc import Collection
from datetime import datetime
from typing import Any, Literal, get_args

import msgspec

from coterie.base.clock import to_us
from coterie.base.errors import UserError
from coterie.flow.changes.read import (
    Cursor,
    Place,
    RecordedChange,
    first_places,
    last_places,
    read_changes,
)
from coterie.flow.profiles.storage import read_profiles
from coterie.flow.profiles.view import Viewer
from coterie.flow.run.context import ConfigAt
from coterie.flow.run.generations import enter_live_generation
from coterie.model.changes import Cause, ChangeKind
from coterie.model.config import AccountConfig
from coterie.store import Connection, Store, load_queries

SQL = load_queries("lookup")

Start = Literal["begin", "now"]

# The lanes hold the changes of all accounts; so many of each are looked at for one page.
LOOKED_AT = 10
LONGEST_CURSOR = 100_000

KINDS: dict[str, ChangeKind] = {kind: kind for kind in get_args(ChangeKind)}


class BadCursorError(UserError):
    """A text that no page of changes ended with."""

    code = "bad_cursor"

    def __init__(self) -> None:
        super().__init__(
            "That is no cursor of the stream of changes. Give back the one of the last page as it "
            "was, or leave it out and say where to start."
        )


class UnknownChangeKindError(UserError):
    """A kind of change that does not exist."""

    code = "unknown_change_kind"

    def __init__(self, *, kind: str) -> None:
        super().__init__(f"No change is of kind {kind!r}. Choose from {', '.join(KINDS)}.")


class ChangeView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One change of one profile.

    `place` names it for good, as lane/number/place: whoever reads it twice knows it by that.
    `event` is the event that caused it, as lane/number. `values` are those of the fields that were
    asked for, as they are now; None if the profile is no more.
    """

    place: str
    kind: ChangeKind
    profile_id: str
    changed_at: datetime
    cause: Cause
    event: str | None = None
    audience: str | None = None
    audience_version: int | None = None
    other_profile_id: str | None = None
    values: dict[str, Any] | None = None


class ChangePage(msgspec.Struct, frozen=True, kw_only=True):
    """Changes, each lane in its order; `cursor` leads on, `has_more` says whether at once.

    A page may be empty and lead on all the same.
    """

    changes: tuple[ChangeView, ...]
    cursor: str
    has_more: bool


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which changes: of these audiences (slugs; None: all), of these kinds, with these fields."""

    audiences: frozenset[str] | None = None
    kinds: frozenset[ChangeKind] | None = None
    fields: frozenset[str] = frozenset()
    hides_personal: bool = False


def read_kinds(names: tuple[str, ...] | None) -> frozenset[ChangeKind] | None:
    """Return the kinds of change that are named, None for all. Raises UnknownChangeKindError."""
    for name in names or ():
        if name not in KINDS:
            raise UnknownChangeKindError(kind=name)
    return None if names is None else frozenset(KINDS[name] for name in names)


class ChangeStream:
    """Reads the stream of one store."""

    def __init__(self, store: Store, config_at: ConfigAt) -> None:
        self._store = store
        self._config_at = config_at

    def read(
        self,
        account: int,
        after: str | Start,
        wanted: Wanted,
        *,
        limit: int,
        now: datetime,
    ) -> ChangePage:
        """Return the next page after a cursor, or from the beginning, or from now on.

        What a page shows is on the disk. Raises BadCursorError or ForgottenChangesError.
        """
        with self._store.transaction() as conn:
            enter_live_generation(conn)
            if after == "now":
                return ChangePage(
                    changes=(), cursor=write_cursor(last_places(conn)), has_more=False
                )
            cursor = first_places(conn) if after == "begin" else read_cursor(after)
            config = self._config_at(conn).accounts[account]
            names = dict(conn.execute(SQL.audience_slugs, {"account": account}).fetchall())
            found = read_changes(conn, cursor, limit=limit * LOOKED_AT)
            taken, position, is_cut = _take(found, cursor, account, (wanted, names), limit)
            values = self._values(conn, config, taken, wanted, now)
        # Short of that many, every lane was read to its end.
        is_full = len(found) >= limit * LOOKED_AT
        return ChangePage(
            changes=tuple(_show(one, names, values, wanted) for one in taken),
            cursor=write_cursor(position),
            has_more=is_cut or is_full,
        )

    def _values(
        self,
        conn: Connection,
        config: AccountConfig,
        changes: Collection[RecordedChange],
        wanted: Wanted,
        now: datetime,
    ) -> dict[str, dict[str, Any]]:
        schema = config.schemas[-1]
        hidden = {field.name for field in schema.fields if field.is_pii and wanted.hides_personal}
        shown = wanted.fields - hidden
        if not wanted.fields or not changes:
            return {}
        viewer = Viewer(schema)
        ids = {change.profile_id for change in changes}
        return {
            profile.profile_id: viewer.view(profile.body.fragments, to_us(now), shown)
            for profile in read_profiles(conn, config.number, ids)
        }


def write_cursor(cursor: Cursor) -> str:
    """Return a cursor as the text that a reader gives back."""
    lanes = [[lane, *place] for lane, place in sorted(cursor.items())]
    return base64.urlsafe_b64encode(msgspec.json.encode(lanes)).decode().rstrip("=")


def read_cursor(text: str) -> dict[int, Place]:
    """Return the cursor that a text stands for. Raises BadCursorError."""
    if len(text) > LONGEST_CURSOR:
        raise BadCursorError
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        lanes = msgspec.json.decode(raw, type=list[tuple[int, int, int]])
    except (binascii.Error, ValueError) as error:
        raise BadCursorError from error
    if any(abs(part) >= 2**62 or abs(lane) >= 2**31 for lane, *rest in lanes for part in rest):
        raise BadCursorError
    return {lane: (seq, n) for lane, seq, n in lanes}


def _take(
    found: Collection[RecordedChange],
    cursor: Cursor,
    account: int,
    asked: tuple[Wanted, dict[int, str]],
    limit: int,
) -> tuple[list[RecordedChange], dict[int, Place], bool]:
    """Choose what a page shows, and how far it leads; say whether something had to be left."""
    wanted, names = asked
    taken: list[RecordedChange] = []
    position = dict(cursor)
    for change in found:
        if change.account == account and _is_wanted(change, wanted, names):
            if len(taken) == limit:
                return taken, position, True
            taken.append(change)
        position[change.lane] = change.place
    return taken, position, False


def _is_wanted(change: RecordedChange, wanted: Wanted, names: dict[int, str]) -> bool:
    if wanted.kinds is not None and change.kind not in wanted.kinds:
        return False
    if wanted.audiences is None:
        return True
    return change.audience_id is not None and names.get(change.audience_id) in wanted.audiences


def _show(
    change: RecordedChange,
    names: dict[int, str],
    values: dict[str, dict[str, Any]],
    wanted: Wanted,
) -> ChangeView:
    return ChangeView(
        place=f"{change.lane}/{change.seq}/{change.n}",
        kind=change.kind,
        profile_id=change.profile_id,
        changed_at=change.changed_at,
        cause=change.cause,
        event=None if change.cause_seq is None else f"{change.lane}/{change.cause_seq}",
        audience=None if change.audience_id is None else names.get(change.audience_id),
        audience_version=change.audience_version,
        other_profile_id=change.other_profile_id,
        values=values.get(change.profile_id) if wanted.fields else None,
    )
