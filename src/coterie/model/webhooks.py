"""What a webhook job says: which changes it tells, with what beside them, and in which shape."""

from typing import Annotated, Literal

import msgspec

from coterie.model.exports import AudienceEvents, ExportConfig, ExportForm

WebhookEvents = AudienceEvents | Literal["none"]
HttpMethod = Literal["POST", "PUT", "PATCH"]

AUDIENCE = "audience:"
FIELD = "field:"
"""How keys of items begin: `audience:vip` holds since when, `field:city` [value] or [] if none."""

DO_NOT_RETRY = (400, 404, 413)


class WebhookShape(msgspec.Struct, frozen=True, kw_only=True):
    """How messages look on the wire. With `template` the body is what that makes of a message.

    Without cloud events or template a message is JSON of our own shape (docs/howto/webhook-job.md).
    """

    http_method: HttpMethod = "POST"
    batch_size: int = 1
    flush_seconds: float = 5.0
    do_not_retry: tuple[int, ...] = DO_NOT_RETRY
    cloud_events: bool = False
    cloud_event_type: str = ""
    cloud_event_source: str = ""
    template: str = ""
    content_type: str = "application/json"


class WebhookSpec(msgspec.Struct, frozen=True, kw_only=True):
    """What a sender is told of a webhook job.

    `fields` and `changes` are called as in messages; `sources` gives the field where that has
    another name. `names` is what identifiers of each kind are called. Who was in an audience before
    `from_ms` of it is told silently: only what they do later becomes a message.
    """

    job_id: int
    shape: WebhookShape
    events: WebhookEvents
    fields: tuple[str, ...]
    changes: tuple[str, ...]
    names: dict[str, str]
    from_ms: dict[str, int]
    sources: dict[str, str] = {}

    def source(self, name: str) -> str:
        """Return the field that stands in messages under a name."""
        return self.sources.get(name, name)


class WebhookConfig(ExportConfig, frozen=True, kw_only=True, tag="webhook"):
    """Options of a Webhook job: entries, exits and changes of fields as messages to an address.

    `changes` are fields whose change of a member is told; `fields` stand in every message beside
    them. `names` says what some of them are called in messages. `outlet` keeps its deliveries apart
    from those of other jobs, and is given by us.
    """

    audience_events: WebhookEvents = "both"
    fields: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    names: dict[str, str] = {}
    http_method: HttpMethod = "POST"
    batch_size: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 1
    flush_seconds: Annotated[float, msgspec.Meta(ge=0, le=300)] = 5.0
    do_not_retry: tuple[Annotated[int, msgspec.Meta(ge=300, le=599)], ...] = DO_NOT_RETRY
    cloud_events: bool = False
    cloud_event_type: str = ""
    cloud_event_source: str = ""
    template: str = ""
    content_type: str = "application/json"
    outlet: str = ""

    @property
    def shape(self) -> WebhookShape:
        """How messages look on the wire."""
        names = WebhookShape.__struct_fields__
        return WebhookShape(**{name: getattr(self, name) for name in names})

    @property
    def keys(self) -> frozenset[str]:
        """What the job stands for at its destination."""
        audiences = {AUDIENCE + slug for slug in self.audiences}
        return frozenset(audiences | {FIELD + self.told_name(name) for name in self.read_fields})

    def told_name(self, field: str) -> str:
        """Return what a field is called in messages."""
        return self.names.get(field, field)

    @property
    def target(self) -> tuple[ExportForm, str]:
        """A destination of its own, since no two jobs tell the same."""
        return "webhook", self.outlet

    @property
    def read_fields(self) -> tuple[str, ...]:
        """The fields whose values are sent."""
        return tuple(dict.fromkeys((*self.fields, *self.changes)))

    @property
    def told_fields(self) -> tuple[str, ...]:
        """The fields that can stand in a message, those that name the person among them."""
        named = (identifier.field for identifier in self.identifiers)
        return tuple(dict.fromkeys((*named, *self.read_fields)))

    @property
    def sends_members(self) -> bool:
        """Present members are always noted; whether they are told is `existing_users`."""
        return True
