"""Commands about single mappings of the schema."""

from collections.abc import Sequence
from typing import Annotated

import typer

from coterie.cli.context import open_context
from coterie.cli.entries import read_text
from coterie.cli.output import AccountNumber, AsJson, print_json
from coterie.cli.schema_edits import Target, apply_edit, read_target
from coterie.cli.schema_output import print_mappings
from coterie.cli.shared_options import takes
from coterie.control.definitions import edits, schema_versions
from coterie.control.definitions.draft import drop_mappings
from coterie.model.schema import Mapping

app = typer.Typer(
    name="mapping",
    help="Mappings: which raw data of a stream fill which field.",
    no_args_is_help=True,
)

StreamName = Annotated[str, typer.Argument(metavar="STREAM", help="The stream's name.")]
FieldName = Annotated[str, typer.Argument(metavar="FIELD", help="The field's name.")]
Expression = Annotated[
    str, typer.Argument(metavar="EXPRESSION", help="An LQL expression, @file, or @-.")
]
Guard = Annotated[
    str | None, typer.Option("--if", help="A condition that an event has to meet, @file, or @-.")
]


def _read(
    *, stream: StreamName, field: FieldName, expression: Expression, guard: Guard = None
) -> Mapping:
    condition = None if guard is None else read_text(guard).strip()
    return Mapping(stream=stream, field=field, expr=read_text(expression).strip(), guard=condition)


@app.command("create")
@takes(_read, into="mapping")
@takes(read_target, into="target")
def create(mapping: Mapping, target: Target, as_json: AsJson = False) -> None:
    """Add a mapping and publish the schema's next version."""
    made = apply_edit(
        lambda draft: edits.add_mapping(draft, mapping),
        f"Mapping of {mapping.stream} to {mapping.field}",
        target,
    )
    _print(_only(made.mappings, mapping.stream, mapping.field), as_json=as_json)


@app.command("update")
@takes(_read, into="mapping")
@takes(read_target, into="target")
def update(mapping: Mapping, target: Target, as_json: AsJson = False) -> None:
    """Put a mapping in place of the stream's others to the field; publish the next version."""
    made = apply_edit(
        lambda draft: edits.replace_mappings(draft, mapping),
        f"Mapping of {mapping.stream} to {mapping.field} changed",
        target,
    )
    _print(_only(made.mappings, mapping.stream, mapping.field), as_json=as_json)


@app.command("delete")
@takes(read_target, into="target")
def delete(stream: StreamName, field: FieldName, target: Target, as_json: AsJson = False) -> None:
    """Take a stream's mappings to a field away and publish the next version; values stay."""
    made = apply_edit(
        lambda draft: drop_mappings(draft, stream, field),
        f"Mapping of {stream} to {field} deleted",
        target,
    )
    _print(_only(made.mappings, stream, field), as_json=as_json)


@app.command("list")
def list_(
    stream: Annotated[str | None, typer.Option(help="Of this stream only.")] = None,
    field: Annotated[str | None, typer.Option(help="To this field only.")] = None,
    account: AccountNumber = None,
    as_json: AsJson = False,
) -> None:
    """List the mappings of the schema in force."""
    with open_context() as context:
        number = context.number(account)
        found = schema_versions.current_schema(context.store, number).mappings
    _print(_only(found, stream, field), as_json=as_json)


def _only(mappings: Sequence[Mapping], stream: str | None, field: str | None) -> list[Mapping]:
    return [
        one
        for one in mappings
        if (stream is None or one.stream == stream) and (field is None or one.field == field)
    ]


def _print(mappings: list[Mapping], *, as_json: bool) -> None:
    if as_json:
        print_json(mappings)
        return
    print_mappings(mappings)
