"""What the data plane is told to do, as one consistent snapshot of the control plane."""

from datetime import datetime
from typing import Literal

import msgspec

from coterie.model.decisions import Decision
from coterie.model.exports import (
    AttributeType,
    AudienceEvents,
    CohortName,
    Consent,
    ExportIdentifier,
    QuietWindow,
    SubscriptionRule,
)
from coterie.model.feeds import FeedSpec
from coterie.model.intake import OwnWrites, RepeatRule
from coterie.model.schema import Schema
from coterie.model.webhooks import WebhookSpec

ExportState = Literal["active", "paused", "ended", "cleaning"]


class AudienceSpec(msgspec.Struct, frozen=True, kw_only=True):
    """An audience that the worker keeps current (state building or live)."""

    id: int
    slug: str
    filter_text: str
    version: int


class TrackerSpec(msgspec.Struct, frozen=True, kw_only=True):
    """Something that filters watch for in events; `text` is its normal text.

    `boundary` gives the last event of each lane that was processed without it. `is_filled`: every
    profile holds the history up to there.
    """

    number: int
    text: str
    boundary: dict[int, int]
    is_filled: bool

    @property
    def field_id(self) -> int:
        """The id of the hidden field that holds its history; those of a schema are positive."""
        return -self.number


class AttributeSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A field that becomes an attribute, under a path of names."""

    path: tuple[str, ...]
    field: str
    type: AttributeType | None = None


class ExportSpec(msgspec.Struct, frozen=True, kw_only=True):
    """An export job. `names` gives the value written at the destination per audience id.

    A paused job's changes wait; an ended (killed or deleted) one wants nothing any more, and what
    it wrote stays as it is; a cleaning one takes away what it wrote. `values` are all that it
    stands for at the destination, also for audiences that are no more. With `existing` false only
    people who enter at or after `started_at` are wanted there; `joined` gives a later instant for
    some audiences. `suppressed_by` maps audience id to slug. With `attributes` or `groups` those
    are written of the members, in place of `names`; `keeps_leavers`: who leaves keeps them.
    `webhook`: its audiences and fields become messages. `feed`: it sends events on
    instead. `cohorts` names those among `values` that are cohorts. `is_rechecking`: its consent
    changed, and nothing leaves until everybody was asked for it.
    """

    job_id: int
    destination_id: int
    identifiers: tuple[ExportIdentifier, ...]
    names: dict[int, str]
    values: frozenset[str]
    existing: bool
    started_at: datetime
    state: ExportState
    joined: dict[int, datetime] = {}
    events: AudienceEvents = "both"
    suppressed_by: dict[int, str] = {}
    consent: Consent | None = None
    quiet: QuietWindow | None = None
    existing_only: bool = False
    attributes: tuple[AttributeSpec, ...] = ()
    groups: dict[str, SubscriptionRule] = {}
    keeps_leavers: bool = False
    webhook: WebhookSpec | None = None
    feed: FeedSpec | None = None
    cohorts: dict[str, CohortName] = {}
    is_rechecking: bool = False


class AccountConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the worker needs to know about one account; `decisions` are those in force.

    `repeats` says of streams that tell repeated messages by content how they do; `own` what is
    written to Braze.
    `suppresses`: events of people who were forgotten are to be looked for.
    """

    number: int
    schemas: tuple[Schema, ...]
    trusted_streams: frozenset[str]
    audiences: tuple[AudienceSpec, ...]
    slugs: dict[str, str]
    exports: tuple[ExportSpec, ...]
    decisions: tuple[Decision, ...] = ()
    trackers: tuple[TrackerSpec, ...] = ()
    has_retired_trackers: bool = False
    repeats: dict[str, RepeatRule] = {}
    own: OwnWrites = OwnWrites()
    suppresses: bool = False


class PipelineConfig(msgspec.Struct, frozen=True, kw_only=True):
    """All accounts, at one epoch. `AccountConfig.slugs` maps slug to filter text, for INCLUDE."""

    epoch: int
    accounts: dict[int, AccountConfig]
