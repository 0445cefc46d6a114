"""What an export job says: whom it names how, which changes it follows, and what holds it back."""

from datetime import datetime, time
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

IdentifierKind = Literal["external_id", "braze_id", "alias", "email", "phone"]
AudienceEvents = Literal["both", "enters", "exits"]

IDENTIFIER_KINDS: tuple[IdentifierKind, ...] = (
    "external_id", "braze_id", "alias", "email", "phone",
)  # fmt: skip
"""In the order in which they are tried unless a job says otherwise."""


class ExportIdentifier(msgspec.Struct, frozen=True, kw_only=True):
    """A field that names a user at the destination; an alias has a label as well."""

    kind: IdentifierKind
    field: str
    label: str = ""


class QuietWindow(msgspec.Struct, frozen=True, kw_only=True):
    """A time of day, from `start` to before `end` in `zone`, in which nothing is sent.

    `end` at or before `start` is on the next day. What changes meanwhile waits, or with `drop` is
    never sent.
    """

    zone: str
    start: str
    end: str
    drop: bool = False

    def is_quiet(self, at: datetime) -> bool:
        """Say whether an instant lies in the window."""
        local = at.astimezone(ZoneInfo(self.zone)).time()
        start, end = time.fromisoformat(self.start), time.fromisoformat(self.end)
        if start < end:
            return start <= local < end
        return local >= start or local < end


class Consent(msgspec.Struct, frozen=True, kw_only=True):
    """What a person must have agreed to: `field` holds one of `values`, whatever its case."""

    field: str
    values: tuple[str, ...]

    def is_given(self, value: object) -> bool:
        """Say whether a value of the field, or one of several, is one of those that agree."""
        held = value if isinstance(value, list) else [value]
        wanted = {each.casefold() for each in self.values}
        return any(_as_word(each) in wanted for each in held if each is not None)


class ExportAudienceConfig(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="export_audience"
):
    """Options of an Export Audience job.

    Each `…_field` names the profile field that holds this identifier of Braze; `identifier_order`
    says which are tried first. `names` overrides the exported value per slug. Who is in one of
    `suppressed_by` is not exported. `joined` says since when an audience is exported that was
    added later.
    """

    audiences: tuple[str, ...]
    existing_users: bool = True
    identifier_field: str = ""
    braze_id_field: str = ""
    alias_label: str = ""
    alias_field: str = ""
    email_field: str = ""
    phone_field: str = ""
    identifier_order: tuple[IdentifierKind, ...] = ()
    form: Literal["array", "booleans"] = "array"
    attribute: str = "lytics_segments"
    value_prefix: str = ""
    names: dict[str, str] = {}
    audience_events: AudienceEvents = "both"
    suppressed_by: tuple[str, ...] = ()
    consent: Consent | None = None
    quiet: QuietWindow | None = None
    existing_only: bool = False
    expires_at: datetime | None = None
    clean_up_at_expiry: bool = False
    joined: dict[str, datetime] = {}

    def exported_name(self, slug: str) -> str:
        """Return the value that stands for an audience at the destination."""
        return self.value_prefix + self.names.get(slug, slug)

    @property
    def identifiers(self) -> tuple[ExportIdentifier, ...]:
        """The identifiers that are in use, in the order in which they are tried."""
        fields: dict[IdentifierKind, str] = {
            "external_id": self.identifier_field,
            "braze_id": self.braze_id_field,
            "alias": self.alias_field,
            "email": self.email_field,
            "phone": self.phone_field,
        }
        order = dict.fromkeys((*self.identifier_order, *IDENTIFIER_KINDS))
        return tuple(
            ExportIdentifier(
                kind=kind, field=fields[kind], label=self.alias_label if kind == "alias" else ""
            )
            for kind in order
            if fields[kind]
        )


def _as_word(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).strip().casefold()
