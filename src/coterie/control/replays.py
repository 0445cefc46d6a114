"""Replays: asked for, watched, confirmed, cancelled. One at a time for the whole installation."""

from datetime import UTC, datetime
from typing import Any

import msgspec

from coterie.base.clock import Clock
from coterie.base.errors import UserError
from coterie.control.audit import Subject, record
from coterie.control.definitions.schema_versions import current_in
from coterie.control.rows import find_one, get_value, run, to_json
from coterie.model.control import Actor
from coterie.model.replay import Replay, ReplayReport, ReplayState
from coterie.store import Connection, Store, load_queries


class ReplayRefusedError(UserError):
    """A replay cannot be begun, confirmed or cancelled now."""

    code = "replay_refused"


class UnknownReplayError(UserError):
    """There was no replay yet."""

    code = "unknown_replay"

    def __init__(self) -> None:
        super().__init__("There was no replay yet. `coterie replay start` begins one.")


class ReplayWork(msgspec.Struct, frozen=True, kw_only=True):
    """A replay with how far it is: `asked` maps audience id to the version that was asked."""

    id: int
    account: int
    state: ReplayState
    generation: int | None
    version: int
    events_a_second: int | None
    trackers: tuple[int, ...]
    erasures: int
    restarts: int
    asked: dict[str, int]
    at_account: int | None
    at_profile: str
    events_done: int
    events_total: int
    profiles_done: int
    profiles_total: int
    log_from: datetime | None
    carried: dict[str, tuple[int, int]]


class TrimmedLog(msgspec.Struct, frozen=True):
    """A log that lost its oldest days: how many events, and when the oldest left was received."""

    dropped: int
    begins: datetime | None

    @property
    def told(self) -> str:
        """Return what a replay of it means, in words."""
        left = "none is left" if self.begins is None else f"the oldest is of {self.begins:%Y-%m-%d}"
        return (
            f"{self.dropped:,} old events have been dropped from the log; {left}. A replay leaves "
            "people as they are of whom no event is left. All others are rebuilt from the events "
            "that are left, and lose what older ones gave them: sums and counts shrink, first "
            "values change. Its report says how many, before anything holds."
        )


class _Oldest(msgspec.Struct, frozen=True):
    received_at: datetime | None


class _Made(msgspec.Struct, frozen=True):
    id: int


def start_replay(
    store: Store,
    *,
    account: int,
    events_a_second: int | None = None,
    accepts_loss: bool = False,
    actor: Actor,
    clock: Clock,
) -> Replay:
    """Begin to rebuild profiles from the log with the schema version that is in force.

    At most `events_a_second` are read, None for as fast as it goes. A log that lost its oldest days
    is replayed only if somebody `accepts_loss`. Raises ReplayRefusedError.
    """
    if events_a_second is not None and events_a_second < 1:
        raise ReplayRefusedError(message="A replay has to read at least one event a second.")
    now = clock()
    with store.transaction() as conn:
        trimmed = _trimmed_in(conn)
        if trimmed is not None and not accepts_loss:
            raise ReplayRefusedError(message=f"{trimmed.told} Accept that, or leave it.")
        values = {
            "account": account,
            "version": current_in(conn, account).version,
            "events_a_second": events_a_second,
            "accepts_loss": accepts_loss,
            "now": now,
            "actor": actor.name,
        }
        if find_one(conn, load_queries("replays").insert_replay, values, row=_Made) is None:
            raise ReplayRefusedError(
                message="A replay is in hand already. `coterie replay show` says how far it is."
            )
        found = _get(conn, account)
        _record(conn, found, "started", actor, now)
    return found


def confirm_replay(store: Store, *, account: int, actor: Actor, clock: Clock) -> Replay:
    """Let a replay that is ready take the place of what is live. Raises ReplayRefusedError."""
    now = clock()
    with store.transaction() as conn:
        found = _own(conn, account)
        values = {"id": found.id, "actor": actor.name, "now": now}
        if not run(conn, load_queries("replays").confirm_replay, values):
            raise ReplayRefusedError(
                message=f"The replay is {found.state}. Confirm it once it is ready."
            )
        _record(conn, found, "confirmed", actor, now)
        return _get(conn, account)


