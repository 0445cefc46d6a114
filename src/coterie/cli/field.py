"""Commands about single fields of the schema."""

from typing import Annotated, get_args

import typer

from coterie.cli.context import open_context
from coterie.cli.identify import identify
from coterie.cli.output import AccountNumber, AsJson, print_json, print_record
from coterie.cli.schema_edits import HERE, Target, apply_edit, read_target
from coterie.cli.schema_output import FIELD_COLUMNS, field_row, print_fields
from coterie.cli.shared_options import takes
from coterie.control.definitions import edits, schema_versions
from coterie.control.definitions.renaming import rename_field
from coterie.control.definitions.schema import Edit
from coterie.model.merging import KINDS
from coterie.model.schema import Field, MergeOp

app = typer.Typer(name="field", help="Fields: the named values of a profile.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The field's name.")]


@app.command("create")
@takes(read_target, into="target")
def create(
    name: Name,
    kind: Annotated[str, typer.Option(help=f"One of {', '.join(KINDS)}.")] = "string",
    merge: Annotated[
        str | None,
        typer.Option(help=f"One of {', '.join(get_args(MergeOp))}; the kind's usual if left out."),
    ] = None,
    capacity: Annotated[
        int | None, typer.Option(help="Most members of a set or map.", min=1)
    ] = None,
    keep_days: Annotated[
        int | None,
        typer.Option(
            help="Days for which a member of a set or map is shown after it was last seen.", min=1
        ),
    ] = None,
    description: Annotated[str, typer.Option(help="What it means.")] = "",
    personal: Annotated[bool, typer.Option("--personal", help="It holds personal data.")] = False,
    identifier: Annotated[
        bool,
        typer.Option("--identifier", help="It identifies people, weaker than those there are."),
    ] = False,
    unique: Annotated[
        bool | None,
        typer.Option(
            "--unique/--several",
            help="Whether a profile holds one value of the identifier, or may hold several.",
        ),
    ] = None,
    normalise: Annotated[
        str, typer.Option(help=f"Spelling of an identifier: {', '.join(edits.SPELLINGS)}.")
    ] = "none",
    target: Target = HERE,
    as_json: AsJson = False,
) -> None:
    """Make a field and publish the schema's next version."""
    new = edits.NewField(
        name=name,
        kind=kind,
        op=merge,
        capacity=capacity,
        keep_days=keep_days,
        description=description,
        is_personal=personal,
        is_identifier=identifier,
        is_unique=unique,
        normalise=edits.read_normalise(normalise),
    )
    _apply(
        name,
        lambda draft: edits.create_field(draft, new),
        f"Field {name}",
        target,
        as_json=as_json,
    )


@app.command("update")
@takes(read_target, into="target")
def update(
    name: Name,
    description: Annotated[str | None, typer.Option(help="What it means.")] = None,
    capacity: Annotated[
        int | None, typer.Option(help="Most members of a set or map; 0 for no limit.", min=0)
    ] = None,
    keep_days: Annotated[
        int | None,
        typer.Option(
            help="Days for which a member of a set or map is shown after it was last seen; 0 for "
            "ever. Audiences that read the field are built anew.",
            min=0,
        ),
    ] = None,
    personal: Annotated[
        bool | None, typer.Option("--personal/--not-personal", help="Whether it is personal data.")
    ] = None,
    target: Target = HERE,
    as_json: AsJson = False,
) -> None:
    """Change a field and publish the schema's next version; what is not given stays."""
    change = edits.FieldChange(
        description=description, capacity=capacity, keep_days=keep_days, is_personal=personal
    )
    _apply(
        name,
        lambda draft: edits.change_field(draft, name, change),
        f"Field {name} changed",
        target,
        as_json=as_json,
    )


@app.command("rename")
@takes(read_target, into="target")
def rename(
    name: Name,
    new_name: Annotated[str, typer.Argument(help="What it shall be called.")],
    target: Target = HERE,
    as_json: AsJson = False,
) -> None:
    """Call a field otherwise and publish the schema's next version; values stay.

    Mappings, audiences, jobs and what is public read it by its new name from then on. Attributes
    in Braze, headings of files and keys of webhook messages stay as they are.
    """
    _apply(
        new_name,
        lambda draft: rename_field(draft, name, new_name),
        f"Field {name} renamed to {new_name}",
        target,
        as_json=as_json,
    )


app.command("identify")(identify)


@app.command("delete")
@takes(read_target, into="target")
def delete(name: Name, target: Target = HERE, as_json: AsJson = False) -> None:
    """Take a field and the mappings to it out of the schema; publish the next version.

    What profiles hold of it is seen no more. `coterie schema draft check` names who reads it.
    """
    made = apply_edit(
        lambda draft: edits.drop_field(draft, name),
        f"Field {name} deleted",
        target,
    )
    if as_json:
        print_json(made.fields)
        return
    typer.echo(f"The field {name} is taken out; {len(made.fields)} fields are left.")


@app.command("list")
def list_(account: AccountNumber = None, as_json: AsJson = False) -> None:
    """List the fields of the schema in force."""
    with open_context() as context:
        number = context.number(account)
        found = schema_versions.current_schema(context.store, number)
    if as_json:
        print_json(found.fields)
        return
    print_fields(found.fields, version=found.version)


@app.command("show")
def show(name: Name, account: AccountNumber = None, as_json: AsJson = False) -> None:
    """Show one field."""
    with open_context() as context:
        number = context.number(account)
        found = schema_versions.get_field(context.store, number, name)
    _print(found, as_json=as_json)


def _apply(name: str, edit: Edit, description: str, target: Target, *, as_json: bool) -> None:
    made = apply_edit(edit, description, target)
    found = next(field for field in made.fields if field.name == name)
    _print(found, as_json=as_json)


def _print(field: Field, *, as_json: bool) -> None:
    if as_json:
        print_json(field)
        return
    facts: list[tuple[str, object]] = list(zip(FIELD_COLUMNS, field_row(field), strict=True))
    if field.identifier is not None:
        facts += [
            ("One a profile", field.identifier.unique),
            ("Spelling", field.identifier.normalise),
            ("Region", field.identifier.region),
            ("Neighbour limit", field.identifier.neighbour_limit),
            ("Blocked values", field.identifier.blocked or "those of the schema"),
        ]
    facts += [("Capacity", field.capacity), ("Days kept", field.keep_days)]
    print_record(f"Field {field.name}", facts)
