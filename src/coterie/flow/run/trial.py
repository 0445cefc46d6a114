"""A filter that is not saved, asked of stored profiles as the account's only audience."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from coterie.base.clock import to_us
from coterie.flow.run.context import AccountContext
from coterie.flow.run.filling import fill
from coterie.flow.run.names import Names
from coterie.lang.behaviour import Bounds, trackers_of
from coterie.lang.filterql import parse_filter
from coterie.model.config import AccountConfig, AudienceSpec, TrackerSpec
from coterie.model.profile import StoredProfile
from coterie.store import Connection, load_queries

SQL = load_queries("lookup")

TRIAL_ID = 0
AT_ONCE = 500
# Reading histories from the log takes long.
UNFILLED_AT_ONCE = 50


class Trial:
    """Asks a filter in a transaction; what nobody asked before of events is read from the log.

    The text is a filter that may be saved. Nothing is written.
    """

    def __init__(
        self,
        conn: Connection,
        config: AccountConfig,
        filter_text: str,
        names: Names,
        bounds: Bounds,
    ) -> None:
        self._conn = conn
        self.context = AccountContext(_with_trial(conn, config, filter_text), names, bounds)
        self._affected = self.context.evaluator.only(TRIAL_ID)

    def matching(self, profiles: Sequence[StoredProfile], now: datetime) -> list[StoredProfile]:
        """Return those of the profiles whom the filter holds at `now`, in their order."""
        ask, reads, at_us = (
            self._affected.audiences[0].filter.matches,
            self._affected.reads,
            to_us(now),
        )
        filled = fill(self._conn, self.context, {one.profile_id: one for one in profiles})
        facts = self.context.viewer.facts
        return [
            profile
            for profile in profiles
            if ask(facts(filled[profile.profile_id].body.fragments, at_us, reads), now) is True
        ]


def portion(context: AccountContext) -> int:
    """Return how many profiles are read at once."""
    return UNFILLED_AT_ONCE if context.unfilled else AT_ONCE


def _with_trial(conn: Connection, config: AccountConfig, filter_text: str) -> AccountConfig:
    """Return the account's configuration with the filter as its only audience."""
    flt = parse_filter(filter_text)
    known = {tracker.text for tracker in config.trackers}
    # Whole up to the worker's cursors, as a tracker that is registered now would be.
    boundary: dict[int, int] = dict(conn.execute(SQL.lane_cursors).fetchall())
    number = max((tracker.number for tracker in config.trackers), default=0)
    texts = set(trackers_of(flt.tree))
    for included in _reached(flt.includes, config.slugs):
        texts |= trackers_of(parse_filter(config.slugs[included]).tree)
    fresh = tuple(
        TrackerSpec(number=number + place, text=text, boundary=boundary, is_filled=False)
        for place, text in enumerate(sorted(texts - known), start=1)
    )
    return msgspec.structs.replace(
        config,
        audiences=(AudienceSpec(id=TRIAL_ID, slug="", filter_text=filter_text, version=0),),
        exports=(),
        trackers=(*config.trackers, *fresh),
    )


def _reached(slugs: Iterable[str], texts: dict[str, str]) -> set[str]:
    found: set[str] = set()
    waiting = set(slugs)
    while waiting:
        slug = waiting.pop()
        if slug in texts and slug not in found:
            found.add(slug)
            waiting |= parse_filter(texts[slug]).includes
    return found
