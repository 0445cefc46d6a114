"""Binds what doors ask about identities to the store."""

from collections.abc import Sequence

from coterie.api.dependencies import IdentityCalls
from coterie.app.services import Services, config_source
from coterie.control.definitions.decisions import NewDecision, decide, list_decisions, undo
from coterie.flow.run.identities import IdentityExplainer
from coterie.model.control import Actor
from coterie.model.decisions import Decision


def identity_calls(services: Services) -> IdentityCalls:
    """Return the functions that the API calls."""
    store, clock = services.store, services.clock
    explainer = make_explainer(services)

    def listed(account: int, with_undone: bool, before: int | None) -> Sequence[Decision]:
        return list_decisions(store, account, with_undone=with_undone, before=before)

    def decided(account: int, new: NewDecision, actor: Actor) -> Decision:
        return decide(store, account=account, new=new, actor=actor, clock=clock)

    def undone(account: int, decision_id: int, reason: str, actor: Actor) -> Decision:
        return undo(
            store,
            account=account,
            decision_id=decision_id,
            reason=reason,
            actor=actor,
            clock=clock,
        )

    return IdentityCalls(
        graph=explainer.graph,
        relation=explainer.relation,
        list_decisions=listed,
        decide=decided,
        undo=undone,
    )


def make_explainer(services: Services) -> IdentityExplainer:
    """Return what explains the identities of a store."""
    key = services.batch_settings.hash_key
    return IdentityExplainer(services.store, config_source(), key)
