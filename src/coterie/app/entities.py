"""Binds what doors ask about single people to the store."""

from collections.abc import Collection
from functools import partial

from coterie.api.dependencies import EntityCalls
from coterie.app.services import Services, config_source
from coterie.control.definitions.schema import current_schema
from coterie.control.personalization import find_personalization
from coterie.flow.run.entities import Entities
from coterie.flow.run.lineage import LineageFinder
from coterie.flow.run.veil import Veil
from coterie.model.entity import Entity, FieldLineage
from coterie.model.mapped import Identifier


def entity_calls(services: Services) -> EntityCalls:
    """Return the functions that doors call."""
    entities = Entities(services.store, config_source())
    finder = LineageFinder(services.store, config_source(), services.batch_settings.hash_key)

    def find(account: int, identifier: Identifier, only: Collection[str] | None) -> Entity | None:
        return entities.find(account, identifier, only, services.clock())

    def lineage(
        account: int, identifier: Identifier, only: Collection[str] | None
    ) -> tuple[FieldLineage, ...] | None:
        return finder.find(account, identifier, only, services.clock())

    def veil(account: int, known: Collection[Identifier]) -> Veil:
        return Veil(current_schema(services.store, account), known)

    return EntityCalls(
        find=find,
        lineage=lineage,
        veil=veil,
        personalization=partial(find_personalization, services.store),
        public_rate=services.settings.public_requests_per_second,
    )
