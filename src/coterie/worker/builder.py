"""Builds audiences that are new or edited, empties archived ones, a range of profiles at a time."""

import structlog

from coterie.control.definitions.building import (
    next_archived,
    next_building,
    save_building,
    set_live,
)
from coterie.control.definitions.sizes import note_size
from coterie.control.definitions.trackers import set_filled
from coterie.flow.profiles.storage import count_profiles
from coterie.flow.run.generations import enter_live_generation
from coterie.flow.run.revisit import FIRST_PROFILE, build_audience, empty_audience
from coterie.store.fences import share_fence
from coterie.worker.dependencies import Bench

log = structlog.get_logger()

PROFILES_A_RANGE = 1_000


def build_range(bench: Bench) -> bool:
    """Build the next range of the audience that waits longest; say whether there was one.

    A range and the note of how far it came are one transaction; a kill between two loses nothing.
    """
    now = bench.clock()
    with bench.store.transaction() as conn:
        share_fence(conn)
        enter_live_generation(conn)
        building = next_building(conn)
        if building is None:
            return False
        asked = build_audience(
            conn,
            bench.contexts,
            (building.account, building.audience_id),
            building.after or FIRST_PROFILE,
            now=now,
            limit=PROFILES_A_RANGE,
        )
        if asked is None:
            trackers = bench.contexts.get(building.account).trackers_of(building.audience_id)
            set_filled(conn, building.account, trackers, now=now)
            set_live(conn, building.audience_id, now=now)
            note_size(conn, building.audience_id, now=now)
            log.info("audience.built", account=building.account, audience=building.audience_id)
            return True
        total = count_profiles(conn, building.account)
        last, count = asked
        done = min(building.done + count, total)
        save_building(conn, building.audience_id, after=last, done=done, total=total)
    return True


def empty_range(bench: Bench) -> bool:
    """Let the next range of members leave an archived audience; say whether there was one."""
    now = bench.clock()
    with bench.store.transaction() as conn:
        share_fence(conn)
        enter_live_generation(conn)
        archived = next_archived(conn)
        if archived is None:
            return False
        audience = (archived.account, archived.audience_id)
        empty_audience(conn, bench.contexts, audience, now=now, limit=PROFILES_A_RANGE)
    return True
