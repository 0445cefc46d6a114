"""Commands about deliveries: how they go, what destinations hold, and what to do about it."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from coterie.cli.context import ACTOR, CliContext, open_context
from coterie.cli.output import AccountNumber, AsJson, print_json, print_record, print_table
from coterie.cli.shared_options import takes
from coterie.control.delivery_steps import UnknownDeliveryError
from coterie.flow.exports.parked import Choice
from coterie.model.delivery import Repeats
from coterie.model.ledger import DeliveryView

if TYPE_CHECKING:
    from coterie.flow.run.deliveries import DeliveryCalls

app = typer.Typer(
    name="delivery",
    help="Deliveries: what goes to destinations, and what they hold.",
    no_args_is_help=True,
)

Destination = Annotated[int, typer.Argument(help="The destination's id, as listed.")]
Doubtful = Annotated[
    bool, typer.Option("--doubtful", help="Doubtful events and purchases instead of refused ones.")
]


def read_choice(
    *,
    ids: Annotated[
        list[int] | None, typer.Option("--id", help="Id of an event or purchase. Repeatable.")
    ] = None,
    user: Annotated[
        list[str] | None,
        typer.Option("--user", help="A user as the destination knows it. Repeatable."),
    ] = None,
    reason: Annotated[
        str | None, typer.Option(help="Only those whose reason has this text.")
    ] = None,
    since: Annotated[
        datetime | None, typer.Option(help="Only those set aside from here on (UTC).")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option(help="Only those set aside before this (UTC).")
    ] = None,
    doubtful: Doubtful = False,
) -> Choice:
    """Return which of what waits for a person is meant."""
    return Choice(
        ids=tuple(ids) if ids else None,
        recipients=tuple(user) if user else None,
        states=("doubtful",) if doubtful else ("parked",),
        reason=reason,
        since=None if since is None else since.replace(tzinfo=UTC),
        until=None if until is None else until.replace(tzinfo=UTC),
    )


@app.command("list")
def list_(account: AccountNumber = None, as_json: AsJson = False) -> None:
    """List the destinations in use and how their deliveries go."""
    with open_context() as context:
        found = _calls(context).list(context.number(account))
    if as_json:
        print_json(found)
        return
    columns = ("Id", "Authorization", "Writes", "State", "Waiting", "A second", "Set aside")
    rows = [
        (
            one.id,
            one.authorization,
            one.writes,
            one.delivery,
            one.waiting,
            f"{one.per_second:.1f}",
            one.parked + one.doubtful,
        )
        for one in found
    ]
    print_table("Deliveries", columns, rows, empty="Nothing is delivered anywhere yet.")


@app.command("show")
def show(destination: Destination, account: AccountNumber = None, as_json: AsJson = False) -> None:
    """Show one delivery: sent, waiting, rate, time left, cost, last error with its cure."""
    with open_context() as context:
        number = context.number(account)
        found = _calls(context).find(number, destination)
    if found is None:
        raise UnknownDeliveryError(account=number, destination=destination)
    if as_json:
        print_json(found)
        return
    facts = {name: getattr(found, name) for name in DeliveryView.__struct_fields__}
    facts["writes"] = found.writes
    facts["seconds_left"] = found.seconds_left
    print_record(f"Delivery {found.id}", facts.items())


@app.command("held")
def held(
    user: Annotated[
        str,
        typer.Argument(help="The user as the destination knows it, or any identifier of theirs."),
    ],
    account: AccountNumber = None,
    as_json: AsJson = False,
) -> None:
    """Show what destinations were last told of a user, since when, by which request."""
    with open_context() as context:
        found = _calls(context).holdings(context.number(account), user)
    if as_json:
        print_json(found)
        return
    rows = [
        (
            one.destination,
            one.writes,
            item.key,
            item.value,
            item.told_at or "never",
            item.request or "",
            "in doubt" if item.is_doubtful else f"{item.status or ''} {item.answer or ''}".strip(),
        )
        for one in found
        for item in one.items
    ]
    rows += [
        (one.destination, one.writes, state, count, one.queued_last or "", "", "")
        for one in found
        for state, count in sorted(one.queued.items())
    ]
    columns = ("Destination", "Writes", "Item", "Value", "Since", "Request", "Answer")
    print_table(f"Held of {user}", columns, rows, empty="No destination was told of this user.")


@app.command("request")
def request(
    number: Annotated[int, typer.Argument(help="The request's number, as `held` shows it.")],
    account: AccountNumber = None,
    as_json: AsJson = False,
) -> None:
    """Show one request to a destination, until it is forgotten."""
    with open_context() as context:
        found = _calls(context).request(context.number(account), number)
    if as_json:
        print_json(found)
        return
    facts = {} if found is None else {n: getattr(found, n) for n in found.__struct_fields__}
    print_record(f"Request {number}", facts.items() or [("state", "unknown or forgotten")])


@app.command("aside")
def aside(
    destination: Destination,
    doubtful: Doubtful = False,
    limit: Annotated[int, typer.Option(help="Most shown.", min=1, max=10_000)] = 50,
    account: AccountNumber = None,
    as_json: AsJson = False,
) -> None:
    """List what waits for a person, with what was sent and answered."""
    state = "doubtful" if doubtful else "parked"
    with open_context() as context:
        found = _calls(context).set_aside(context.number(account), destination, state, limit)
    if as_json:
        print_json(found)
        return
    columns = ("Id", "User", "Since", "Reason", "Sent and answered")
    rows = [(one.id or "", one.recipient, one.at, one.reason, one.record) for one in found]
    print_table(f"Set aside at destination {destination}", columns, rows, empty="Nothing is.")


@app.command("replay")
@takes(read_choice, into="choice")
def replay(
    *,
    destination: Destination,
    choice: Choice,
    account: AccountNumber = None,
) -> None:
    """Send again what was refused, all of it or what is chosen by id, user, reason, time."""
    with open_context() as context:
        calls, number = _calls(context), context.number(account)
        count = calls.replay(number, destination, choice, ACTOR)
    typer.echo(f"{count:,} will be sent again.")


@app.command("drop")
@takes(read_choice, into="choice")
def drop(
    *,
    destination: Destination,
    choice: Choice,
    account: AccountNumber = None,
) -> None:
    """Give up events and purchases that were refused, or are doubtful; they stay on record."""
    with open_context() as context:
        calls, number = _calls(context), context.number(account)
        count = calls.drop(number, destination, choice, ACTOR)
    typer.echo(f"{count:,} will not be sent any more.")


@app.command("pause")
def pause(destination: Destination, account: AccountNumber = None) -> None:
    """Let nothing leave until it is resumed."""
    _step("pause", destination, account)


@app.command("resume")
def resume(destination: Destination, account: AccountNumber = None) -> None:
    """Let what waits leave again."""
    _step("resume", destination, account)


@app.command("bounce")
def bounce(destination: Destination, account: AccountNumber = None) -> None:
    """Have the sender begin anew: it reads the key again, and forgets limits and failures."""
    _step("bounce", destination, account)


@app.command("kill")
def kill(destination: Destination, account: AccountNumber = None) -> None:
    """Let nothing leave any more, at once; requests under way are in doubt."""
    _step("kill", destination, account)


@app.command("release")
def release(destination: Destination, account: AccountNumber = None) -> None:
    """Let a killed delivery go on, and try at once what waits after failures."""
    _step("release", destination, account)


@app.command("repeats")
def repeats(
    destination: Destination,
    policy: Annotated[
        Literal["at_most_once", "at_least_once"],
        typer.Argument(help="What becomes of events and purchases that are never answered."),
    ],
    account: AccountNumber = None,
) -> None:
    """Choose whether unanswered events and purchases are listed as doubtful, or sent again."""
    chosen: Repeats = policy
    with open_context() as context:
        _calls(context).set_repeats(context.number(account), destination, chosen, ACTOR)
    typer.echo(f"Unanswered events and purchases of destination {destination}: {policy}.")


def _step(step: str, destination: int, account: int | None) -> None:
    with open_context() as context:
        after = _calls(context).step(context.number(account), destination, step, ACTOR)
    typer.echo(f"The delivery to destination {destination} is {after}.")


def _calls(context: CliContext) -> "DeliveryCalls":
    from coterie.app.deliveries import delivery_calls

    return delivery_calls(context.store, context.clock)
