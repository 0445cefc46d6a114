"""Works on a replay, a step at a time; a step and the note of how far it came commit together."""

from collections.abc import Callable
from datetime import timedelta

import msgspec
import structlog

from coterie.control.definitions.bases import live_bases
from coterie.control.definitions.pipeline import load_config
from coterie.control.replays import (
    ReplayWork,
    finish_replay,
    log_begin,
    made_with,
    note_swap,
    save_replay,
    save_report,
    take_replay,
)
from coterie.flow.profiles.counting import count_profiles
from coterie.flow.run.context import Contexts
from coterie.flow.run.generations import enter_generation
from coterie.flow.run.replay import (
    MOST_BEHIND,
    PROFILES_AT_ONCE,
    Filler,
    begin_generation,
    compare,
    drop_abandoned,
    give_up,
    swap,
)
from coterie.flow.run.replay_claims import claim, previous_generation
from coterie.flow.run.revisit import FIRST_PROFILE
from coterie.model.config import PipelineConfig
from coterie.model.replay import LogLoss, ReplayReport
from coterie.store import Connection
from coterie.store.fences import close_fence, share_fence
from coterie.worker.dependencies import Bench
from coterie.worker.replay_limits import (
    accounts,
    is_outdated,
    number,
    pause,
    portion,
    silent,
    versions,
)

log = structlog.get_logger(__name__)

IDLE = timedelta(milliseconds=500)
replace = msgspec.structs.replace

Step = Callable[[Connection, Bench, ReplayWork], tuple[ReplayWork, timedelta]]
"""Takes one step; returns the work after it, and how long the next may wait."""


