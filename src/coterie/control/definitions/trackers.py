"""What the filters of an account have watched for in events, and since when."""

from collections.abc import Iterable
from datetime import date, datetime

import msgspec

from coterie.base.errors import UserError
from coterie.control.definitions.change import Change
from coterie.control.rows import get_value, list_all, run
from coterie.lang.behaviour import trackers_of
from coterie.lang.filterql import Filter
from coterie.model.config import TrackerSpec
from coterie.store import Connection, Store, load_queries

MOST_TRACKERS = 200


class TooManyTrackersError(UserError):
    """The filters of an account ask too many different things about events."""

    code = "too_many_trackers"

    def __init__(self, *, wanted: int) -> None:
        super().__init__(
            f"The audiences would watch for {wanted} different things in events, and "
            f"{MOST_TRACKERS} are the limit of an account. Ask about the same events, conditions "
            "and values where possible: windows may differ. Or archive audiences."
        )


class Tracker(msgspec.Struct, frozen=True):
    """Something that is watched for: `text` says what, `known_since` how far back (None: all).

    `filled_at` is when every profile had its history (None: audiences are being built).
    """

    number: int
    account: int
    text: str
    boundary: dict[str, int]
    known_since: date | None
    registered_at: datetime
    filled_at: datetime | None


class _ConfigRow(msgspec.Struct, frozen=True):
    number: int
    account: int
    text: str
    boundary: dict[str, int]
    is_filled: bool


class _AccountRow(msgspec.Struct, frozen=True):
    account: int


def list_trackers(store: Store, account: int) -> list[Tracker]:
    """Return what the audiences of an account have watched for, oldest first."""
    with store.transaction() as conn:
        return _list(conn, account)


def renew_trackers(change: Change, account: int, filters: Iterable[Filter]) -> None:
    """Register what the filters ask and nobody asked before; retire what none asks any more.

    Raises TooManyTrackersError.
    """
    wanted = frozenset[str]().union(*(trackers_of(flt.tree) for flt in filters))
    if len(wanted) > MOST_TRACKERS:
        raise TooManyTrackersError(wanted=len(wanted))
    known = {tracker.text: tracker for tracker in _list(change.conn, account)}
    queries = load_queries("trackers")
    for text in sorted(wanted - known.keys()):
        values = {"account": account, "text": text, "today": change.now.date(), "now": change.now}
        run(change.conn, queries.insert_tracker, values)
    for text in known.keys() - wanted:
        values = {"number": known[text].number, "now": change.now}
        run(change.conn, queries.retire_tracker, values)


def set_filled(conn: Connection, account: int, texts: Iterable[str], *, now: datetime) -> None:
    """Note that every profile has the history of these trackers."""
    values = {"account": account, "texts": sorted(texts), "now": now}
    if run(conn, load_queries("trackers").set_filled, values):
        # So that workers look no longer for histories that are not filled in.
        get_value(conn, load_queries("definitions").bump_epoch, {}, kind=int)


def tracker_specs(conn: Connection) -> dict[int, list[TrackerSpec]]:
    """Return the trackers of all accounts as the data plane knows them."""
    found: dict[int, list[TrackerSpec]] = {}
    for row in list_all(conn, load_queries("trackers").list_all_trackers, {}, row=_ConfigRow):
        boundary = {int(lane): seq for lane, seq in row.boundary.items()}
        spec = TrackerSpec(
            number=row.number, text=row.text, boundary=boundary, is_filled=row.is_filled
        )
        found.setdefault(row.account, []).append(spec)
    return found


def retiring_accounts(conn: Connection) -> frozenset[int]:
    """Return the accounts whose profiles may hold what retired trackers left."""
    query = load_queries("trackers").list_retiring_accounts
    return frozenset(row.account for row in list_all(conn, query, {}, row=_AccountRow))


def _list(conn: Connection, account: int) -> list[Tracker]:
    query = load_queries("trackers").list_trackers
    return list_all(conn, query, {"account": account}, row=Tracker)
