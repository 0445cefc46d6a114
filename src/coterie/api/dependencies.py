"""What the composition root hands to the API."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime

import msgspec

from coterie.api.guard import FindRules
from coterie.api.pace import CollectRates
from coterie.base.clock import Clock
from coterie.control.alerts import AlertCalls
from coterie.control.definitions.audiences import SavedAudience
from coterie.control.definitions.decisions import NewDecision
from coterie.control.definitions.drafted import DraftRef, SchemaDraft
from coterie.control.definitions.lql import LqlReport
from coterie.control.definitions.saved_filters import FilterReport
from coterie.control.definitions.schema import Edit
from coterie.control.definitions.schema_diff import SchemaDifference
from coterie.control.definitions.schema_drafts import CaughtUp
from coterie.control.definitions.schema_report import DraftReport
from coterie.control.definitions.schema_versions import SchemaVersion
from coterie.control.definitions.starter import Installed, Starter
from coterie.flow.run.collect import Collector
from coterie.flow.run.deliveries import DeliveryCalls
from coterie.flow.run.explain import MembershipExplanation
from coterie.flow.run.stream import ChangePage, Wanted
from coterie.flow.run.veil import Veil
from coterie.model.bulk import BulkOutcome, BulkRequest
from coterie.model.control import (
    Actor,
    Audience,
    AudienceGroup,
    Authorization,
    Grant,
    Job,
    Personalization,
    SizePoint,
    Stream,
)
from coterie.model.decisions import Decision
from coterie.model.dry_run import DryRun, FeedDryRun
from coterie.model.entity import Entity, FieldLineage, Found, Glance
from coterie.model.erasure import Dossier, Erasure
from coterie.model.events import IncomingEvent
from coterie.model.file_exports import WrittenFile
from coterie.model.identities import IdentityGraph, Relation
from coterie.model.imports import ImportedFile
from coterie.model.insights import AudienceSummary, Estimate, FieldReport, Overlap
from coterie.model.mapped import Identifier
from coterie.model.preview import Preview
from coterie.model.previews import FilesLook
from coterie.model.replay import Replay
from coterie.model.schema import Schema
from coterie.model.schema_preview import SchemaPreview
from coterie.model.streams import KeyReport, RejectedReport
from coterie.model.views import EventView, OmittedView, ProfileView


class IdentityCalls(msgspec.Struct, frozen=True, kw_only=True):
    """What the API asks about identities and decides about them.

    The first parameter is the account: graph(account, identifier); relation(account, one, other);
    list_decisions(account, with_undone, before), newest first; decide(account, new, actor) and
    undo(account, decision_id, reason, actor), which raise UserError.
    """

    graph: Callable[[int, Identifier], IdentityGraph | None]
    relation: Callable[[int, Identifier, Identifier], Relation]
    list_decisions: Callable[[int, bool, int | None], Sequence[Decision]]
    decide: Callable[[int, NewDecision, Actor], Decision]
    undo: Callable[[int, int, str, Actor], Decision]


class AudienceCalls(msgspec.Struct, frozen=True, kw_only=True):
    """What doors do with audiences. All raise UserError.

    Those that change something take the keywords of the functions of control: account, slug, actor,
    and create(name, description, filter_text, is_draft, expires_at, tags, is_public); update(name,
    description, filter_text, tags, is_public) with None for what stays; set_expiry(expires_at);
    install(slugs, is_draft). groups(account) and group(account, tag); save_group(tag, audiences),
    change_group(tag, name, audiences) and delete_group(tag) take account and actor as keywords too.
    sizes(account, slug, days); preview(account, filter_text, slug), where the slug is that of the
    audience it shall be; overlaps(account, slug, others), with all others if none is named;
    field_report(account, slug, fields, limit, hides_personal), with None for all profiles and all
    fields; scan(account, slug, after, limit), members after a profile id ("" for the first);
    seek(account, filter_text, after, limit), the same for a filter; summary(account, slug);
    dependents(account, slug), the slugs of those that include it; inline(account, slug), the text
    of its filter with all that it includes; jobs(account, slug), those that send it on.
    """

    create: Callable[..., SavedAudience]
    update: Callable[..., SavedAudience]
    activate: Callable[..., Audience]
    rebuild: Callable[..., Audience]
    set_expiry: Callable[..., Audience]
    archive: Callable[..., Audience]
    sizes: Callable[[int, str, int], Sequence[SizePoint]]
    preview: Callable[[int, str, str | None], Estimate]
    overlaps: Callable[[int, str, Collection[str]], tuple[Overlap, ...]]
    field_report: Callable[[int, str | None, Collection[str] | None, int, bool], FieldReport]
    scan: Callable[[int, str, str, int], Sequence[Entity]]
    seek: Callable[[int, str, str, int], Found]
    summary: Callable[[int, str], AudienceSummary]
    dependents: Callable[[int, str], Collection[str]]
    inline: Callable[[int, str], str]
    jobs: Callable[[int, str], Sequence[Job]]
    groups: Callable[[int], Sequence[AudienceGroup]]
    group: Callable[[int, str], AudienceGroup]
    save_group: Callable[..., AudienceGroup]
    change_group: Callable[..., AudienceGroup]
    delete_group: Callable[..., AudienceGroup]
    starters: Callable[[], Sequence[Starter]]
    install: Callable[..., Installed]


class EntityCalls(msgspec.Struct, frozen=True, kw_only=True):
    """What the API asks about single people; None where no profile has the identifier.

    find(account, identifier, fields, token id) and lineage(account, identifier, fields), with None
    for all fields; the token id, or None, is that of who asks. find_public(account, identifier)
    shows the fields that are public. `glance` and `glance_public` find the same on the event loop,
    or return None if they cannot tell; close() ends their connections. veil(account, known) hides
    personal values from whoever named `known` themselves; personalization(account), None if nothing
    is public; `public_rate` is how many requests a second an account's public address takes.
    """

    glance: Callable[
        [int, Identifier, Collection[str] | None, int | None], Awaitable[Glance | None]
    ]
    glance_public: Callable[[int, Identifier], Awaitable[Glance | None]]
    close: Callable[[], Awaitable[None]]
    find: Callable[[int, Identifier, Collection[str] | None, int | None], Glance]
    find_public: Callable[[int, Identifier], Glance]
    lineage: Callable[[int, Identifier, Collection[str] | None], tuple[FieldLineage, ...] | None]
    veil: Callable[[int, Collection[Identifier]], Veil]
    personalization: Callable[[int], Personalization | None]
    public_rate: int


class StreamCalls(msgspec.Struct, frozen=True, kw_only=True):
    """What the API asks about streams; the first parameters are account and stream.

    keys; events(…, limit) and rejected(…, limit), newest first; run_again(…, ref, body, actor),
    with None for the body as it came, returns how many events it made; map_key(…, key, field,
    actor), with "" for the suggested field, returns the version published. They raise UserError.
    """

    list_all: Callable[[int], Sequence[Stream]]
    keys: Callable[[int, str], Sequence[KeyReport]]
    events: Callable[[int, str, int], Sequence[EventView]]
    rejected: Callable[[int, str, int], Sequence[RejectedReport]]
    run_again: Callable[[int, str, str, str | None, Actor], int]
    map_key: Callable[[int, str, str, str, Actor], int]


class CollectCalls(msgspec.Struct, frozen=True, kw_only=True):
    """What the collect door calls beside the collector.

    load_bulk(request, pieces of the body), which raises CoterieError; preview(account, events,
    with_profiles), blocking; find_rules(account, stream), blocking. `bulk_limit` is the largest
    body of a load as sent, in bytes; `rates` say how fast events may come; `trusted_proxies` are
    networks whose X-Forwarded-For counts.
    """

    load_bulk: Callable[[BulkRequest, AsyncIterator[bytes]], Awaitable[BulkOutcome]]
    preview: Callable[[int, Sequence[IncomingEvent], bool], Preview]
    bulk_limit: int
    rates: CollectRates
    find_rules: FindRules
    trusted_proxies: tuple[str, ...]
    clock: Clock


class JobCalls(msgspec.Struct, frozen=True, kw_only=True):
    """What the API does with jobs; all take the keywords of `control.jobs` and raise UserError.

    get(account, job_id); omitted(account, job_id, limit); dry_run_new and dry_run_change as in
    `app.dry_runs`.
    """

    get: Callable[[int, int], Job]
    create_export: Callable[..., Job]
    update: Callable[..., Job]
    pause: Callable[..., Job]
    resume: Callable[..., Job]
    kill: Callable[..., Job]
    delete: Callable[..., Job]
    dry_run_new: Callable[..., DryRun | FeedDryRun]
    dry_run_change: Callable[..., DryRun | FeedDryRun]
    omitted: Callable[[int, int, int], Sequence[OmittedView]]


class AuthorizationCalls(msgspec.Struct, frozen=True, kw_only=True):
    """What the API does with authorizations. All raise UserError.

    list_all(account) and get(account, authorization_id); create, update and delete take the
    keywords of `control.authorizations` but for the probe and the instant.
    """

    list_all: Callable[[int], Sequence[Authorization]]
    get: Callable[[int, int], Authorization]
    create: Callable[..., Authorization]
    update: Callable[..., Authorization]
    delete: Callable[..., None]


class DraftCalls(msgspec.Struct, frozen=True, kw_only=True):
    """What doors do with drafts of the schema. All raise UserError.

    list_all(account); get, report(account, name); preview(account, name, hides_personal);
    create(account, name, description, actor) in keywords. edit(ref, edit, actor) keeps what an edit
    makes; catch_up(ref, prefer, actor), publish(ref, description, actor) and discard(ref, actor)
    take all but the first as keywords.
    """

    list_all: Callable[[int], Sequence[SchemaDraft]]
    get: Callable[[int, str], SchemaDraft]
    create: Callable[..., SchemaDraft]
    edit: Callable[[DraftRef, Edit, Actor], SchemaDraft]
    report: Callable[[int, str], DraftReport]
    preview: Callable[[int, str, bool], SchemaPreview]
    catch_up: Callable[..., CaughtUp]
    publish: Callable[..., Schema]
    discard: Callable[..., SchemaDraft]


class SchemaCalls(msgspec.Struct, frozen=True, kw_only=True):
    """What doors ask of schemas and replays; the first parameter is the account.

    versions(account); version(account, number); diff(account, since, version), with None for the
    one before; revert(account, version, actor); replay(account). start_replay(events_a_second),
    confirm_replay and cancel_replay take account and actor as keywords. All raise UserError.
    """

    versions: Callable[[int], Sequence[SchemaVersion]]
    version: Callable[[int, int], Schema]
    diff: Callable[[int, int | None, int | None], SchemaDifference]
    revert: Callable[[int, int, Actor], Schema]
    replay: Callable[[int], Replay]
    start_replay: Callable[..., Replay]
    confirm_replay: Callable[..., Replay]
    cancel_replay: Callable[..., Replay]


class PrivacyCalls(msgspec.Struct, frozen=True, kw_only=True):
    """What doors do for people's rights; the first parameter is the account.

    forget(account, identifier, blocks, actor) and erasure(account, number), which raise UserError;
    dossier(account, identifier, actor), None if there is nobody; erasures(account), newest first.
    """

    forget: Callable[[int, Identifier, bool, Actor], Erasure]
    dossier: Callable[[int, Identifier, Actor], Dossier | None]
    erasures: Callable[[int], Sequence[Erasure]]
    erasure: Callable[[int, int], Erasure]


class FileCalls(msgspec.Struct, frozen=True, kw_only=True):
    """What the API does with jobs that read or write files. All raise UserError.

    create_import and create_export(account, label, description, authorization_id, options, actor)
    and look(account, authorization_id, options, rows) by keyword; read(account, job_id) and
    written(account, job_id), newest first; rejected_rows(account, job_id) as lines of CSV.
    """

    create_import: Callable[..., Job]
    create_export: Callable[..., Job]
    look: Callable[..., FilesLook]
    read: Callable[[int, int], Sequence[ImportedFile]]
    written: Callable[[int, int], Sequence[WrittenFile]]
    rejected_rows: Callable[[int, int], Iterable[str]]


class ApiDependencies(msgspec.Struct, frozen=True, kw_only=True):
    """Functions that the composition root binds to the store; blocking unless it says otherwise.

    open_collector() is entered on the server's event loop; check_token(presented, now);
    touch_tokens(ids, now); list_audiences(account, tag), with None for all; get_audience(account,
    slug), report_filter(account, text, slug) and check_lql(account, text), which raise UserError;
    list_jobs(account); find_profile(account, field, value);
    explain_membership(account, (field, value), audience), None without such a profile;
    read_changes(account, after, wanted, limit), which raises UserError.
    """

    open_collector: Callable[[], AbstractAsyncContextManager[Collector]]
    check_token: Callable[[str, datetime], Grant | None]
    touch_tokens: Callable[[Iterable[int], datetime], None]
    list_audiences: Callable[..., Sequence[Audience]]
    get_audience: Callable[[int, str], Audience]
    report_filter: Callable[[int, str, str | None], FilterReport]
    check_lql: Callable[[int, str], LqlReport]
    list_jobs: Callable[[int], Sequence[Job]]
    find_profile: Callable[[int, str, str], ProfileView | None]
    explain_membership: Callable[[int, tuple[str, str], Audience], MembershipExplanation | None]
    alerts: AlertCalls
    authorizations: AuthorizationCalls
    read_changes: Callable[[int, str, Wanted, int], ChangePage]
    audiences: AudienceCalls
    deliveries: DeliveryCalls
    identities: IdentityCalls
    entities: EntityCalls
    collect: CollectCalls
    jobs: JobCalls
    privacy: PrivacyCalls
    schemas: SchemaCalls
    drafts: DraftCalls
    files: FileCalls
    streams: StreamCalls
    clock: Clock
