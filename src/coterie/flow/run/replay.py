"""Fills a generation from the log beside the live one, and puts it in its place.

Nothing is told outside while it is filled: no changes, no claims. Every function works in the
caller's transaction, which holds the fence, and leaves how far it came in it.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from coterie.base.clock import to_us
from coterie.flow.changes.record import BACKFILL_LANE, Place, record_swap, take_place
from coterie.flow.eventlog.outcomes import mark_taken_repaired
from coterie.flow.eventlog.read import read_after
from coterie.flow.identity.maintenance import advance_decisions, highest_decision
from coterie.flow.mapping.mapper import RejectedMapping
from coterie.flow.profiles.storage import (
    due_profiles,
    lock_profiles,
    profiles_after,
    read_profiles,
)
from coterie.flow.run.carry import Carried, carry
from coterie.flow.run.conclude import conclude, write
from coterie.flow.run.context import Contexts
from coterie.flow.run.generations import enter_generation, live_generation
from coterie.flow.run.revisit import flip_profiles
from coterie.flow.run.settle import Settler
from coterie.flow.run.step import AccountStep
from coterie.model.events import LaneCursor, LoggedEvent
from coterie.model.mapped import MappedEvent
from coterie.model.profile import FoldedProfile, ProfileId, StoredProfile
from coterie.model.replay import MemberDifference, ProfileDifference
from coterie.store import Connection, load_queries

SQL = load_queries("generations")

EVENTS_AT_ONCE = 2_000
PROFILES_AT_ONCE = 1_000
FLIPS_AT_ONCE = 500
# A swap holds all workers up, so no more than this may be left to read when it begins.
MOST_BEHIND = 20_000
NOWHERE = Place(0, 0)
REPLAYER = "replayer"


class Filler:
    """Fills one generation. `contexts` map as that generation does, and are silent."""

    def __init__(self, generation: int, contexts: Contexts) -> None:
        self.generation = generation
        self._contexts = contexts

    def read(self, conn: Connection, *, now: datetime, limit: int = EVENTS_AT_ONCE) -> int:
        """Process the next events of every lane, up to where the live generation is.

        Returns how many were read.
        """
        enter_generation(conn, self.generation)
        self._contexts.refresh(conn)
        conn.execute(SQL.begin_lanes, {"number": self.generation})
        lanes = conn.execute(SQL.replay_lanes, {"number": self.generation}).fetchall()
        return sum(
            self._read_lane(conn, LaneCursor(lane, seq, day), limit, ahead, now)
            for lane, seq, day, ahead in lanes
        )

    def follow(self, conn: Connection, *, now: datetime) -> bool:
        """Follow decisions, maintenance and due flips; say whether anything was due."""
        enter_generation(conn, self.generation)
        settler = Settler(self._contexts)
        if settler.follow_decision(conn, now=now) or settler.settle_next(conn, now=now):
            return True
        due = due_profiles(conn, now=now, limit=FLIPS_AT_ONCE)
        return flip_profiles(conn, self._contexts, due, now=now) > 0

    def ask(
        self, conn: Connection, account: int, after: ProfileId, *, now: datetime
    ) -> ProfileId | None:
        """Ask all audiences about the next profiles of an account; None if there are no more.

        Who is a member of the live generation stays one since then.
        """
        enter_generation(conn, live_generation(conn))
        self._contexts.refresh(conn)
        context = self._contexts.get(account)
        enter_generation(conn, self.generation)
        ids = profiles_after(conn, account, after, limit=PROFILES_AT_ONCE)
        if not ids:
            return None
        stored = lock_profiles(conn, account, ids)
        enter_generation(conn, live_generation(conn))
        before = _by_id(read_profiles(conn, account, ids))
        enter_generation(conn, self.generation)
        asked = [
            _as_before(profile, before.get(profile.profile_id), now) for profile in stored.values()
        ]
        write(conn, context, conclude(context, asked, stored, "backfill"), stored, NOWHERE)
        return ids[-1]

    def carry(
        self, conn: Connection, account: int, after: ProfileId, *, log_from: datetime
    ) -> Carried | None:
        """Carry those over of the next live profiles of whom the log says nothing any more."""
        return carry(conn, self._contexts, self.generation, account, after, log_from=log_from)

    def progress(self, conn: Connection) -> tuple[int, int]:
        """Return how many events were read, and how many there are to read."""
        row = conn.execute(SQL.replay_progress, {"number": self.generation}).fetchone()
        return (int(row[0]), int(row[1])) if row else (0, 0)

    def _read_lane(
        self, conn: Connection, cursor: LaneCursor, limit: int, ahead: int, now: datetime
    ) -> int:
        found = read_after(conn, cursor, limit=min(limit, ahead - cursor.seq))
        # Of a log that was trimmed the next events may lie further ahead than the live generation.
        events = [event for event in found if event.seq <= ahead]
        if not events:
            skipped = {"number": self.generation, "lane": cursor.lane, "day": cursor.day}
            conn.execute(SQL.advance_replay, {**skipped, "seq": ahead})
            return 0
        last = events[-1]
        asked = {"lane": cursor.lane, "after": cursor.seq, "until": last.seq}
        aside: dict[int, bool] = dict(conn.execute(SQL.set_aside, asked).fetchall())
        taken = self._process([one for one in events if aside.get(one.seq, True)], conn, now)
        again = [seq for seq, may_be_taken in aside.items() if may_be_taken and seq in taken]
        if again:
            noted = {"number": self.generation, "lane": cursor.lane, "seqs": again}
            conn.execute(SQL.note_taken, noted)
        moved = {
            "number": self.generation,
            "lane": cursor.lane,
            "seq": last.seq,
            "day": max(cursor.day, last.received_at.date()),
        }
        conn.execute(SQL.advance_replay, moved)
        return len(events)

    def _process(
        self, events: Sequence[LoggedEvent], conn: Connection, now: datetime
    ) -> frozenset[int]:
        """Process events of one lane; return the numbers of those that say something."""
        mapped: dict[int, list[MappedEvent]] = {}
        for event in events:
            if not self._contexts.knows(event.account):
                continue
            said = self._contexts.get(event.account).mapper.map(event)
            # What named nobody so far may name somebody now, and the other way round.
            if not isinstance(said, RejectedMapping):
                mapped.setdefault(event.account, []).append(said)
        for account in sorted(mapped):
            step = AccountStep(conn, self._contexts.get(account), self._contexts.names)
            step.run(mapped[account], NOWHERE, now=now)
        return frozenset(one.seq for said in mapped.values() for one in said)


def begin_generation(conn: Connection, schemas: Mapping[str, int]) -> int:
    """Make the tables of the next generation, with nothing in them; return its number.

    The caller holds the closed fence. Decisions in force hold in it from its first event on.
    """
    number = int(_value(conn, SQL.next_generation, {}))
    text = msgspec.json.encode(schemas).decode()
    conn.execute(SQL.begin_generation, {"number": number, "schemas": text})
    conn.execute(SQL.begin_lanes, {"number": number})
    enter_generation(conn, number)
    advance_decisions(conn, highest_decision(conn))
    return number


def give_up(conn: Connection, generation: int) -> None:
    """Drop a generation that never was live, or is no more."""
    conn.execute(SQL.give_up, {"number": generation})
    conn.execute(SQL.forget_lanes, {"number": generation})
    conn.execute(SQL.forget_taken, {"number": generation})
    conn.execute(SQL.drop_generation, {"number": generation})


def drop_abandoned(conn: Connection) -> bool:
    """Drop a generation that no replay fills any more; say whether there was one."""
    row = conn.execute(SQL.abandoned_generation).fetchone()
    if row is None:
        return False
    give_up(conn, int(row[0]))
    return True


def compare(
    conn: Connection, generation: int
) -> tuple[tuple[ProfileDifference, ...], tuple[MemberDifference, ...]]:
    """Return what a generation would change about people and about members."""
    asked = {"old": live_generation(conn), "new": generation}
    profiles = conn.execute(SQL.compare_profiles, asked).fetchall()
    members = conn.execute(SQL.compare_members, asked).fetchall()
    return (
        tuple(ProfileDifference(*row) for row in profiles),
        tuple(MemberDifference(*row) for row in members),
    )


def swap(conn: Connection, generation: int, *, now: datetime) -> int:
    """Make a generation the live one; return how many entered or left an audience by that.

    The caller holds the closed fence, and the generation has read as far as the live one.
    """
    old = live_generation(conn)
    place = take_place(conn, BACKFILL_LANE)
    changed = record_swap(conn, (old, generation), place, now=now)
    conn.execute(SQL.retire_live)
    conn.execute(SQL.make_live, {"number": generation})
    conn.execute(SQL.forget_lanes, {"number": generation})
    mark_taken_repaired(conn, generation, by=REPLAYER, now=now)
    conn.execute(SQL.forget_taken, {"number": generation})
    return changed


def _by_id(profiles: Iterable[StoredProfile]) -> dict[ProfileId, StoredProfile]:
    return {profile.profile_id: profile for profile in profiles}


def _as_before(
    profile: StoredProfile, before: StoredProfile | None, now: datetime
) -> FoldedProfile:
    """Return a profile that is to be asked, as a member since it has been one until now."""
    audiences = () if before is None else before.audiences
    since = () if before is None else before.body.since_us
    prior = msgspec.structs.replace(
        profile,
        audiences=audiences,
        next_flip=None,
        body=msgspec.structs.replace(profile.body, since_us=since),
    )
    return FoldedProfile(
        profile.profile_id,
        prior,
        profile.body.fragments,
        profile.body.held_edges,
        profile.body.refused,
        None,
        max(to_us(now), to_us(profile.updated_at)),
        standing=profile.body.standing,
    )


def _value(conn: Connection, query: str, asked: Mapping[str, Any]) -> Any:
    row = conn.execute(query.encode(), asked).fetchone()
    return None if row is None else row[0]