def cancel_replay(store: Store, *, account: int, actor: Actor, clock: Clock) -> Replay:
    """Give a replay up before it has taken the place of what is live. Raises ReplayRefusedError.

    What it had filled is dropped by the worker.
    """
    now = clock()
    with store.transaction() as conn:
        found = _own(conn, account)
        if found.state in ("swapping", "claiming", "done", "cancelled"):
            raise ReplayRefusedError(
                message=f"The replay is {found.state}, so it cannot be cancelled."
            )
        values = {"id": found.id, "state": "cancelled", "now": now}
        run(conn, load_queries("replays").finish_replay, values)
        _record(conn, found, "cancelled", actor, now)
        return _get(conn, account)


def get_replay(store: Store, account: int) -> Replay:
    """Return the newest replay, with what it changes for this account.

    Raises UnknownReplayError.
    """
    with store.transaction() as conn:
        return _get(conn, account)


def take_replay(conn: Connection, *, now: datetime) -> ReplayWork | None:
    """Return the replay that is due, locked until the transaction ends; None if none is."""
    return find_one(conn, load_queries("replays").take_replay, {"now": now}, row=ReplayWork)


def save_replay(conn: Connection, work: ReplayWork, *, due_at: datetime) -> None:
    """Keep how far a replay is, and when its next step is due."""
    values: dict[str, Any] = msgspec.structs.asdict(work)
    values |= {"trackers": list(work.trackers), "asked": to_json(work.asked), "due_at": due_at}
    values["carried"] = to_json(work.carried)
    run(conn, load_queries("replays").save_replay, values)


def save_report(conn: Connection, work: ReplayWork, report: dict[str, ReplayReport]) -> None:
    """Keep what a swap would change, by account."""
    values = {"id": work.id, "report": to_json(report)}
    run(conn, load_queries("replays").save_report, values)


def note_swap(conn: Connection, work: ReplayWork, *, changed: int, now: datetime) -> None:
    """Note that the new generation is the live one, in the transaction that made it so."""
    queries = load_queries("replays")
    run(conn, queries.note_swap, {"id": work.id, "now": now})
    run(conn, queries.fill_all_trackers, {"now": now})
    get_value(conn, load_queries("definitions").bump_epoch, {}, kind=int)
    subject = Subject(work.account, "replay", work.id)
    detail = {"version": work.version, "memberships": changed}
    record(conn, "swapped", subject, actor=Actor(name="replayer"), now=now, detail=detail)


def finish_replay(conn: Connection, work: ReplayWork, *, now: datetime) -> None:
    """Note that nothing is left to do."""
    values = {"id": work.id, "state": "done", "now": now}
    run(conn, load_queries("replays").finish_replay, values)


def find_trimmed(store: Store) -> TrimmedLog | None:
    """Return what the log has lost, None if it is whole."""
    with store.transaction() as conn:
        return _trimmed_in(conn)


def log_begin(conn: Connection) -> datetime | None:
    """Return when the oldest event that a trimmed log still holds was received; None: it is whole.

    If nothing is left, that is 1970: nobody loses their beginning, since all are carried over.
    """
    trimmed = _trimmed_in(conn)
    if trimmed is None:
        return None
    return trimmed.begins or datetime(1970, 1, 1, tzinfo=UTC)


def made_with(conn: Connection) -> tuple[tuple[int, ...], int]:
    """Return what a generation depends on from its first event: trackers, people forgotten."""
    queries = load_queries("replays")
    trackers = get_value(conn, queries.tracker_numbers, {}, kind=list[int])
    return tuple(trackers), get_value(conn, queries.highest_erasure, {}, kind=int)


def _trimmed_in(conn: Connection) -> TrimmedLog | None:
    queries = load_queries("replays")
    dropped = get_value(conn, queries.dropped_events, {}, kind=int)
    if not dropped:
        return None
    oldest = find_one(conn, queries.oldest_event, {}, row=_Oldest)
    return TrimmedLog(dropped, oldest.received_at if oldest else None)


def _own(conn: Connection, account: int) -> Replay:
    found = _get(conn, account)
    if found.account != account:
        raise ReplayRefusedError(
            message="This replay was begun for another account of the installation, which "
            "decides about it."
        )
    return found


def _get(conn: Connection, account: int) -> Replay:
    found = find_one(conn, load_queries("replays").find_replay, {}, row=Replay)
    if found is None:
        raise UnknownReplayError
    mine = {number: one for number, one in (found.report or {}).items() if number == str(account)}
    return msgspec.structs.replace(found, report=mine if found.report is not None else None)


def _record(conn: Connection, replay: Replay, verb: str, actor: Actor, now: datetime) -> None:
    subject = Subject(replay.account, "replay", replay.id)
    detail = {"version": replay.version}
    record(conn, verb, subject, actor=actor, now=now, detail=detail)
