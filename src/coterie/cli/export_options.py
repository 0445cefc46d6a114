"""The options of export jobs, as commands take them and as jobs keep them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any

import typer

from coterie.cli.entries import BadEntryError, read_entries

Label = Annotated[str, typer.Option(help="How lists call it.")]
Description = Annotated[str, typer.Option(help="A longer word about it.")]
Audiences = Annotated[
    list[str] | None, typer.Option("--audience", help="Slug of an audience. Repeatable.")
]
ExternalId = Annotated[
    str | None,
    typer.Option("--identifier-field", help="The field that holds Braze's external id of a user."),
]
BrazeId = Annotated[str | None, typer.Option(help="The field that holds Braze's own id of a user.")]
Email = Annotated[str | None, typer.Option(help="The field that holds the user's e-mail address.")]
Phone = Annotated[str | None, typer.Option(help="The field that holds the user's phone number.")]
AliasField = Annotated[str | None, typer.Option(help="The field that holds the user's alias name.")]
AliasLabel = Annotated[str | None, typer.Option(help="The label of that alias in Braze.")]
Order = Annotated[
    str | None,
    typer.Option(
        "--identifier-order",
        help="Which identifiers are tried first: some of external_id, braze_id, alias, email and "
        "phone, with commas between them.",
    ),
]
Prefix = Annotated[str | None, typer.Option(help="Put before each slug.")]
Names = Annotated[
    list[str] | None,
    typer.Option("--name", help="slug=value: exported under this value. Repeatable."),
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
Quiet = Annotated[
    str | None,
    typer.Option(
        "--quiet", help="22:00-07:00@Europe/Berlin: nothing is sent in this time of each day."
    ),
]
QuietDrop = Annotated[
    bool, typer.Option("--quiet-drop", help="What changes in the quiet window is never sent.")
]
ExistingOnly = Annotated[
    bool | None,
    typer.Option(
        "--existing-only/--create-users", help="Leave users alone that Braze does not know."
    ),
]
DeleteForgotten = Annotated[
    bool | None,
    typer.Option(
        "--delete-forgotten/--keep-forgotten",
        help="Delete the person in Braze too when they are forgotten here.",
    ),
]
Expires = Annotated[
    str | None, typer.Option("--expires-at", help="2031-05-31T12:00Z: the job ends by itself then.")
]
ExpiryCleanUp = Annotated[
    bool | None,
    typer.Option(
        "--clean-up-at-expiry/--leave-at-expiry",
        help="Take away what the job wrote once it expires.",
    ),
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
        max=90,
    ),
]

NONE = "none"
"""What takes a field, consent, quiet window or expiry away."""


class Choices(dict[str, Any]):
    """Options of a job by name; what was not given is not in it."""

    def put(self, name: str, value: Any) -> None:
        """Keep an option that was given."""
        if value is not None:
            self[name] = value


def without_none(given: list[str] | None) -> list[str] | None:
    """Return a list that was given, empty if it is the word that takes all away."""
    return [] if given == [NONE] else given or None


def empty_if_none(given: str | None) -> str | None:
    """Return a text that was given, empty if it is the word that takes it away."""
    return "" if given == NONE else given


Identifiers = Mapping[str, str]
NO_IDENTIFIERS: Identifiers = MappingProxyType({})


def read_identifiers(
    *,
    identifier_field: ExternalId = None,
    braze_id_field: BrazeId = None,
    alias_field: AliasField = None,
    alias_label: AliasLabel = None,
    email_field: Email = None,
    phone_field: Phone = None,
) -> Identifiers:
    """Return the fields of identifiers that were given; none takes one away."""
    given = {
        "identifier_field": identifier_field,
        "braze_id_field": braze_id_field,
        "alias_field": alias_field,
        "alias_label": alias_label,
        "email_field": email_field,
        "phone_field": phone_field,
    }
    return {
        name: "" if value == NONE else value for name, value in given.items() if value is not None
    }


def read_quiet(text: str | None, *, drop: bool) -> dict[str, Any] | None:
    """Return a quiet window as a job keeps it, None without one; raise BadEntryError."""
    if text is None:
        if drop:
            raise BadEntryError("--quiet-drop needs --quiet, which says when.")
        return None
    times, at, zone = text.partition("@")
    start, dash, end = times.partition("-")
    if not at or not dash:
        raise BadEntryError(
            message=f"{text!r} is no quiet window. Write it as 22:00-07:00@Europe/Berlin."
        )
    return {"zone": zone, "start": start.strip(), "end": end.strip(), "drop": drop}


def read_consent(text: str | None) -> dict[str, Any] | None:
    """Return a consent as a job keeps it, None without one; raise BadEntryError."""
    if text is None:
        return None
    ((field, values),) = read_entries([text]).items()
    return {"field": field, "values": [each.strip() for each in values.split(",") if each.strip()]}


def read_words(text: str | None) -> list[str] | None:
    """Return the parts of a comma list, None without one."""
    if text is None:
        return None
    return [word.strip() for word in text.split(",") if word.strip()]


def read_numbers(text: str | None) -> list[int] | None:
    """Return the whole numbers of a comma list, None without one; raise BadEntryError."""
    words = read_words(text)
    if words is None:
        return None
    for word in words:
        if not (word.isascii() and word.isdigit()):
            raise BadEntryError(message=f"{word!r} is no whole number. Write them as 400,404.")
    return [int(word) for word in words]
