"""Gathers all that the data plane is told to do into one consistent snapshot."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime

import msgspec

from coterie.base.clock import to_us
from coterie.control.definitions.bases import bases_of, live_bases
from coterie.control.definitions.decided import all_in_force
from coterie.control.definitions.intake import own_writes, repeat_rules
from coterie.control.definitions.saved_filters import KEPT_CURRENT
from coterie.control.definitions.suppressing import suppressing_accounts
from coterie.control.definitions.trackers import retiring_accounts, tracker_specs
from coterie.control.rows import get_value, list_all
from coterie.model.config import (
    AccountConfig,
    AttributeSpec,
    AudienceSpec,
    ExportSpec,
    ExportState,
    PipelineConfig,
)
from coterie.model.control import (
    ENDING,
    RECHECKING,
    Account,
    AudienceState,
    Job,
    JobState,
    Stream,
)
from coterie.model.decisions import Decision
from coterie.model.exports import (
    CohortName,
    ExportAudienceConfig,
    ExportConfig,
    ExportProfilesConfig,
    ExportSubscriptionsConfig,
)
from coterie.model.feeds import FeedConfig
from coterie.model.intake import OwnWrites
from coterie.model.schema import Schema
from coterie.model.webhooks import WebhookConfig, WebhookSpec
from coterie.store import Connection, load_queries

# An expired audience holds nobody, whatever its filter says.
NOBODY = "FILTER NOT *"


class _SchemaRow(msgspec.Struct, frozen=True):
    account: int
    body: Schema


class NamedAudience(msgspec.Struct, frozen=True):
    """An audience as exports mean it."""

    id: int
    slug: str
    name: str


class _AudienceRow(NamedAudience, frozen=True):
    account: int
    filter_text: str
    version: int
    state: AudienceState


def current_epoch(conn: Connection) -> int:
    """Return the number that rises with every change the data plane must know of."""
    return get_value(conn, load_queries("definitions").current_epoch, {}, kind=int)


def load_config(conn: Connection, *, generation: int | None = None) -> PipelineConfig:
    """Return the definitions of all accounts, as a generation follows them (None: the live one).

    They are those of one epoch if the caller's transaction holds the fence (`share_fence`), or
    reads from one snapshot.
    """
    epoch = current_epoch(conn)
    bases = live_bases(conn) if generation is None else bases_of(conn, generation)
    schemas = _schemas(conn, bases)
    trusted = _trusted_streams(conn)
    audiences = _audiences(conn)
    exports = _exports(conn, audiences)
    trackers = tracker_specs(conn)
    retiring = retiring_accounts(conn)
    repeats, own = repeat_rules(conn), own_writes(conn)
    suppressing = suppressing_accounts(conn)
    decisions: dict[int, list[Decision]] = defaultdict(list)
    for decision in all_in_force(conn):
        decisions[decision.account].append(decision)
    accounts = list_all(conn, load_queries("accounts").list_accounts, {}, row=Account)
    return PipelineConfig(
        epoch=epoch,
        accounts={
            account.number: AccountConfig(
                number=account.number,
                schemas=tuple(schemas[account.number]),
                trusted_streams=frozenset(trusted[account.number]),
                audiences=tuple(
                    AudienceSpec(
                        id=row.id, slug=row.slug, filter_text=row.filter_text, version=row.version
                    )
                    for row in audiences[account.number]
                    if row.state in KEPT_CURRENT
                ),
                slugs={
                    row.slug: NOBODY if row.state == "expired" else row.filter_text
                    for row in audiences[account.number]
                },
                exports=tuple(exports[account.number]),
                trackers=tuple(trackers.get(account.number, ())),
                has_retired_trackers=account.number in retiring,
                suppresses=account.number in suppressing,
                decisions=tuple(decisions[account.number]),
                repeats=repeats.get(account.number, {}),
                own=own.get(account.number, OwnWrites()),
            )
            for account in accounts
        },
    )


def _schemas(conn: Connection, bases: Mapping[str, int]) -> dict[int, list[Schema]]:
    """Return each account's versions from its base on, which maps all that came before it too."""
    found: dict[int, list[Schema]] = defaultdict(list)
    for row in list_all(conn, load_queries("definitions").list_all_schemas, {}, row=_SchemaRow):
        if row.body.version >= bases.get(str(row.account), 0):
            found[row.account].append(row.body)
    return found


