"""Commands about the profiles of single people."""

from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from coterie.base.errors import UserError
from coterie.cli.context import CliContext, open_context
from coterie.cli.output import (
    AccountNumber,
    AsJson,
    print_json,
    print_record,
    print_table,
    show,
)
from coterie.cli.shared_options import takes
from coterie.model.entity import Entity, FieldLineage, Origin
from coterie.model.mapped import Identifier

if TYPE_CHECKING:
    from coterie.api.dependencies import EntityCalls

app = typer.Typer(
    name="profile", help="Profiles: what is known of one person.", no_args_is_help=True
)

FieldName = Annotated[str, typer.Argument(metavar="FIELD", help="The identifying field's name.")]
Value = Annotated[str, typer.Argument(help="Its value, such as an e-mail address.")]
Fields = Annotated[list[str] | None, typer.Option("--field", help="Only this field. Repeatable.")]


class NobodyError(UserError):
    """Nobody has such an identifier."""

    code = "nobody"

    def __init__(self, *, field: str) -> None:
        super().__init__(
            f"Nobody has this value as {field!r}. Check the field's name (`coterie field list`) "
            "and the value."
        )


class Asked(NamedTuple):
    """Whom a command asks about, and which fields of theirs (None: all)."""

    identifier: Identifier
    fields: list[str] | None


def _read(*, field: FieldName, value: Value, fields: Fields = None) -> Asked:
    return Asked((field, value), fields)


@app.command("show")
@takes(_read, into="asked")
def show_profile(
    asked: Asked,
    account: AccountNumber = None,
    as_json: AsJson = False,
) -> None:
    """Show the values and audiences of the person that an identifier belongs to."""
    with open_context() as context:
        number = context.number(account)
        found = _calls(context).find(number, asked.identifier, asked.fields, None).entity
    if found is None:
        raise NobodyError(field=asked.identifier[0])
    if as_json:
        print_json(found)
        return
    _print_entity(found)


@app.command("lineage")
@takes(_read, into="asked")
def show_lineage(
    asked: Asked,
    account: AccountNumber = None,
    as_json: AsJson = False,
) -> None:
    """Show from which events and mappings the values of a person come."""
    with open_context() as context:
        number = context.number(account)
        found = _calls(context).lineage(number, asked.identifier, asked.fields)
    if found is None:
        raise NobodyError(field=asked.identifier[0])
    if as_json:
        print_json(found)
        return
    rows = [_row(one, origin) for one in found for origin in one.origins]
    columns = ("Field", "Part", "Value", "Stream", "Mapping", "Version", "Happened", "Event")
    print_table("Where values come from", columns, rows, empty="No event of theirs is in the log.")
    for one in found:
        if not one.is_whole:
            typer.echo(
                f"{one.field} also rests on events that the log no longer holds, or that were not "
                "looked at."
            )
        if one.left_out:
            typer.echo(f"{one.field} has {one.left_out} more parts.")


def _calls(context: CliContext) -> "EntityCalls":
    from coterie.app.entities import entity_calls

    return entity_calls(context.services)


def _print_entity(entity: Entity) -> None:
    facts: list[tuple[str, object]] = [
        ("First seen", entity.created),
        ("Last active", entity.last_active),
        ("Last changed", entity.modified),
        ("Audiences", [slug for _, slug in entity.audiences]),
    ]
    facts += sorted(entity.values.items())
    print_record(f"Profile {entity.profile_id}", facts)


def _row(lineage: FieldLineage, origin: Origin) -> tuple[object, ...]:
    rule = origin.expr if origin.guard is None else f"{origin.expr} IF {origin.guard}"
    return (
        lineage.field,
        origin.part,
        show(origin.value),
        origin.stream,
        rule,
        origin.version,
        origin.occurred_at,
        f"{origin.lane}/{origin.seq}",
    )
