"""Binds what doors ask of schemas and replays to the store."""

from functools import partial

from coterie.api.dependencies import SchemaCalls
from coterie.app.services import Services
from coterie.control.definitions.schema_diff import find_differences, revert_schema
from coterie.control.definitions.schema_versions import get_schema, list_versions
from coterie.control.replays import cancel_replay, confirm_replay, get_replay, start_replay
from coterie.model.control import Actor
from coterie.model.schema import Schema


def schema_calls(services: Services) -> SchemaCalls:
    """Return the functions that doors call."""
    store, clock = services.store, services.clock

    def revert(account: int, version: int, actor: Actor) -> Schema:
        return revert_schema(store, account=account, version=version, actor=actor, clock=clock)

    return SchemaCalls(
        versions=partial(list_versions, store),
        version=partial(get_schema, store),
        diff=partial(find_differences, store),
        revert=revert,
        replay=partial(get_replay, store),
        start_replay=partial(start_replay, store, clock=clock),
        confirm_replay=partial(confirm_replay, store, clock=clock),
        cancel_replay=partial(cancel_replay, store, clock=clock),
    )
