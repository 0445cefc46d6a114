"""Answers what a profile holds, for programs."""

import re
from collections.abc import Collection
from datetime import datetime

import msgspec

from coterie.base.clock import from_us, to_us
from coterie.flow.profiles.storage import read_members_after
from coterie.flow.profiles.view import Viewer
from coterie.flow.run.context import ConfigAt
from coterie.flow.run.generations import enter_live_generation
from coterie.flow.run.lookup import find_stored
from coterie.model.config import AccountConfig, PipelineConfig
from coterie.model.entity import Entity
from coterie.model.mapped import Identifier
from coterie.model.profile import StoredProfile
from coterie.store import Store

PROFILE_ID = re.compile(r"[0-9a-f]{32}")
FIRST = "0" * 32


class Known(msgspec.Struct, frozen=True):
    """What a transaction saw last: the configuration, and the live generation."""

    config: PipelineConfig
    generation: int


class _Shape(msgspec.Struct, frozen=True):
    """How profiles of one configuration of an account are shown."""

    config: AccountConfig
    viewer: Viewer
    slugs: dict[int, str]
    personal: frozenset[str]
    by_fields: tuple[str, ...]


class Entities:
    """Looks profiles up by any of their identifiers, a transaction each."""

    def __init__(self, store: Store, config_at: ConfigAt) -> None:
        self._store = store
        self._config_at = config_at
        self._shapes: dict[int, _Shape] = {}
        self.known: Known | None = None

    def find(
        self, account: int, identifier: Identifier, only: Collection[str] | None, now: datetime
    ) -> Entity | None:
        """Return the profile that an identifier belongs to with `only` these fields (None: all).

        None if no profile has it.
        """
        with self._store.transaction() as conn:
            generation = enter_live_generation(conn)
            whole = self._config_at(conn)
            config = whole.accounts[account]
            schema = config.schemas[-1]
            stored = find_stored(conn, account, schema, identifier)
        self.known = Known(whole, generation)
        if stored is None:
            return None
        return self.show(config, stored, None if only is None else frozenset(only), now)

    def members(
        self, account: int, audience_id: int, after: str, *, limit: int, now: datetime
    ) -> tuple[Entity, ...]:
        """Return members of an audience in order of their ids, after one ("": from the first)."""
        start = after if PROFILE_ID.fullmatch(after) else FIRST
        with self._store.transaction() as conn:
            enter_live_generation(conn)
            config = self._config_at(conn).accounts[account]
            found = read_members_after(conn, account, audience_id, start, limit=limit)
        return tuple(self.show(config, stored, None, now) for stored in found)

    def show(
        self,
        config: AccountConfig,
        stored: StoredProfile,
        wanted: frozenset[str] | None,
        now: datetime,
    ) -> Entity:
        """Return a stored profile as programs read it, with the `wanted` fields (None: all)."""
        shape = self._shape(config)
        values = shape.viewer.view(stored.body.fragments, to_us(now), wanted)
        held = [(shape.slugs[each], each) for each in stored.audiences if each in shape.slugs]
        return Entity(
            profile_id=stored.profile_id,
            created=from_us(min(part.first_us for part in stored.body.fragments)),
            modified=stored.updated_at,
            last_active=from_us(max(part.last_us for part in stored.body.fragments)),
            values=values,
            personal=shape.personal & values.keys(),
            audiences=tuple((number, slug) for slug, number in sorted(held)),
            by_fields=shape.by_fields,
        )

    def _shape(self, config: AccountConfig) -> _Shape:
        known = self._shapes.get(config.number)
        if known is None or known.config is not config:
            fields = config.schemas[-1].fields
            known = _Shape(
                config,
                Viewer(config.schemas[-1]),
                {audience.id: audience.slug for audience in config.audiences},
                frozenset(field.name for field in fields if field.is_pii),
                tuple(sorted(field.name for field in fields if field.identifier)),
            )
            self._shapes[config.number] = known
        return known
