"""The options that exports of several kinds have, as commands take them and as jobs keep them."""

from typing import Annotated, Any

import typer

from coterie.cli.choices import NONE, Choices, empty_if_none, read_words
from coterie.cli.entries import BadEntryError, read_entries
from coterie.model.dry_run import MOST_DAYS

BrazeAuthorization = Annotated[
    int, typer.Option("--authorization", help="Id of a Braze authorization.")
]
Audiences = Annotated[
    list[str] | None, typer.Option("--audience", help="Slug of an audience. Repeatable.")
]
ExistingUsers = Annotated[
    bool, typer.Option(help="Send the present members first, or only who enters from now on.")
]
Email = Annotated[str | None, typer.Option(help="The field that holds the user's e-mail address.")]
Prefix = Annotated[str | None, typer.Option(help="Put before each slug.")]
Names = Annotated[
    list[str] | None,
    typer.Option("--name", help="slug=value: exported under this value. Repeatable."),
]
NewNames = Annotated[
    list[str] | None,
    typer.Option(
        "--name",
        help="slug=value: exported under this value; of a webhook job field=key: so called in "
        "messages. Without value or key: as the slug or field. Repeatable.",
    ),
]
Events = Annotated[
    str | None,
    typer.Option("--audience-events", help="What is sent: both, enters or exits."),
]
Suppressing = Annotated[
    list[str] | None,
    typer.Option(
        "--suppress", help="Slug of an audience whose members are not exported. Repeatable."
    ),
]
ConsentField = Annotated[
    str | None, typer.Option("--consent", help="field=value,value: who has none is not sent.")
]
OnlyDry = Annotated[
    bool,
    typer.Option("--dry-run", help="Only say what would be sent, to whom, and at what cost."),
]
Days = Annotated[
    int,
    typer.Option(
        help="Of a dry run of events and purchases: those of how many days are counted.",
        min=1,
        max=MOST_DAYS,
    ),
]


def read_identifiers(
    *,
    identifier_field: Annotated[
        str | None,
        typer.Option(
            "--identifier-field", help="The field that holds Braze's external id of a user."
        ),
    ] = None,
    braze_id_field: Annotated[
        str | None, typer.Option(help="The field that holds Braze's own id of a user.")
    ] = None,
    alias_field: Annotated[
        str | None, typer.Option(help="The field that holds the user's alias name.")
    ] = None,
    alias_label: Annotated[
        str | None, typer.Option(help="The label of that alias in Braze.")
    ] = None,
    email_field: Email = None,
    phone_field: Annotated[
        str | None, typer.Option(help="The field that holds the user's phone number.")
    ] = None,
    device_id_field: Annotated[
        str | None, typer.Option(help="Of cohorts: the field that holds the id of a device.")
    ] = None,
    identifier_order: Annotated[
        str | None,
        typer.Option(
            "--identifier-order",
            help="Which identifiers are tried first: some of external_id, braze_id, alias, email, "
            "phone and device_id, with commas between them.",
        ),
    ] = None,
) -> Choices:
    """Return the fields of identifiers that were given; none takes one away."""
    found = Choices()
    found.put("identifier_field", empty_if_none(identifier_field))
    found.put("braze_id_field", empty_if_none(braze_id_field))
    found.put("alias_field", empty_if_none(alias_field))
    found.put("alias_label", empty_if_none(alias_label))
    found.put("email_field", empty_if_none(email_field))
    found.put("phone_field", empty_if_none(phone_field))
    found.put("device_id_field", empty_if_none(device_id_field))
    found.put("identifier_order", read_words(identifier_order))
    return found


def read_rules(
    *,
    consent: ConsentField = None,
    quiet: Annotated[
        str | None,
        typer.Option(
            "--quiet", help="22:00-07:00@Europe/Berlin: nothing is sent in this time of each day."
        ),
    ] = None,
    quiet_drop: Annotated[
        bool, typer.Option("--quiet-drop", help="What changes in the quiet window is never sent.")
    ] = False,
    existing_only: Annotated[
        bool | None,
        typer.Option(
            "--existing-only/--create-users", help="Leave users alone that Braze does not know."
        ),
    ] = None,
    delete_forgotten: Annotated[
        bool | None,
        typer.Option(
            "--delete-forgotten/--keep-forgotten",
            help="Delete the person in Braze too when they are forgotten here.",
        ),
    ] = None,
    expires_at: Annotated[
        str | None,
        typer.Option("--expires-at", help="2031-05-31T12:00Z: the job ends by itself then."),
    ] = None,
    clean_up_at_expiry: Annotated[
        bool | None,
        typer.Option(
            "--clean-up-at-expiry/--leave-at-expiry",
            help="Take away what the job wrote once it expires.",
        ),
    ] = None,
) -> Choices:
    """Return the rules of sending that were given; none takes one away. Raises BadEntryError.

    Of a quiet window that was not given there may be `drop` alone: see `complete_quiet`.
    """
    found = Choices()
    if consent is not None:
        found["consent"] = read_consent(consent)
    if quiet is not None or quiet_drop:
        found["quiet"] = _read_quiet(quiet, drop=quiet_drop)
    found.put("existing_only", existing_only)
    found.put("delete_forgotten", delete_forgotten)
    if expires_at is not None:
        found["expires_at"] = None if expires_at == NONE else expires_at
    found.put("clean_up_at_expiry", clean_up_at_expiry)
    return found


def read_consent(text: str) -> dict[str, Any] | None:
    """Return a consent as a job keeps it, None if it is to go; raise BadEntryError."""
    if text == NONE:
        return None
    ((field, values),) = read_entries([text]).items()
    return {"field": field, "values": read_words(values)}


def complete_quiet(options: Choices, present: dict[str, Any] | None = None) -> None:
    """Give a quiet window, of which `drop` alone was given, the times of the `present` one.

    Raises BadEntryError if there is none.
    """
    window = options.get("quiet")
    if window is None or "start" in window:
        return
    if present is None:
        raise BadEntryError("--quiet-drop needs --quiet, which says when.")
    options["quiet"] = {**present, **window}


def _read_quiet(text: str | None, *, drop: bool) -> dict[str, Any] | None:
    if text is None:
        return {"drop": drop}
    if text == NONE:
        return None
    times, at, zone = text.partition("@")
    start, dash, end = times.partition("-")
    if not at or not dash:
        raise BadEntryError(
            message=f"{text!r} is no quiet window. Write it as 22:00-07:00@Europe/Berlin."
        )
    return {"zone": zone, "start": start.strip(), "end": end.strip(), "drop": drop}
