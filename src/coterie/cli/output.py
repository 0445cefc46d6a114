"""Prints what commands found, as a table for people or as JSON for programs."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from coterie.lang.expr.errors import Problem

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON in place of a table.")]
AccountNumber = Annotated[
    int | None,
    typer.Option("--account", help="Account number; may be left out if there is only one."),
]


def print_json(value: Any) -> None:
    """Print a struct or a list of structs as indented JSON."""
    typer.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def compact_json(value: Any) -> str:
    """Return a value as JSON on one line."""
    return msgspec.json.encode(value).decode()


def print_warnings(warnings: Iterable[Problem]) -> None:
    """Print what is doubtful about a text on standard error, so that JSON stays JSON."""
    for warning in warnings:
        said = f"Warning. {warning.explain()}"
        Console(stderr=True, soft_wrap=True).print(said, style="yellow", markup=False)


def print_table(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str
) -> None:
    """Print rows under a title, or the sentence `empty` if there are none."""
    listed = list(rows)
    if not listed:
        typer.echo(empty)
        return
    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in listed:
        # Text keeps square brackets of names from being read as markup.
        table.add_row(*(Text(show(cell)) for cell in row))
    _console().print(table)


def print_record(title: str, facts: Iterable[tuple[str, object]]) -> None:
    """Print the facts about one thing, one a line."""
    table = Table(title=title, title_justify="left", show_header=False)
    table.add_column("", style="bold")
    table.add_column("", overflow="fold")
    for name, value in facts:
        table.add_row(name, Text(show(value)))
    _console().print(table)


def show(value: object) -> str:
    """Return a value as people read it; times in UTC to the second."""
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case datetime():
            return f"{value:%Y-%m-%d %H:%M:%S} UTC"
        case list() | tuple():
            return ", ".join(show(item) for item in value)
        case dict():
            return ", ".join(f"{name}={show(item)}" for name, item in value.items())
        case _:
            return str(value)


def _console() -> Console:
    return Console(soft_wrap=False)
