"""Commands about replays: all of history mapped by the schema version in force."""

from typing import Annotated

import typer

from coterie.cli.context import ACTOR, CliContext, open_context
from coterie.cli.output import AccountNumber, AsJson, print_json, print_record, print_table
from coterie.control import replays
from coterie.control.definitions.audiences import list_audiences
from coterie.model.replay import Replay

app = typer.Typer(
    name="replay",
    help="Replays: history mapped anew, beside what is live.",
    no_args_is_help=True,
)


@app.command("start")
def start(
    rate: Annotated[
        int | None, typer.Option(min=1, help="Read at most so many events a second.")
    ] = None,
    accepts_loss: Annotated[
        bool,
        typer.Option(
            "--accept-loss",
            help="Replay a log that lost its oldest days: people lose what those gave them.",
        ),
    ] = False,
    account: AccountNumber = None,
    as_json: AsJson = False,
) -> None:
    """Rebuild profiles from the log with the schema in force; nothing changes until `confirm`."""
    with open_context() as context:
        found = replays.start_replay(
            context.store,
            account=context.number(account),
            events_a_second=rate,
            accepts_loss=accepts_loss,
            actor=ACTOR,
            clock=context.clock,
        )
        _print(context, found, as_json=as_json)


@app.command("show")
def show(account: AccountNumber = None, as_json: AsJson = False) -> None:
    """Show how far the newest replay is, and once it is ready what it would change."""
    with open_context() as context:
        found = replays.get_replay(context.store, context.number(account))
        _print(context, found, as_json=as_json)


@app.command("confirm")
def confirm(account: AccountNumber = None, as_json: AsJson = False) -> None:
    """Let a replay that is ready take the place of what is live."""
    with open_context() as context:
        found = replays.confirm_replay(
            context.store, account=context.number(account), actor=ACTOR, clock=context.clock
        )
        _print(context, found, as_json=as_json)


@app.command("cancel")
def cancel(account: AccountNumber = None, as_json: AsJson = False) -> None:
    """Give a replay up; what is live stays as it is."""
    with open_context() as context:
        found = replays.cancel_replay(
            context.store, account=context.number(account), actor=ACTOR, clock=context.clock
        )
        _print(context, found, as_json=as_json)


def _print(context: CliContext, replay: Replay, *, as_json: bool) -> None:
    if as_json:
        print_json(replay)
        return
    facts = [
        ("State", replay.state),
        ("Schema version", replay.version),
        ("Events read", f"{replay.events_done:,} of {replay.events_total:,}"),
        ("Profiles asked", f"{replay.profiles_done:,} of {replay.profiles_total:,}"),
        ("Begun again", replay.restarts),
        ("Asked for", replay.requested_at),
        ("Live since", replay.swapped_at),
    ]
    print_record(f"Replay {replay.id}", facts)
    for one in (replay.report or {}).values():
        if one.loss is not None:
            losses = [
                ("Oldest event left", one.loss.log_from),
                ("Profiles that stay as they are", one.loss.carried),
                ("Profiles that lose their beginning", one.loss.shortened),
            ]
            print_record("What the trimmed log costs", losses)
        if one.profiles is not None:
            rows = [
                ("Profiles", one.profiles.profiles_before, one.profiles.profiles_after),
                ("Identifiers", one.profiles.identifiers_before, one.profiles.identifiers_after),
                ("Merged into one", None, one.profiles.merged),
                ("Split into several", None, one.profiles.split),
            ]
            print_table("People", ("", "Now", "After"), rows, empty="")
        names = {each.id: each.slug for each in list_audiences(context.store, replay.account)}
        sizes = [
            (names.get(each.audience_id, each.audience_id), each.before, each.after, each.entering,
             each.leaving)
            for each in one.audiences
        ]  # fmt: skip
        columns = ("Audience", "Now", "After", "Enter", "Leave")
        print_table("Audiences", columns, sizes, empty="No audience has members.")
