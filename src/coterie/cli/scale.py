"""Commands that bring an installation to more than one server."""

from typing import Annotated

import typer

from coterie.app.scale import plan_spread, spread
from coterie.base.words import counted
from coterie.cli.context import open_context

app = typer.Typer(name="scale", help="More than one database server.", no_args_is_help=True)


@app.callback()
def scale() -> None:
    """More than one database server."""


@app.command("citus")
def citus(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the SQL and change nothing.")
    ] = False,
) -> None:
    """Spread the tables over the servers of a Citus cluster; safe to run again.

    Run it while no role runs: tables cannot be written while their rows move. Run it again after a
    new generation was made.
    """
    with open_context() as context:
        if dry_run:
            for step in plan_spread(context.store):
                for statement in step.sql:
                    typer.echo(statement)
            return
        done = 0
        for step in spread(context.store):
            typer.echo(f"{step.table} is spread by {step.column}.")
            done += 1
    typer.echo(f"{counted(done, 'table')} spread." if done else "All tables were spread before.")
