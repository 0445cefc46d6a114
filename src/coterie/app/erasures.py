"""Binds forgetting people, and what they are told before, to the store."""

from collections.abc import Sequence
from functools import partial

from coterie.api.dependencies import PrivacyCalls
from coterie.app.services import Services, config_source
from coterie.base.errors import UserError
from coterie.control.audit import Subject, record
from coterie.control.definitions.change import definition_change
from coterie.control.erasures import begin_erasure, get_erasure, list_erasures
from coterie.flow.identity.suppression import FOREVER
from coterie.flow.run.context import Contexts
from coterie.flow.run.dossier import DossierMaker
from coterie.flow.run.erasure import forget_profile
from coterie.flow.run.generations import enter_live_generation
from coterie.flow.run.names import Names
from coterie.model.control import Actor
from coterie.model.erasure import Dossier, Erasure
from coterie.model.mapped import Identifier


class UnidentifyingFieldError(UserError):
    """People cannot be forgotten by a field that does not say who they are."""

    code = "unidentifying_field"

    def __init__(self, *, field: str) -> None:
        super().__init__(
            f"{field!r} is no field that identifies people, or no value can be one of it. "
            "`coterie field list` shows which do."
        )


def privacy_calls(services: Services) -> PrivacyCalls:
    """Return the functions that doors call."""
    store, clock, batch = services.store, services.clock, services.batch_settings
    maker = DossierMaker(store, config_source(), batch.hash_key)

    def forget(account: int, identifier: Identifier, blocks: bool, actor: Actor) -> Erasure:
        contexts = Contexts(config_source(), Names(batch.hash_key), batch.bounds)
        with definition_change(store, clock) as change:
            enter_live_generation(change.conn)
            contexts.refresh(change.conn)
            gone = forget_profile(
                change.conn,
                contexts.get(account),
                identifier,
                until=FOREVER if blocks else change.now,
                now=change.now,
            )
            if gone is None:
                raise UnidentifyingFieldError(field=identifier[0])
            return begin_erasure(
                change,
                services.ring,
                account=account,
                profile_id=gone.profile_id,
                forgotten=gone.forgotten,
                blocks=blocks,
                actor=actor,
            )

    def dossier(account: int, identifier: Identifier, actor: Actor) -> Dossier | None:
        found = maker.make(account, identifier, clock())
        if found is not None:
            with store.transaction() as conn:
                subject = Subject(account, "profile", found.profile.profile_id)
                record(conn, "exported", subject, actor=actor, now=clock())
        return found

    def erasures(account: int) -> Sequence[Erasure]:
        return list_erasures(store, account)

    return PrivacyCalls(
        forget=forget,
        dossier=dossier,
        erasures=erasures,
        erasure=partial(get_erasure, store),
    )
