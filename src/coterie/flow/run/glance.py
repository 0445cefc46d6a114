"""Answers what a profile holds from one statement, for those who ask all the time."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from coterie.flow.profiles.storage import load_profile
from coterie.flow.run.entities import Entities
from coterie.flow.run.lookup import normal_form
from coterie.model.control import Personalization
from coterie.model.entity import Glance
from coterie.model.mapped import Identifier
from coterie.store import GlancePool, generation_schema, load_queries

SQL = load_queries("lookup")

# Showing more would hold up the answers to other requests.
MOST_BYTES = 32_768


class Glancer:
    """Looks profiles up on the event loop; what it cannot tell is for `Entities.find` to look up.

    A change of threads costs more than all that is done with a profile, so it does without one.
    """

    def __init__(
        self, entities: Entities, pool: GlancePool, *, most_bytes: int = MOST_BYTES
    ) -> None:
        self._entities = entities
        self._pool = pool
        self._most_bytes = most_bytes

    async def glance(
        self,
        account: int,
        identifier: Identifier,
        only: Collection[str] | None,
        now: datetime,
        *,
        token_id: int | None = None,
        is_public: bool = False,
    ) -> Glance | None:
        """Return what `find` would, from one statement; None if that has to be asked.

        It has to where definitions or the generation are not those that `find` saw last, on several
        servers, if a connection is lost, and for very large profiles. `is_public` shows the fields
        that are public.
        """
        known = self._entities.known
        config = known.config.accounts.get(account) if known else None
        if known is None or config is None:
            return None
        normal = normal_form(config.schemas[-1], identifier)
        if normal is None:
            return None
        field, value = normal
        asked = {
            "account": account, "field": field, "value": value, "token_id": token_id, "now": now,
        }  # fmt: skip
        row = await self._pool.ask(known.generation, SQL.glance, asked)
        seen = known.config.epoch, known.generation, generation_schema(known.generation)
        if row is None or row[:3] != seen:
            return None
        *person, body = row[9:]
        if body is not None and len(body) > self._most_bytes:
            return None
        allowed = _allowed(account, row[4:9])
        shown = allowed.fields if is_public and allowed else only
        wanted = None if shown is None else frozenset(shown)
        found = None if body is None else load_profile((*person, body))
        return Glance(
            entity=None if found is None else self._entities.show(config, found, wanted, now),
            allowed=allowed,
            token_holds=row[3],
        )


def _allowed(account: int, row: Sequence[Any]) -> Personalization | None:
    if row[0] is None:
        return None
    *names, updated_at = row
    fields, audiences, by_fields, origins = (tuple(each) for each in names)
    return Personalization(
        account=account,
        fields=fields,
        audiences=audiences,
        by_fields=by_fields,
        origins=origins,
        updated_at=updated_at,
    )
