"""Commands about the stream of changes: who entered and left which audience."""

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from coterie.cli.context import open_context
from coterie.cli.entries import BadEntryError
from coterie.cli.output import AccountNumber, AsJson

if TYPE_CHECKING:
    from coterie.flow.run.stream import ChangePage, ChangeView, Wanted

app = typer.Typer(
    name="changes", help="Changes: who entered or left an audience, and why.", no_args_is_help=True
)

PAGE = 500
IDLE_SECONDS = 0.5

Begin = Annotated[
    str, typer.Option("--from", help="begin, now, or the cursor that a page ended with.")
]
Audiences = Annotated[
    list[str] | None, typer.Option("--audience", help="Only this audience. Repeatable.")
]
Kinds = Annotated[
    list[str] | None, typer.Option("--kind", help="enter, exit, merge or split. Repeatable.")
]
Fields = Annotated[
    list[str] | None, typer.Option("--field", help="Show this field, as it is now. Repeatable.")
]


@app.command("list")
def list_(
    begin: Begin = "begin",
    audiences: Audiences = None,
    kinds: Kinds = None,
    fields: Fields = None,
    limit: Annotated[int, typer.Option(min=1, max=1_000, help="At most so many.")] = 100,
    account: AccountNumber = None,
    as_json: AsJson = False,
) -> None:
    """Show a page of changes; the cursor that leads on goes to standard error."""
    from coterie.app.changes import change_reader

    wanted = _wanted(audiences, kinds, fields)
    with open_context() as context:
        number = context.number(account)
        services = context.services
        page = change_reader(services)(number, begin, wanted, limit)
    _print(page, as_json=as_json)
    typer.echo(page.cursor, err=True)


@app.command("follow")
def follow(
    begin: Begin = "now",
    state: Annotated[
        Path | None,
        typer.Option(help="A file that remembers how far you are; it outranks --from."),
    ] = None,
    audiences: Audiences = None,
    kinds: Kinds = None,
    fields: Fields = None,
    until_idle: Annotated[
        bool, typer.Option("--until-idle", help="End when there is nothing more.")
    ] = False,
    account: AccountNumber = None,
    as_json: AsJson = False,
) -> None:
    """Show changes as they happen, a line each, until Ctrl-C.

    With --state nothing is skipped from one run to the next: the file moves on after a page was
    written out. After a crash the last page may come again; `place` tells.
    """
    from coterie.app.changes import change_reader

    wanted = _wanted(audiences, kinds, fields)
    after = _remembered(state) or begin
    with open_context() as context:
        number = context.number(account)
        services = context.services
        read = change_reader(services)
        while True:
            page = read(number, after, wanted, PAGE)
            _print(page, as_json=as_json)
            after = page.cursor
            if state is not None:
                _remember(state, after)
            if page.has_more:
                continue
            if until_idle:
                break
            time.sleep(IDLE_SECONDS)


def _wanted(
    audiences: list[str] | None, kinds: list[str] | None, fields: list[str] | None
) -> "Wanted":
    from coterie.flow.run.stream import Wanted, read_kinds

    return Wanted(
        audiences=frozenset(audiences) if audiences else None,
        kinds=read_kinds(tuple(kinds)) if kinds else None,
        fields=frozenset(fields or ()),
    )


def _print(page: "ChangePage", *, as_json: bool) -> None:
    for change in page.changes:
        sys.stdout.write(_as_json(change) if as_json else "  ".join(_words(change)))
        sys.stdout.write("\n")
    sys.stdout.flush()


def _as_json(change: "ChangeView") -> str:
    return msgspec.json.encode(change).decode()


def _words(change: "ChangeView") -> Iterator[str]:
    yield f"{change.changed_at:%Y-%m-%d %H:%M:%S}"
    yield change.kind
    yield change.audience or change.other_profile_id or "-"
    yield change.profile_id
    yield f"by {change.cause}" + (f" {change.event}" if change.event else "")
    for name, value in sorted((change.values or {}).items()):
        yield f"{name}={value}"


def _remembered(state: Path | None) -> str | None:
    if state is None:
        return None
    try:
        return state.read_text("utf-8").strip() or None
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise BadEntryError(message=f"{state} cannot be read ({error}).") from error


def _remember(state: Path, cursor: str) -> None:
    """Write the cursor so that a crash leaves the old one or the new one."""
    beside = state.with_name(f"{state.name}.new")
    beside.write_text(f"{cursor}\n", "utf-8")
    os.replace(beside, state)
