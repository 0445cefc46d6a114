"""The command that exports who is a member of audiences."""

from typing import Annotated

import typer

from coterie.cli.choices import Choices
from coterie.cli.entries import read_entries
from coterie.cli.export_options import (
    Audiences,
    BrazeAuthorization,
    Events,
    Names,
    Prefix,
    Suppressing,
    read_identifiers,
    read_rules,
)
from coterie.cli.job_options import Label
from coterie.cli.new_export import Asked, make_export, read_asked
from coterie.cli.shared_options import takes


@takes(read_identifiers, into="identifiers")
@takes(read_rules, into="rules")
@takes(read_asked, into="asked", but=["days"])
def export_audience(
    *,
    label: Label,
    authorization: BrazeAuthorization,
    audience: Audiences = None,
    identifiers: Choices,
    existing_users: Annotated[
        bool, typer.Option(help="Send the present members first, or only changes from now on.")
    ] = True,
    form: Annotated[
        str,
        typer.Option(
            help="array: an array attribute holds the audiences; booleans: each audience is an "
            "attribute of its own; cohorts: each is a cohort, for partners of Braze."
        ),
    ] = "array",
    attribute: Annotated[
        str, typer.Option(help="The array attribute that is written.")
    ] = "lytics_segments",
    value_prefix: Prefix = None,
    name: Names = None,
    audience_events: Events = None,
    suppress: Suppressing = None,
    rules: Choices,
    asked: Asked,
) -> None:
    """Keep the members of audiences known to Braze."""
    options = Choices(
        audiences=audience or [],
        existing_users=existing_users,
        form=form,
        attribute=attribute,
        names=read_entries(name or []),
        suppressed_by=suppress or [],
        **identifiers,
        **rules,
    )
    options.put("value_prefix", value_prefix)
    options.put("audience_events", audience_events)
    make_export(options, asked, label=label, authorization=authorization)