class Replayer:
    """Takes the steps of replays; its configurations serve one thread."""

    def __init__(self) -> None:
        self._fillers: dict[tuple[int, bool], Filler] = {}

    def __call__(self, bench: Bench) -> bool:
        """Take the next step of the replay that is due; say whether there was one."""
        now = bench.clock()
        with bench.store.transaction() as conn:
            work = take_replay(conn, now=now)
            if work is None:
                return False
            # Those that change what everybody sees hold all workers up; the others let them go on.
            if work.state in ("preparing", "swapping"):
                close_fence(conn)
            else:
                share_fence(conn)
            if work.state not in ("preparing", "claiming") and is_outdated(conn, work):
                after, wait = self._begin_again(conn, work), timedelta(0)
            else:
                after, wait = self._step(work.state)(conn, bench, work)
            if after.state == "done":
                finish_replay(conn, after, now=now)
                log.info("replay.done", replay=work.id, generation=work.generation)
            else:
                save_replay(conn, after, due_at=now + wait)
        return True

    def _step(self, state: str) -> Step:
        steps: dict[str, Step] = {
            "preparing": self._prepare,
            "reading": self._read,
            "carrying": self._carry,
            "asking": self._ask,
            "ready": self._keep_up,
            "swapping": self._swap,
            "claiming": self._claim,
        }
        return steps[state]

    def _prepare(
        self, conn: Connection, _bench: Bench, work: ReplayWork
    ) -> tuple[ReplayWork, timedelta]:
        trackers, erasures = made_with(conn)
        bases = {**live_bases(conn), str(work.account): work.version}
        generation = begin_generation(conn, bases)
        log.info("replay.begun", replay=work.id, generation=generation)
        return (
            replace(
                work, state="reading", generation=generation, trackers=trackers,
                erasures=erasures, asked={}, at_account=None, at_profile="", profiles_done=0,
                log_from=log_begin(conn), carried={},
            ),
            timedelta(0),
        )  # fmt: skip

    def _read(
        self, conn: Connection, bench: Bench, work: ReplayWork
    ) -> tuple[ReplayWork, timedelta]:
        filler = self._filler(bench, work, asks=False)
        read = filler.read(conn, now=bench.clock(), limit=portion(work))
        done, total = filler.progress(conn)
        work = replace(work, events_done=done, events_total=total)
        # New events come all the time, so the end is near enough.
        is_near = total - done <= portion(work)
        if is_near and not filler.follow(conn, now=bench.clock()):
            if work.log_from is None:
                return self._start_asking(conn, work), timedelta(0)
            first = min(accounts(conn), default=None)
            return replace(work, state="carrying", at_account=first, at_profile=""), timedelta(0)
        return work, pause(work, read)

    def _carry(
        self, conn: Connection, bench: Bench, work: ReplayWork
    ) -> tuple[ReplayWork, timedelta]:
        if work.at_account is None or work.log_from is None:
            return self._start_asking(conn, work), timedelta(0)
        account = work.at_account
        found = self._filler(bench, work, asks=False).carry(
            conn, account, work.at_profile or FIRST_PROFILE, log_from=work.log_from
        )
        if found is None:
            later = [each for each in accounts(conn) if each > account]
            return replace(work, at_account=min(later, default=None), at_profile=""), timedelta(0)
        carried, shortened = work.carried.get(str(account), (0, 0))
        counted = (carried + found.carried, shortened + found.shortened)
        carried_by = {**work.carried, str(account): counted}
        return replace(work, at_profile=found.last, carried=carried_by), timedelta(0)

    def _ask(
        self, conn: Connection, bench: Bench, work: ReplayWork
    ) -> tuple[ReplayWork, timedelta]:
        filler = self._filler(bench, work, asks=True)
        read = filler.read(conn, now=bench.clock(), limit=portion(work))
        if work.at_account is None:
            return self._report(conn, work), timedelta(0)
        last = filler.ask(
            conn, work.at_account, work.at_profile or FIRST_PROFILE, now=bench.clock()
        )
        if last is None:
            later = [each for each in accounts(conn) if each > work.at_account]
            return replace(work, at_account=min(later, default=None), at_profile=""), timedelta(0)
        asked = min(work.profiles_done + PROFILES_AT_ONCE, work.profiles_total)
        return replace(work, at_profile=last, profiles_done=asked), pause(work, read)

    def _keep_up(
        self, conn: Connection, bench: Bench, work: ReplayWork
    ) -> tuple[ReplayWork, timedelta]:
        if work.asked != versions(conn):
            return self._start_asking(conn, work), timedelta(0)
        filler = self._filler(bench, work, asks=True)
        moved = filler.read(conn, now=bench.clock()) or filler.follow(conn, now=bench.clock())
        done, total = filler.progress(conn)
        return replace(work, events_done=done, events_total=total), timedelta(0) if moved else IDLE

    def _swap(
        self, conn: Connection, bench: Bench, work: ReplayWork
    ) -> tuple[ReplayWork, timedelta]:
        filler, now = self._filler(bench, work, asks=True), bench.clock()
        done, total = filler.progress(conn)
        if work.asked != versions(conn):
            # What was confirmed is not what would happen any more.
            return self._start_asking(conn, work), timedelta(0)
        if total - done > MOST_BEHIND:
            filler.read(conn, now=now)
            return work, timedelta(0)
        while filler.read(conn, now=now) or filler.follow(conn, now=now):
            pass
        generation = number(work)
        changed = swap(conn, generation, now=now)
        note_swap(conn, work, changed=changed, now=now)
        log.info("replay.swapped", replay=work.id, generation=generation, memberships=changed)
        first = min(accounts(conn), default=None)
        return replace(work, state="claiming", at_account=first, at_profile=""), timedelta(0)

    def _claim(
        self, conn: Connection, bench: Bench, work: ReplayWork
    ) -> tuple[ReplayWork, timedelta]:
        old = previous_generation(conn, number(work))
        if old is None or work.at_account is None:
            if old is not None:
                give_up(conn, old)
            return replace(work, state="done"), timedelta(0)
        last = claim(
            conn,
            bench.contexts,
            (old, number(work)),
            work.at_account,
            work.at_profile or FIRST_PROFILE,
            now=bench.clock(),
        )
        if last is not None:
            return replace(work, at_profile=last), timedelta(0)
        later = [each for each in accounts(conn) if each > work.at_account]
        return replace(work, at_account=min(later, default=None), at_profile=""), timedelta(0)

    def _start_asking(self, conn: Connection, work: ReplayWork) -> ReplayWork:
        enter_generation(conn, number(work))
        numbers = accounts(conn)
        return replace(
            work,
            state="asking",
            asked=versions(conn),
            at_account=min(numbers, default=None),
            at_profile="",
            profiles_done=0,
            profiles_total=sum(count_profiles(conn, account) for account in numbers),
        )

    def _report(self, conn: Connection, work: ReplayWork) -> ReplayWork:
        profiles, members = compare(conn, number(work))
        owners = {
            spec.id: config.number
            for config in load_config(conn).accounts.values()
            for spec in config.audiences
        }
        report = {
            str(one.account): ReplayReport(
                profiles=one,
                loss=_loss(work, one.account),
                audiences=tuple(
                    each for each in members if owners.get(each.audience_id) == one.account
                ),
            )
            for one in profiles
        }
        save_report(conn, work, report)
        log.info("replay.ready", replay=work.id, generation=work.generation)
        return replace(work, state="ready", profiles_done=work.profiles_total)

    def _begin_again(self, conn: Connection, work: ReplayWork) -> ReplayWork:
        give_up(conn, number(work))
        log.info("replay.begins_again", replay=work.id)
        return replace(work, state="preparing", generation=None, restarts=work.restarts + 1)

    def _filler(self, bench: Bench, work: ReplayWork, *, asks: bool) -> Filler:
        """Return what fills the work's generation; with `asks` its events are asked about too."""
        generation = number(work)
        key = (generation, asks)
        if key not in self._fillers:
            self._fillers = {
                place: one for place, one in self._fillers.items() if place[0] == generation
            }

            def config_at(conn: Connection) -> PipelineConfig:
                return silent(load_config(conn, generation=generation), asks=asks)

            known = bench.contexts
            contexts = Contexts(config_at, known.names, known.bounds, is_silent=True)
            self._fillers[key] = Filler(generation, contexts)
        return self._fillers[key]


def drop_cancelled(bench: Bench) -> bool:
    """Drop what a cancelled replay had filled; say whether there was anything."""
    with bench.store.transaction() as conn:
        share_fence(conn)
        return drop_abandoned(conn)


def _loss(work: ReplayWork, account: int) -> LogLoss | None:
    if work.log_from is None:
        return None
    carried, shortened = work.carried.get(str(account), (0, 0))
    return LogLoss(log_from=work.log_from, carried=carried, shortened=shortened)
