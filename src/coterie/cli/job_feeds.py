"""Commands that send people's events on to Braze: as custom events, or as purchases."""

from typing import Annotated

import typer

from coterie.cli.choices import Choices
from coterie.cli.export_options import (
    BrazeAuthorization,
    Suppressing,
    read_identifiers,
    read_rules,
)
from coterie.cli.feed_options import EventName, read_feed, read_purchase
from coterie.cli.job_options import Label
from coterie.cli.new_export import Asked, make_export, read_asked
from coterie.cli.shared_options import takes

MembersOf = Annotated[
    list[str] | None,
    typer.Option(
        "--audience", help="Only events of members of this audience are sent. Repeatable."
    ),
]
NO_RULE = ("clean_up_at_expiry",)
"""What was sent of events stays, so nothing of them is taken away."""


@takes(read_feed, into="chosen")
@takes(read_identifiers, into="identifiers")
@takes(read_rules, into="rules", but=NO_RULE)
@takes(read_asked, into="asked")
def export_events(
    *,
    label: Label,
    authorization: BrazeAuthorization,
    chosen: Choices,
    event_name: EventName = None,
    audience: MembersOf = None,
    identifiers: Choices,
    suppress: Suppressing = None,
    rules: Choices,
    asked: Asked,
) -> None:
    """Send events that arrive from now on to Braze, as custom events of their people."""
    options = Choices(
        kind="export_events",
        audiences=audience or [],
        suppressed_by=suppress or [],
        **chosen,
        **identifiers,
        **rules,
    )
    options.put("event_name", event_name)
    make_export(options, asked, label=label, authorization=authorization)


@takes(read_feed, into="chosen")
@takes(read_purchase, into="parts")
@takes(read_identifiers, into="identifiers")
@takes(read_rules, into="rules", but=NO_RULE)
@takes(read_asked, into="asked")
def export_purchases(
    *,
    label: Label,
    authorization: BrazeAuthorization,
    chosen: Choices,
    parts: Choices,
    audience: MembersOf = None,
    identifiers: Choices,
    suppress: Suppressing = None,
    rules: Choices,
    asked: Asked,
) -> None:
    """Send events that arrive from now on to Braze, as purchases of their people."""
    options = Choices(
        kind="export_purchases",
        audiences=audience or [],
        suppressed_by=suppress or [],
        **chosen,
        **parts,
        **identifiers,
        **rules,
    )
    make_export(options, asked, label=label, authorization=authorization)
