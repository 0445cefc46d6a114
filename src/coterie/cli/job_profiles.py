"""Commands that export what is known of people: attributes and subscription groups."""

from typing import Annotated

import typer

from coterie.cli.attribute_options import read_attributes, read_groups
from coterie.cli.choices import Choices
from coterie.cli.export_options import (
    Audiences,
    BrazeAuthorization,
    ExistingUsers,
    Suppressing,
    read_identifiers,
    read_rules,
)
from coterie.cli.job_options import Label
from coterie.cli.new_export import Asked, make_export, read_asked
from coterie.cli.shared_options import takes


@takes(read_identifiers, into="identifiers")
@takes(read_rules, into="rules", but=["quiet_drop"])
@takes(read_asked, into="asked", but=["days"])
def export_profiles(
    *,
    label: Label,
    authorization: BrazeAuthorization,
    attribute: Annotated[
        list[str],
        typer.Option(
            help="field, or name=field, or name=field:type: a field as an attribute of Braze. "
            "Dots in a name make a nested attribute. Types are string, integer, number, boolean, "
            "time, array and object. Repeatable."
        ),
    ],
    audience: Audiences = None,
    identifiers: Choices,
    existing_users: ExistingUsers = True,
    on_leaving: Annotated[
        str, typer.Option(help="keep or delete the attributes of who leaves the audiences.")
    ] = "keep",
    suppress: Suppressing = None,
    rules: Choices,
    asked: Asked,
) -> None:
    """Keep fields of the members of audiences current as attributes of Braze users."""
    attributes, types = read_attributes(attribute)
    options = Choices(
        kind="export_profiles",
        audiences=audience or [],
        attributes=attributes,
        types=types,
        existing_users=existing_users,
        on_leaving=on_leaving,
        suppressed_by=suppress or [],
        **identifiers,
        **rules,
    )
    make_export(options, asked, label=label, authorization=authorization)


@takes(read_identifiers, into="identifiers", but=["identifier_order"])
@takes(read_rules, into="rules", but=["consent", "quiet_drop", "clean_up_at_expiry"])
@takes(read_asked, into="asked", but=["days"])
def export_subscriptions(
    *,
    label: Label,
    authorization: BrazeAuthorization,
    group: Annotated[
        list[str],
        typer.Option(
            help="id=field:yes,true or id=field:yes,true:no,false: which values of a field "
            "subscribe to a subscription group, and which unsubscribe (all others unless said). "
            "Repeatable."
        ),
    ],
    audience: Audiences = None,
    identifiers: Choices,
    existing_users: ExistingUsers = True,
    suppress: Suppressing = None,
    rules: Choices,
    asked: Asked,
) -> None:
    """Keep consents of the members of audiences current as Braze subscription groups."""
    options = Choices(
        kind="export_subscriptions",
        audiences=audience or [],
        groups=read_groups(group),
        existing_users=existing_users,
        suppressed_by=suppress or [],
        **identifiers,
        **rules,
    )
    make_export(options, asked, label=label, authorization=authorization)
