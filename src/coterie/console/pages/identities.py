"""Who belongs to a profile and why, and decisions about it."""

from litestar import get, post

from coterie.base.errors import UserError
from coterie.console.doorkeeper import needs
from coterie.console.graphs import draw
from coterie.console.headers import Page
from coterie.console.pages.parts import Visitor, veil_for
from coterie.console.visit import Visit
from coterie.control.definitions.decisions import (
    BadDecisionError,
    NewDecision,
    decide,
    list_decisions,
    undo,
)
from coterie.model.decisions import DecisionKind
from coterie.model.identities import Relation
from coterie.model.mapped import Identifier

KINDS: dict[str, DecisionKind] = {
    "apart": "pin_apart",
    "together": "pin_together",
    "block": "block_value",
}
FOLLOWS = "Profiles, audiences and exports follow within moments."


# POSTs keep the e-mail addresses that are asked about out of addresses and access logs.
@post("/profiles/identity", sync_to_thread=True, status_code=200, opt=needs("observer"))
def do_show_identity(visit: Visitor) -> Page:
    """Show the identity graph of the profile that an identifier belongs to."""
    return _graph_page(visit)


@post("/profiles/identity/compare", sync_to_thread=True, status_code=200, opt=needs("observer"))
def do_compare(visit: Visitor) -> Page:
    """Say whether the profile's identifier and another one are one person, and why."""
    asked = visit.form.text("field"), visit.form.text("value")
    try:
        other = _identifier(visit, "compared")
    except UserError as error:
        return _graph_page(visit, failure=error.message)
    relation = visit.deps.reads.relation(visit.account, asked, other)
    veil = veil_for(visit, asked, other)
    return _graph_page(visit, relation=relation if veil is None else veil.relation(relation))


@post("/profiles/identity/decide", sync_to_thread=True, status_code=200)
def do_decide(visit: Visitor) -> Page:
    """Put a decision in force, and show the graph again."""
    try:
        decide(
            visit.deps.store,
            account=visit.account,
            new=_read_decision(visit),
            actor=visit.actor,
            clock=visit.deps.clock,
        )
    except UserError as error:
        return _graph_page(visit, failure=error.message)
    return _graph_page(visit, done=f"Decided. {FOLLOWS}")


@get("/identities", sync_to_thread=True)
def show_decisions(visit: Visitor) -> Page:
    """List decisions about identities, those taken back too."""
    return _list_page(visit)


@post("/identities/undo", sync_to_thread=True, status_code=200)
def do_undo(visit: Visitor) -> Page:
    """Take a decision back."""
    number = visit.form.text("decision")
    try:
        undo(
            visit.deps.store,
            account=visit.account,
            decision_id=int(number) if number.isdecimal() else 0,
            reason=visit.form.text("reason"),
            actor=visit.actor,
            clock=visit.deps.clock,
        )
    except UserError as error:
        return _list_page(visit, failure=error.message)
    return visit.go("/identities", notice=f"Decision {number} is taken back. {FOLLOWS}")


def _read_decision(visit: Visit) -> NewDecision:
    kind = KINDS.get(visit.form.text("kind"))
    if kind is None:
        raise BadDecisionError("Choose what to decide: apart, together, or block.")
    one = _identifier(visit, "one")
    other = None if kind == "block_value" else _identifier(visit, "other")
    return NewDecision(kind=kind, a=one, b=other, reason=visit.form.text("reason"))


def _identifier(visit: Visit, name: str) -> Identifier:
    field, sign, value = visit.form.text(name).partition("=")
    if not sign or not value:
        raise BadDecisionError("Write each identifier as field=value, as in email=a@example.org.")
    return field.strip(), value


def _graph_page(
    visit: Visit, *, failure: str = "", done: str = "", relation: Relation | None = None
) -> Page:
    field, value = visit.form.text("field"), visit.form.text("value")
    graph = visit.deps.reads.identity_graph(visit.account, (field, value))
    veil = veil_for(visit, (field, value))
    if graph is not None and veil is not None:
        graph = veil.graph(graph)
    return visit.page(
        "profiles/identity.html",
        status=404 if graph is None else 400 if failure else 200,
        graph=graph,
        picture=None if graph is None else draw(graph),
        field=field,
        value=value,
        failure=failure,
        done=done,
        relation=relation,
    )


def _list_page(visit: Visit, *, failure: str = "") -> Page:
    decisions = list_decisions(visit.deps.store, visit.account, with_undone=True)
    veil = veil_for(visit)
    return visit.page(
        "profiles/decisions.html",
        status=400 if failure else 200,
        decisions=decisions if veil is None else [veil.decision(one) for one in decisions],
        failure=failure,
    )
