"""Commands about the event log."""

import typer

from coterie.cli.context import open_context
from coterie.cli.output import AsJson, print_json, print_table
from coterie.flow.run.retention import list_days

app = typer.Typer(name="log", help="Show what the event log holds.", no_args_is_help=True)


@app.callback()
def log() -> None:
    """Show what the event log holds."""


@app.command("days")
def days(as_json: AsJson = False) -> None:
    """List the received days that the log holds, and when each leaves it.

    Figures are those of the last analysis by PostgreSQL; timelines are not counted in.
    """
    with open_context() as context:
        found = list_days(context.store, log_days=context.settings.log_days)
    if as_json:
        print_json(found)
        return
    rows = [
        (each.day.isoformat(), each.events, f"{each.bytes / 2**20:,.1f} MB", each.leaves_on or "-")
        for each in found
    ]
    columns = ("Day", "Events, about", "Size", "Leaves on")
    print_table("Days of the event log", columns, rows, empty="The log holds no day yet.")
