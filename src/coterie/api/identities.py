"""Who belongs to a profile and why, and what operators decide about it."""

from collections.abc import Sequence
from typing import Annotated

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from coterie.api.auth import actor_of, check_scope
from coterie.api.resources import PERSONAL_SCOPE, Success, UnknownProfileError
from coterie.api.state import ApiState
from coterie.control.definitions.decisions import NewDecision
from coterie.control.scopes import allows
from coterie.model.control import Grant
from coterie.model.decisions import Decision, DecisionKind
from coterie.model.identities import IdentityGraph, Relation

DECIDE_SCOPE = "data_manager"


class Named(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An identifier in any spelling."""

    field: Annotated[str, msgspec.Meta(max_length=64)]
    value: Annotated[str, msgspec.Meta(max_length=1_000)]


class WhyBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Two identifiers to compare."""

    a: Named
    b: Named


class DecisionBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A decision as it is asked for; `b` is left out for a blocked value."""

    kind: DecisionKind
    a: Named
    b: Named | None = None
    reason: Annotated[str, msgspec.Meta(max_length=1_000)]


class UndoBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a decision is taken back."""

    reason: Annotated[str, msgspec.Meta(max_length=1_000)]


@get(
    "/api/identity/{field:str}/{value:str}",
    summary="Who belongs to a profile, and why",
    tags=["identity"],
    sync_to_thread=True,
)
def get_graph(
    field: FromPath[str],
    value: FromPath[str],
    grant: NamedDependency[Grant],
    api: NamedDependency[ApiState],
) -> Success[IdentityGraph]:
    """Return identifiers, edges and decisions of the profile that an identifier belongs to.

    Personal identifiers are stand-ins unless the token may see them.
    """
    graph = api.dependencies.identities.graph(grant.account, (field, value))
    if graph is None:
        raise UnknownProfileError(field=field)
    if not allows(grant.scopes, PERSONAL_SCOPE):
        graph = api.dependencies.entities.veil(grant.account, ((field, value),)).graph(graph)
    return Success(graph)


# A POST keeps e-mail addresses out of addresses and access logs.
@post(
    "/api/identity/why",
    summary="Why two identifiers are one person, or are not",
    tags=["identity"],
    status_code=200,
    sync_to_thread=True,
)
def ask_why(
    data: JSONBody[WhyBody], grant: NamedDependency[Grant], api: NamedDependency[ApiState]
) -> Success[Relation]:
    """Return how two identifiers relate: the steps between them, or what keeps them apart."""
    one, other = (data.a.field, data.a.value), (data.b.field, data.b.value)
    found = api.dependencies.identities.relation(grant.account, one, other)
    if not allows(grant.scopes, PERSONAL_SCOPE):
        found = api.dependencies.entities.veil(grant.account, (one, other)).relation(found)
    return Success(found)


@get(
    "/api/identity/decisions",
    summary="Decisions about identities",
    tags=["identity"],
    sync_to_thread=True,
)
def list_decisions(
    grant: NamedDependency[Grant],
    api: NamedDependency[ApiState],
    undone: FromQuery[bool] = False,
    before: FromQuery[int | None] = None,
) -> Success[Sequence[Decision]]:
    """Return up to 100 decisions, newest first; `before` continues after an id."""
    found = api.dependencies.identities.list_decisions(grant.account, undone, before)
    if not allows(grant.scopes, PERSONAL_SCOPE):
        veil = api.dependencies.entities.veil(grant.account, ())
        found = [veil.decision(item) for item in found]
    return Success(found)


@post(
    "/api/identity/decisions",
    summary="Pin two identifiers, or block one",
    tags=["identity"],
    status_code=201,
    sync_to_thread=True,
)
def make_decision(
    data: JSONBody[DecisionBody], grant: NamedDependency[Grant], api: NamedDependency[ApiState]
) -> Success[Decision]:
    """Put a decision in force; profiles, audiences and exports follow within moments."""
    check_scope(grant, DECIDE_SCOPE)
    new = NewDecision(
        kind=data.kind,
        a=(data.a.field, data.a.value),
        b=None if data.b is None else (data.b.field, data.b.value),
        reason=data.reason,
    )
    made = api.dependencies.identities.decide(grant.account, new, actor_of(grant))
    return Success(made, status=201)


@post(
    "/api/identity/decisions/{decision_id:int}/undo",
    summary="Take a decision back",
    tags=["identity"],
    status_code=200,
    sync_to_thread=True,
)
def undo_decision(
    decision_id: FromPath[int],
    data: JSONBody[UndoBody],
    grant: NamedDependency[Grant],
    api: NamedDependency[ApiState],
) -> Success[Decision]:
    """Take a decision back, as if it had never been made."""
    check_scope(grant, DECIDE_SCOPE)
    undo = api.dependencies.identities.undo
    return Success(undo(grant.account, decision_id, data.reason, actor_of(grant)))
