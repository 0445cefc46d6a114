"""Explain why an audience holds a profile, or why it does not."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from coterie.base.clock import from_us, to_us
from coterie.base.errors import UserError
from coterie.flow.profiles.histories import hidden_fields
from coterie.flow.profiles.view import Viewer
from coterie.flow.run.context import ConfigAt
from coterie.flow.run.generations import enter_live_generation
from coterie.flow.run.lookup import find_stored
from coterie.lang.behaviour import Bounds, trackers_of
from coterie.lang.filterql import Explained, Filter, explain, parse_filter
from coterie.model.config import AccountConfig
from coterie.model.control import Audience
from coterie.model.profile import ProfileId, StoredProfile
from coterie.store import Store


class MembershipExplanation(msgspec.Struct, frozen=True, kw_only=True):
    """A filter asked about one profile at an instant.

    `since` is when the profile entered the audience, None where it is recorded as outside. Record
    and answer differ only while a due change, or the building of the audience, is under way.
    """

    profile_id: ProfileId
    audience: str
    asked_at: datetime
    since: datetime | None
    explained: Explained


class Explainer:
    """Asks the filters of one store about single profiles, in full."""

    def __init__(self, store: Store, config_at: ConfigAt) -> None:
        self._store = store
        self._config_at = config_at

    def explain(
        self, account: int, identifier: tuple[str, str], audience: Audience, now: datetime
    ) -> MembershipExplanation | None:
        """Return why `audience` holds the profile with an identifier (field, value), or not.

        None if no profile has it.
        """
        with self._store.transaction() as conn:
            enter_live_generation(conn)
            config = self._config_at(conn).accounts[account]
            schema = config.schemas[-1]
            stored = find_stored(conn, account, schema, identifier)
        if stored is None:
            return None
        flt = parse_filter(audience.filter_text)
        includes = _reachable(flt, config.slugs)
        held = dict(zip(stored.audiences, stored.body.since_us, strict=True))
        since_us = held.get(audience.id)
        return MembershipExplanation(
            profile_id=stored.profile_id,
            audience=audience.slug,
            asked_at=now,
            since=None if since_us is None else from_us(since_us),
            explained=explain(
                flt,
                _row(config, stored, (flt, *includes.values()), to_us(now)),
                now,
                includes=includes,
            ),
        )


def _row(
    config: AccountConfig, stored: StoredProfile, filters: Iterable[Filter], now_us: int
) -> dict[str, Any]:
    """Return all fields of a profile, with the histories that the filters ask."""
    hidden = hidden_fields(config.trackers, Bounds())
    viewer = Viewer(config.schemas[-1], hidden)
    trackers = frozenset[str]().union(*(trackers_of(flt.tree) for flt in filters))
    fragments = stored.body.fragments
    return viewer.view(fragments, now_us) | viewer.facts(fragments, now_us, trackers)


def _reachable(flt: Filter, texts: Mapping[str, str]) -> dict[str, Filter]:
    """Return the filters that `flt` includes, directly or through others, by slug.

    One that no longer parses is left out, as the evaluator leaves it out.
    """
    found: dict[str, Filter] = {}
    waiting = set(flt.includes)
    while waiting:
        slug = waiting.pop()
        if slug in found or slug not in texts:
            continue
        try:
            found[slug] = parse_filter(texts[slug])
        except UserError:
            continue
        waiting |= found[slug].includes
    return found
