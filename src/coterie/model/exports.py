"""What an export job says: whom it names how, which changes it follows, and what holds it back."""

from datetime import datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

IdentifierKind = Literal["external_id", "braze_id", "alias", "email", "phone", "device_id"]
AudienceEvents = Literal["both", "enters", "exits"]
ExportForm = Literal[
    "array", "booleans", "cohorts", "attributes", "subscription_groups", "webhook", "events",
    "purchases",
]  # fmt: skip
AttributeType = Literal["string", "integer", "number", "boolean", "time", "array", "object"]
SubscriptionState = Literal["subscribed", "unsubscribed"]

IDENTIFIER_KINDS: tuple[IdentifierKind, ...] = (
    "external_id", "braze_id", "alias", "email", "phone", "device_id",
)  # fmt: skip
"""In the order in which they are tried unless a job says otherwise."""


class ExportIdentifier(msgspec.Struct, frozen=True, kw_only=True):
    """A field that names a user at the destination; an alias has a label as well."""

    kind: IdentifierKind
    field: str
    label: str = ""


class CohortName(msgspec.Struct, frozen=True, kw_only=True):
    """What people read of a cohort at Braze: its name, and since when there is one."""

    name: str
    created_at: datetime


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

    def end_after(self, at: datetime) -> datetime:
        """Return the next instant after `at` at which the window ends, in its zone."""
        local = at.astimezone(ZoneInfo(self.zone))
        end = datetime.combine(local.date(), time.fromisoformat(self.end), local.tzinfo)
        return end if end > at else datetime.combine(local + timedelta(days=1), end.timetz())


class Consent(msgspec.Struct, frozen=True, kw_only=True):
    """What a person must have agreed to: `field` holds one of `values`, whatever its case."""

    field: str
    values: tuple[str, ...]

    def is_given(self, value: object) -> bool:
        """Say whether a value of the field, or one of several, is one of those that agree."""
        held = value if isinstance(value, list) else [value]
        wanted = {each.casefold() for each in self.values}
        return any(_as_word(each) in wanted for each in held if each is not None)


class ExportConfig(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="export"):
    """What all exports say: who is sent, under which name, when, and who is not.

    Each `…_field` names the profile field that holds this identifier of Braze; `identifier_order`
    says which are tried first. Who is in one of `suppressed_by` is not exported. `joined` says
    since when an audience is exported that was added later. `delete_forgotten`: who is forgotten
    here is deleted at Braze, if it was told of them.
    """

    audiences: tuple[str, ...]
    existing_users: bool = True
    identifier_field: str = ""
    braze_id_field: str = ""
    alias_label: str = ""
    alias_field: str = ""
    email_field: str = ""
    phone_field: str = ""
    device_id_field: str = ""
    identifier_order: tuple[IdentifierKind, ...] = ()
    suppressed_by: tuple[str, ...] = ()
    consent: Consent | None = None
    quiet: QuietWindow | None = None
    existing_only: bool = False
    delete_forgotten: bool = True
    expires_at: datetime | None = None
    clean_up_at_expiry: bool = False
    joined: dict[str, datetime] = {}

    @property
    def identifiers(self) -> tuple[ExportIdentifier, ...]:
        """The identifiers that are in use, in the order in which they are tried."""
        fields: dict[IdentifierKind, str] = {
            "external_id": self.identifier_field,
            "braze_id": self.braze_id_field,
            "alias": self.alias_field,
            "email": self.email_field,
            "phone": self.phone_field,
            "device_id": self.device_id_field,
        }
        order = dict.fromkeys((*self.identifier_order, *IDENTIFIER_KINDS))
        return tuple(
            ExportIdentifier(
                kind=kind, field=fields[kind], label=self.alias_label if kind == "alias" else ""
            )
            for kind in order
            if fields[kind]
        )

    @property
    def keys(self) -> frozenset[str]:
        """What the job stands for at its destination."""
        return frozenset()

    @property
    def target(self) -> tuple[ExportForm, str]:
        """How the destination holds what is written, and the attribute if it is one."""
        return "attributes", ""

    @property
    def read_fields(self) -> tuple[str, ...]:
        """The fields whose values are sent."""
        return ()

    @property
    def sends_members(self) -> bool:
        """Whether a runner goes over the present members at the start."""
        return self.existing_users


class ExportAudienceConfig(ExportConfig, frozen=True, kw_only=True, tag="export_audience"):
    """Options of an Export Audience job; `names` overrides the exported value per slug."""

    form: Literal["array", "booleans", "cohorts"] = "array"
    attribute: str = "lytics_segments"
    value_prefix: str = ""
    names: dict[str, str] = {}
    audience_events: AudienceEvents = "both"

    def exported_name(self, slug: str) -> str:
        """Return the value that stands for an audience at the destination."""
        return self.value_prefix + self.names.get(slug, slug)

    @property
    def keys(self) -> frozenset[str]:
        """What the job stands for at its destination."""
        return frozenset(self.exported_name(slug) for slug in self.audiences)

    @property
    def target(self) -> tuple[ExportForm, str]:
        """How the destination holds what is written, and the attribute if it is one."""
        return self.form, self.attribute


class ExportProfilesConfig(ExportConfig, frozen=True, kw_only=True, tag="export_profiles"):
    """Options of an Export Profiles job: fields of the members of audiences as attributes of users.

    `attributes` maps the name in Braze to the field; a dot in a name makes a nested attribute.
    `types` says for some names what Braze shall hold in place of what the field's kind suggests.
    Members that leave keep their attributes unless `on_leaving` is "delete".
    """

    attributes: dict[str, str] = {}
    types: dict[str, AttributeType] = {}
    on_leaving: Literal["keep", "delete"] = "keep"

    @property
    def keys(self) -> frozenset[str]:
        """What the job stands for at its destination."""
        return frozenset(name.partition(".")[0] for name in self.attributes)

    @property
    def read_fields(self) -> tuple[str, ...]:
        """The fields whose values are sent."""
        return tuple(self.attributes.values())


class SubscriptionRule(msgspec.Struct, frozen=True, kw_only=True):
    """Which values of a field mean yes to a subscription group; with `no`, which mean no.

    Without `no` every other value means no. Who has no value is left as they are.
    """

    field: str
    yes: tuple[str, ...]
    no: tuple[str, ...] = ()

    def state(self, value: object) -> SubscriptionState | None:
        """Return what a value of the field says, None if it says nothing."""
        if value is None or value == []:
            return None
        if Consent(field=self.field, values=self.yes).is_given(value):
            return "subscribed"
        if not self.no or Consent(field=self.field, values=self.no).is_given(value):
            return "unsubscribed"
        return None


class ExportSubscriptionsConfig(
    ExportConfig, frozen=True, kw_only=True, tag="export_subscriptions"
):
    """Options of an Export Subscriptions job: fields as states of Braze's subscription groups."""

    groups: dict[str, SubscriptionRule] = {}

    @property
    def keys(self) -> frozenset[str]:
        """What the job stands for at its destination."""
        return frozenset(self.groups)

    @property
    def target(self) -> tuple[ExportForm, str]:
        """How the destination holds what is written, and the attribute if it is one."""
        return "subscription_groups", ""

    @property
    def read_fields(self) -> tuple[str, ...]:
        """The fields whose values are sent."""
        return tuple(rule.field for rule in self.groups.values())


def _as_word(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).strip().casefold()
