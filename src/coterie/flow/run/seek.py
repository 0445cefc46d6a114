"""Finds those whom a filter that is not saved holds, a bounded piece of work at a time."""

from collections.abc import Callable
from datetime import datetime

from coterie.flow.profiles.storage import read_after
from coterie.flow.run.context import ConfigAt
from coterie.flow.run.entities import FIRST, PROFILE_ID, Entities
from coterie.flow.run.generations import enter_live_generation
from coterie.flow.run.insights import InsightSettings
from coterie.flow.run.names import Names
from coterie.flow.run.trial import Trial, portion
from coterie.model.entity import Found
from coterie.model.profile import StoredProfile
from coterie.store import Store


class Seeker:
    """Asks profiles of one store in order of their ids. `ticks` returns seconds that pass."""

    def __init__(
        self,
        store: Store,
        config_at: ConfigAt,
        settings: InsightSettings,
        ticks: Callable[[], float],
    ) -> None:
        self._store = store
        self._config_at = config_at
        self._settings = settings
        self._ticks = ticks
        self._entities = Entities(store, config_at)

    def seek(
        self, account: int, filter_text: str, after: str, *, limit: int, now: datetime
    ) -> Found:
        """Return at most `limit` profiles that fit at `now`, after one ("": from the first).

        It ends when there are so many, when its time is over, or when as many were asked as the
        settings say; so there may be fewer, or none, and more to come. The text is a filter that
        may be saved.
        """
        last = after if PROFILE_ID.fullmatch(after) else FIRST
        ends_at = self._ticks() + self._settings.look_seconds
        members: list[StoredProfile] = []
        asked, at_end = 0, False
        with self._store.transaction() as conn:
            enter_live_generation(conn)
            config = self._config_at(conn).accounts[account]
            names = Names(self._settings.hash_key)
            trial = Trial(conn, config, filter_text, names, self._settings.bounds)
            at_once = min(portion(trial.context), self._settings.most_asked)
            while not at_end and len(members) < limit and asked < self._settings.most_asked:
                read = read_after(conn, account, last, limit=at_once)
                members += trial.matching(read, now)
                asked, at_end = asked + len(read), len(read) < at_once
                last = read[-1].profile_id if read else last
                if self._ticks() >= ends_at:
                    break
        if len(members) > limit:
            # Who was asked beyond the page is asked again for the next one.
            members, at_end = members[:limit], False
            last = members[-1].profile_id
        return Found(
            members=tuple(self._entities.show(config, one, None, now) for one in members),
            asked=asked,
            after="" if at_end else last,
        )
