"""Commands about the audit log."""

from typing import Annotated

import typer

from coterie.cli.context import open_context
from coterie.cli.output import AccountNumber, AsJson, print_json, print_table
from coterie.control.audit import list_audit

app = typer.Typer(name="audit", help="The audit log: who changed what.", no_args_is_help=True)


@app.command("list")
def list_(
    account: AccountNumber = None,
    limit: Annotated[int, typer.Option(help="Most entries shown.", min=1, max=10_000)] = 50,
    as_json: AsJson = False,
) -> None:
    """List the changes made to an account, newest first."""
    with open_context() as context:
        number = context.number(account)
        found = list_audit(context.store, number, limit)
    if as_json:
        print_json(found)
        return
    columns = ("Time", "Who", "What", "Subject", "Detail")
    rows = [
        (one.at, one.actor, one.verb, f"{one.subject} {one.subject_id}", one.detail)
        for one in found
    ]
    print_table(f"Changes to account {number}", columns, rows, empty="Nothing was changed yet.")
