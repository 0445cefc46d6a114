"""`coterie doctor`: what is wrong with this installation, and what to do about it."""

import os
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from coterie.base.clock import system_clock

if TYPE_CHECKING:
    from coterie.app.doctor import Finding

MARKS = {
    "ok": "[green]ok[/green]",
    "warning": "[yellow]warning[/yellow]",
    "error": "[red]error[/red]",
}


def doctor(
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON in place of a table.")
    ] = False,
) -> None:
    """Check settings, keys, disk, store, clock, worker and every authorization.

    Ends with 1 if anything is an error.
    """
    # It looks at everything, so that it needs everything.
    from coterie.app.doctor import examine

    findings = list(examine(os.environ, system_clock))
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(findings), indent=2).decode())
    else:
        _print(findings)
    if any(finding.state == "error" for finding in findings):
        raise typer.Exit(1)


def _print(findings: list["Finding"]) -> None:
    table = Table(title="coterie doctor", title_justify="left")
    for column in ("State", "What", "Found", "Cure"):
        table.add_column(column, overflow="fold")
    for finding in findings:
        texts = (finding.subject, finding.detail, finding.cure)
        table.add_row(MARKS[finding.state], *(escape(text) for text in texts))
    Console().print(table)
