"""Binds what doors ask about single people to the store."""

from collections.abc import Collection
from functools import partial

from coterie.api.dependencies import EntityCalls
from coterie.app.services import Services, config_source
from coterie.control.definitions.schema_versions import current_schema
from coterie.control.personalization import find_personalization
from coterie.control.tokens import still_valid
from coterie.flow.run.entities import Entities
from coterie.flow.run.glance import Glancer
from coterie.flow.run.lineage import LineageFinder
from coterie.flow.run.veil import Veil
from coterie.model.entity import Entity, FieldLineage, Glance
from coterie.model.mapped import Identifier
from coterie.store import GlancePool


def entity_calls(services: Services) -> EntityCalls:
    """Return the functions that doors call."""
    entities = Entities(services.store, config_source())
    pool = GlancePool(services.store.url)
    glancer = Glancer(entities, pool)
    finder = LineageFinder(services.store, config_source(), services.batch_settings.hash_key)

    async def glance(
        account: int, identifier: Identifier, only: Collection[str] | None, token_id: int | None
    ) -> Glance | None:
        return await glancer.glance(account, identifier, only, services.clock(), token_id=token_id)

    async def glance_public(account: int, identifier: Identifier) -> Glance | None:
        return await glancer.glance(account, identifier, None, services.clock(), is_public=True)

    def find(
        account: int, identifier: Identifier, only: Collection[str] | None, token_id: int | None
    ) -> Glance:
        now = services.clock()
        holds = token_id is None
        if token_id is not None:
            with services.store.transaction() as conn:
                holds = token_id in still_valid(conn, [token_id], now)
        entity = entities.find(account, identifier, only, now)
        return Glance(entity=entity, allowed=None, token_holds=holds)

    def find_public(account: int, identifier: Identifier) -> Glance:
        now = services.clock()
        allowed = find_personalization(services.store, account)
        entity: Entity | None = None
        if allowed is not None:
            entity = entities.find(account, identifier, allowed.fields, now)
        return Glance(entity=entity, allowed=allowed, token_holds=True)

    def lineage(
        account: int, identifier: Identifier, only: Collection[str] | None
    ) -> tuple[FieldLineage, ...] | None:
        return finder.find(account, identifier, only, services.clock())

    def veil(account: int, known: Collection[Identifier]) -> Veil:
        return Veil(current_schema(services.store, account), known)

    return EntityCalls(
        glance=glance,
        glance_public=glance_public,
        close=pool.close,
        find=find,
        find_public=find_public,
        lineage=lineage,
        veil=veil,
        personalization=partial(find_personalization, services.store),
        public_rate=services.settings.public_requests_per_second,
    )