def _trusted_streams(conn: Connection) -> dict[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    for row in list_all(conn, load_queries("definitions").list_all_streams, {}, row=Stream):
        if row.trusted:
            found[row.account].append(row.name)
    return found


def _audiences(conn: Connection) -> dict[int, list[_AudienceRow]]:
    found: dict[int, list[_AudienceRow]] = defaultdict(list)
    query = load_queries("definitions").list_all_audiences
    for row in list_all(conn, query, {}, row=_AudienceRow):
        found[row.account].append(row)
    return found


def _exports(
    conn: Connection, audiences: dict[int, list[_AudienceRow]]
) -> dict[int, list[ExportSpec]]:
    found: dict[int, list[ExportSpec]] = defaultdict(list)
    for job in list_all(conn, load_queries("jobs").list_exports, {}, row=Job):
        spec = _export_spec(job, {row.slug: row for row in audiences[job.account]})
        if spec is not None:
            found[job.account].append(spec)
    return found


# A failed job goes on when a person resumes it, so until then it waits like a paused one.
_EXPORT_STATES: dict[JobState, ExportState] = {
    "paused": "paused",
    "failed": "paused",
    "killed": "ended",
    "deleted": "ended",
    "completed": "ended",
}


def _export_spec(job: Job, audiences: Mapping[str, _AudienceRow]) -> ExportSpec | None:
    if not isinstance(job.config, ExportConfig) or job.destination_id is None:
        return None
    state: ExportState = _EXPORT_STATES.get(job.state, "active")
    spec = export_spec(
        job.config,
        audiences,
        job_id=job.id,
        destination_id=job.destination_id,
        started_at=job.started_at or job.created_at,
        state="cleaning" if state == "active" and ENDING in job.checkpoint else state,
    )
    # A paused job keeps nobody waiting: whoever shares its destination asks in its place.
    is_rechecking = spec.state == "active" and RECHECKING in job.checkpoint
    return msgspec.structs.replace(spec, is_rechecking=is_rechecking)


def export_spec(
    config: ExportConfig,
    audiences: Mapping[str, NamedAudience],
    *,
    job_id: int,
    destination_id: int,
    started_at: datetime,
    state: ExportState = "active",
) -> ExportSpec:
    """Return what the data plane is told of an export; `audiences` gives them by slug."""
    ids = {slug: each.id for slug, each in audiences.items()}
    audience = config if isinstance(config, ExportAudienceConfig) else None
    hook = config if isinstance(config, WebhookConfig) else None
    return ExportSpec(
        job_id=job_id,
        destination_id=destination_id,
        identifiers=config.identifiers,
        names={
            ids[slug]: audience.exported_name(slug) if audience else slug
            for slug in config.audiences
            if slug in ids
        },
        values=config.keys,
        existing=config.existing_users or hook is not None,
        started_at=started_at,
        joined={ids[slug]: at for slug, at in config.joined.items() if slug in ids},
        state=state,
        events=audience.audience_events if audience else "both",
        suppressed_by={ids[slug]: slug for slug in config.suppressed_by if slug in ids},
        consent=config.consent,
        quiet=config.quiet,
        existing_only=config.existing_only,
        attributes=_attributes(config) if isinstance(config, ExportProfilesConfig) else (),
        groups=config.groups if isinstance(config, ExportSubscriptionsConfig) else {},
        keeps_leavers=_keeps_leavers(config),
        webhook=_webhook(hook, job_id, started_at) if hook else None,
        feed=config.spec if isinstance(config, FeedConfig) else None,
        cohorts=_cohorts(audience, audiences, started_at) if audience else {},
    )


def _cohorts(
    config: ExportAudienceConfig, audiences: Mapping[str, NamedAudience], started_at: datetime
) -> dict[str, CohortName]:
    if config.form != "cohorts":
        return {}
    return {
        config.exported_name(slug): CohortName(
            name=audiences[slug].name, created_at=config.joined.get(slug, started_at)
        )
        for slug in config.audiences
        if slug in audiences
    }


def _keeps_leavers(config: ExportConfig) -> bool:
    # The message of an exit holds fields too, so they stay wanted.
    is_kept = isinstance(config, ExportProfilesConfig) and config.on_leaving == "keep"
    return is_kept or isinstance(config, WebhookConfig)


def _webhook(config: WebhookConfig, job_id: int, started_at: datetime) -> WebhookSpec:
    since = {slug: config.joined.get(slug, started_at) for slug in config.audiences}
    told = {} if config.existing_users else since
    return WebhookSpec(
        job_id=job_id,
        shape=config.shape,
        events=config.audience_events,
        fields=tuple(config.told_name(field) for field in config.fields),
        changes=tuple(config.told_name(field) for field in config.changes),
        names={item.kind: config.told_name(item.field) for item in config.identifiers},
        sources={
            config.told_name(field): field for field in config.read_fields if field in config.names
        },
        from_ms={slug: to_us(at) // 1_000 for slug, at in told.items()},
    )


def _attributes(config: ExportProfilesConfig) -> tuple[AttributeSpec, ...]:
    return tuple(
        AttributeSpec(path=tuple(name.split(".")), field=field, type=config.types.get(name))
        for name, field in sorted(config.attributes.items())
    )
