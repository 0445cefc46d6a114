"""Commands about identities: who is one person and why, and what operators decide about it."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from coterie.base.errors import UserError
from coterie.cli.context import ACTOR, CliContext, open_context
from coterie.cli.output import AccountNumber, AsJson, print_json, print_table
from coterie.control.definitions import decisions
from coterie.model.decisions import Decision, DecisionKind
from coterie.model.identities import IdentityGraph
from coterie.model.mapped import Identifier

if TYPE_CHECKING:
    from coterie.flow.run.identities import IdentityExplainer

app = typer.Typer(
    name="identity", help="Identities: who is one person, and why.", no_args_is_help=True
)

One = Annotated[
    str,
    typer.Argument(
        metavar="FIELD=VALUE", help="An identifier as field=value, such as email=a@x.org."
    ),
]
Reason = Annotated[str, typer.Option(help="Why, for those who wonder later.")]


class BadIdentifierError(UserError):
    """A word that names no identifier."""

    code = "bad_identifier"

    def __init__(self, *, text: str) -> None:
        super().__init__(f"{text!r} names no identifier. Write field=value, as in email=a@x.org.")


class UnknownIdentifierError(UserError):
    """Nobody has such an identifier."""

    code = "unknown_identifier"

    def __init__(self, *, identifier: str) -> None:
        super().__init__(
            f"Nobody has {identifier}. Check the field's name (`coterie field list`) and the value."
        )


@app.command("graph")
def graph(one: One, account: AccountNumber = None, as_json: AsJson = False) -> None:
    """Show the identifiers of a profile, and the edges that joined them or did not."""
    with open_context() as context:
        found = _explainer(context).graph(context.number(account), _read(one))
    if found is None:
        raise UnknownIdentifierError(identifier=one)
    if as_json:
        print_json(found)
        return
    _print_graph(found)


@app.command("why")
def why(one: One, other: One, account: AccountNumber = None, as_json: AsJson = False) -> None:
    """Say whether two identifiers are one person, with each step, or what keeps them apart."""
    with open_context() as context:
        asked = _read(one), _read(other)
        found = _explainer(context).relation(context.number(account), *asked)
    if as_json:
        print_json(found)
        return
    typer.echo(found.said)
    for step in found.path:
        typer.echo(f"  {_text(step.a)} - {_text(step.b)}: {step.said}")
    for edge in found.refused:
        typer.echo(f"  {_text(edge.a)} / {_text(edge.b)}: {edge.said}")
    for known in found.decisions:
        typer.echo(f"  decision {known.id} ({known.kind}): {known.reason}")


@app.command("pin")
def pin(
    one: One,
    other: One,
    reason: Reason,
    apart: Annotated[
        bool, typer.Option("--apart/--together", help="Keep them apart, or put them together.")
    ],
    account: AccountNumber = None,
    as_json: AsJson = False,
) -> None:
    """Keep two identifiers apart, or put them together, whatever events say."""
    kind: DecisionKind = "pin_apart" if apart else "pin_together"
    new = decisions.NewDecision(kind=kind, a=_read(one), b=_read(other), reason=reason)
    _decide(new, account=account, as_json=as_json)


@app.command("unpin")
def unpin(
    one: One, other: One, reason: Reason, account: AccountNumber = None, as_json: AsJson = False
) -> None:
    """Take a pin back, as if it had never been made."""
    _undo(_read(one), _read(other), reason, account=account, as_json=as_json)


@app.command("block")
def block(one: One, reason: Reason, account: AccountNumber = None, as_json: AsJson = False) -> None:
    """Let an identifier join nobody, such as an address that many people share."""
    new = decisions.NewDecision(kind="block_value", a=_read(one), reason=reason)
    _decide(new, account=account, as_json=as_json)


@app.command("unblock")
def unblock(
    one: One, reason: Reason, account: AccountNumber = None, as_json: AsJson = False
) -> None:
    """Let a blocked identifier join people again."""
    _undo(_read(one), None, reason, account=account, as_json=as_json)


@app.command("decisions")
def list_(
    undone: Annotated[bool, typer.Option("--undone", help="Those taken back too.")] = False,
    before: Annotated[int | None, typer.Option(help="Continue after this id.")] = None,
    account: AccountNumber = None,
    as_json: AsJson = False,
) -> None:
    """List decisions, newest first."""
    with open_context() as context:
        number = context.number(account)
        found = decisions.list_decisions(context.store, number, with_undone=undone, before=before)
    _print(found, as_json=as_json)


def _decide(new: decisions.NewDecision, *, account: int | None, as_json: bool) -> None:
    def act(context: CliContext, number: int) -> Decision:
        return decisions.decide(
            context.store, account=number, new=new, actor=ACTOR, clock=context.clock
        )

    _act(act, account=account, as_json=as_json)


def _undo(
    one: Identifier, other: Identifier | None, reason: str, *, account: int | None, as_json: bool
) -> None:
    def act(context: CliContext, number: int) -> Decision:
        return decisions.undo(
            context.store,
            account=number,
            decision_id=decisions.find_in_force(context.store, number, one, other).id,
            reason=reason,
            actor=ACTOR,
            clock=context.clock,
        )

    _act(act, account=account, as_json=as_json)


def _act(act: Callable[[CliContext, int], Decision], *, account: int | None, as_json: bool) -> None:
    with open_context() as context:
        made = act(context, context.number(account))
    if as_json:
        print_json(made)
        return
    _print([made], as_json=False)
    typer.echo("A worker lets profiles, audiences and exports follow within moments.")


def _explainer(context: CliContext) -> "IdentityExplainer":
    from coterie.app.identities import make_explainer

    return make_explainer(context.services)


def _read(text: str) -> Identifier:
    field, sign, value = text.partition("=")
    if not sign or not field or not value:
        raise BadIdentifierError(text=text)
    return field, value


def _text(identifier: Identifier) -> str:
    return "=".join(identifier)


def _print_graph(found: IdentityGraph) -> None:
    nodes = [
        (
            node.rank,
            _text((node.field, node.value)),
            ", ".join(node.flags) or None,
            node.streams or None,
            node.first_seen,
            node.last_seen,
        )
        for node in found.nodes
    ]
    columns = ("Rank", "Identifier", "Is", "Streams", "First seen", "Last seen")
    print_table(f"Profile {found.profile_id}", columns, nodes, empty="No identifiers.")
    edges = [
        (_text(edge.a), _text(edge.b), "joined" if edge.rule is None else edge.rule, edge.said)
        for edge in found.edges
    ]
    print_table("Edges", ("One", "Other", "Is", "Why"), edges, empty="No edges.")
    if found.decisions:
        _print(list(found.decisions), as_json=False)
    if found.is_unsettled:
        typer.echo("Unsettled: maintenance has yet to say exactly who belongs together.")
    if found.is_cut:
        typer.echo("There are more passengers than are listed.")


def _print(found: list[Decision], *, as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    rows = [
        (one.id, _say(one), one.reason, one.decided_by, one.decided_at, one.undone_at)
        for one in found
    ]
    columns = ("Id", "Decision", "Reason", "By", "Since", "Undone")
    print_table("Decisions about identities", columns, rows, empty="Nothing is decided.")


def _say(decision: Decision) -> str:
    one = _text(decision.a)
    if decision.b is None:
        return f"{one} joins nobody"
    how = "apart from" if decision.kind == "pin_apart" else "together with"
    return f"{one} {how} {_text(decision.b)}"
