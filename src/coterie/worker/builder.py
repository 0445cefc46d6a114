"""Builds audiences that are new or edited, empties archived ones, a range of profiles at a time.

An audience of many profiles is built in buckets of their ids, so that as many processes as have
nothing better to do build it at once.
"""

from typing import Protocol

import structlog

from coterie.base.clock import Clock
from coterie.control.definitions.building import (
    Building,
    end_bucket,
    next_archived,
    next_bucket,
    next_built,
    next_unsplit,
    save_bucket,
    set_live,
    split_building,
)
from coterie.control.definitions.sizes import note_size
from coterie.control.definitions.trackers import set_filled
from coterie.flow.profiles.counting import estimate_profiles
from coterie.flow.run.context import Contexts
from coterie.flow.run.generations import enter_live_generation
from coterie.flow.run.revisit import build_audience, empty_audience
from coterie.store import Connection, Store, relax_commit
from coterie.store.fences import share_fence

log = structlog.get_logger()

PROFILES_A_RANGE = 5_000
LEAVERS_A_RANGE = 1_000
# Below this, one process is done before another could help.
LEAST_SPLIT = 50_000
# Ids are keyed hashes, so their first digit cuts them into equal parts.
DIGITS = "0123456789abcdef"
LAST = "f" * 32
FIRST = "0" * 32


class Site(Protocol):
    """Where there is something to build."""

    @property
    def store(self) -> Store: ...  # noqa: D102 - as its name says

    @property
    def clock(self) -> Clock: ...  # noqa: D102 - as its name says

    @property
    def contexts(self) -> Contexts: ...  # noqa: D102 - as its name says


def build_range(site: Site) -> bool:
    """Build the next range of the audience that waits longest; say whether there was one.

    A range and the note of how far it came are one transaction; a kill between two loses nothing.
    """
    now = site.clock()
    with site.store.transaction() as conn:
        share_fence(conn)
        enter_live_generation(conn)
        relax_commit(conn)
        if _conclude_building(conn, site):
            return True
        bucket = next_bucket(conn)
        if bucket is None:
            return _split_next(conn)
        asked = build_audience(
            conn,
            site.contexts,
            (bucket.account, bucket.audience_id),
            (bucket.after, bucket.upto),
            now=now,
            limit=PROFILES_A_RANGE,
        )
        if asked is None:
            end_bucket(conn, bucket)
            _conclude_building(conn, site)
        else:
            last, count = asked
            save_bucket(conn, bucket, after=last, count=count)
    return True


def empty_range(site: Site) -> bool:
    """Let the next range of members leave an archived audience; say whether there was one."""
    now = site.clock()
    with site.store.transaction() as conn:
        share_fence(conn)
        enter_live_generation(conn)
        archived = next_archived(conn)
        if archived is None:
            return False
        audience = (archived.account, archived.audience_id)
        empty_audience(conn, site.contexts, audience, now=now, limit=LEAVERS_A_RANGE)
    return True


def cut(total: int) -> list[tuple[str, str]]:
    """Return the buckets of so many profiles: after which id each begins, and its last one."""
    if total < LEAST_SPLIT:
        return [(FIRST, LAST)]
    lasts = [digit + LAST[1:] for digit in DIGITS]
    return list(zip([FIRST, *lasts], lasts, strict=False))


def _split_next(conn: Connection) -> bool:
    building = next_unsplit(conn)
    if building is None:
        return False
    total = estimate_profiles(conn, building.account).profiles
    split_building(conn, building, ends=cut(total), total=total)
    return True


def _conclude_building(conn: Connection, site: Site) -> bool:
    """Set an audience live whose buckets are all done; say whether there was one."""
    built: Building | None = next_built(conn)
    if built is None:
        return False
    now = site.clock()
    site.contexts.refresh(conn)
    trackers = site.contexts.get(built.account).trackers_of(built.audience_id)
    set_filled(conn, built.account, trackers, now=now)
    set_live(conn, built.audience_id, now=now)
    note_size(conn, built.audience_id, now=now)
    log.info("audience.built", account=built.account, audience=built.audience_id)
    return True
