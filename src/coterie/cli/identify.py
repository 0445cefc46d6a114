"""The command `coterie field identify`."""

from typing import Annotated

import typer

from coterie.cli.output import AsJson, print_json, print_table
from coterie.cli.schema_edits import HERE, Target, apply_edit, read_target
from coterie.cli.shared_options import takes
from coterie.control.definitions import edits
from coterie.control.definitions.identifying import (
    MOST_NEIGHBOURS,
    IdentifierChange,
    change_identifier,
    identifiers_of,
)
from coterie.model.schema import Field, Schema

COLUMNS = (
    "Rank",
    "Field",
    "One a profile",
    "Spelling",
    "Region",
    "Neighbours",
    "Own blocked values",
)


@takes(read_target, into="target")
def identify(
    name: Annotated[str, typer.Argument(help="The field's name.")],
    rank: Annotated[
        int | None,
        typer.Option(help="Its place among the identifiers; 0 is the strongest.", min=0),
    ] = None,
    unique: Annotated[
        bool | None,
        typer.Option(
            "--unique/--several", help="Whether a profile holds one value, or may hold several."
        ),
    ] = None,
    normalise: Annotated[
        str | None, typer.Option(help=f"Its spelling: {', '.join(edits.SPELLINGS)}.")
    ] = None,
    region: Annotated[
        str | None,
        typer.Option(help="Country of phone numbers that name none, as two letters; '' for none."),
    ] = None,
    neighbour_limit: Annotated[
        int | None,
        typer.Option(
            help="A value with more distinct stronger neighbours joins nobody.",
            min=1,
            max=MOST_NEIGHBOURS,
        ),
    ] = None,
    view_limit: Annotated[
        int | None, typer.Option(help="Most values that a profile shows, newest first.", min=1)
    ] = None,
    block: Annotated[
        list[str] | None, typer.Option(help="A value that names nobody; may be repeated.")
    ] = None,
    unblock: Annotated[
        list[str] | None, typer.Option(help="A value that is no longer blocked; may be repeated.")
    ] = None,
    target: Target = HERE,
    as_json: AsJson = False,
) -> None:
    """Say how a field identifies people, and publish the schema's next version.

    Mappings follow from the next event on. People who are known already are joined anew where new
    events touch them.
    """
    change = IdentifierChange(
        rank=rank,
        is_unique=unique,
        normalise=None if normalise is None else edits.read_normalise(normalise),
        region=region,
        neighbour_limit=neighbour_limit,
        view_limit=view_limit,
        block=tuple(block or ()),
        unblock=tuple(unblock or ()),
    )
    made = apply_edit(
        lambda draft: change_identifier(draft, name, change),
        f"Identifier {name} changed",
        target,
    )
    found = identifiers_of(made)
    if as_json:
        print_json(found)
        return
    place = f"version {made.version}" if isinstance(made, Schema) else f"the draft {target.draft}"
    title = f"Identifiers of {place}"
    print_table(title, COLUMNS, [_row(field) for field in found], empty="No identifiers.")


def _row(field: Field) -> tuple[object, ...]:
    rule = field.identifier
    if rule is None:
        return (None, field.name, None, None, None, None, None)
    return (
        rule.rank,
        field.name,
        rule.unique,
        rule.normalise,
        rule.region,
        rule.neighbour_limit,
        None if rule.blocked is None else len(rule.blocked),
    )
