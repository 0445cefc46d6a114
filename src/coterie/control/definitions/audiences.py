"""The audiences of an account: filters that the data plane keeps current."""

import re
from collections.abc import Iterable
from datetime import datetime

import msgspec

from coterie.base.clock import Clock
from coterie.base.errors import UserError
from coterie.control.audit import Subject, record
from coterie.control.definitions.change import Change, definition_change
from coterie.control.definitions.filters import list_dependents
from coterie.control.definitions.saved_filters import (
    check_saved,
    check_text,
    doubts_about,
    find_faults,
    list_filters,
    read_filters,
    read_kept,
)
from coterie.control.definitions.showing import hide_audience, show_audience
from coterie.control.definitions.tags import plain_tag, read_tags
from coterie.control.definitions.trackers import renew_trackers
from coterie.control.existing import require_account
from coterie.control.rows import find_one, get_value, list_all, run
from coterie.lang.expr.errors import Problem
from coterie.model.control import Actor, Audience
from coterie.store import Connection, Store, load_queries

SLUG = re.compile(r"[a-z0-9][a-z0-9_\-]{0,63}")
NAME_LIMIT = 100


class BadAudienceError(UserError):
    """An audience that cannot be made as asked."""

    code = "bad_audience"


class UnknownAudienceError(UserError):
    """The account has no such audience."""

    code = "unknown_audience"

    def __init__(self, *, account: int, slug: str) -> None:
        super().__init__(
            f"Account {account} has no audience {slug!r}. `coterie audience list` shows them."
        )


class AudienceInUseError(UserError):
    """Something still needs the audience."""

    code = "audience_in_use"


class SavedAudience(Audience, frozen=True, kw_only=True):
    """An audience as it was saved, with what is doubtful about its filter."""

    warnings: tuple[Problem, ...] = ()


class _Job(msgspec.Struct, frozen=True):
    id: int
    label: str


def create_audience(  # noqa: PLR0913 - the audience form, spelled out
    store: Store,
    *,
    account: int,
    slug: str,
    name: str,
    description: str = "",
    filter_text: str,
    is_draft: bool = False,
    expires_at: datetime | None = None,
    tags: Iterable[str] = (),
    is_public: bool = False,
    actor: Actor,
    clock: Clock,
) -> SavedAudience:
    """Make an audience in state "building"; the worker fills it and sets it "live".

    A draft holds nobody until it is activated. Raises BadAudienceError, BadTagError,
    NothingPublicError, TextTooLongError, UnknownAccountError, FilterError.
    """
    if SLUG.fullmatch(slug) is None:
        raise BadAudienceError(
            message=f"{slug!r} cannot be a slug. Use 1 to 64 lower-case letters, digits, '_' or "
            "'-'."
        )
    check_text(filter_text)
    with definition_change(store, clock) as change:
        require_account(change.conn, account)
        values = {
            "account": account,
            "slug": slug,
            "name": _check_name(name or slug),
            "description": description.strip(),
            "tags": read_tags(tags),
            "filter_text": filter_text.strip(),
            "state": "draft" if is_draft else "building",
            "expires_at": check_expiry(expires_at, now=change.now),
            "now": change.now,
        }
        query = load_queries("definitions").insert_audience
        made = find_one(change.conn, query, values, row=Audience)
        if made is None:
            raise BadAudienceError(
                message=f"Account {account} has an audience {slug!r} already. Choose another "
                "slug, or update that one."
            )
        filters = read_filters(change.conn, account)
        warnings = check_saved(change.conn, account, slug, filters)
        renew_trackers(change, account, read_kept(change.conn, account))
        record_audience(change, made, "created", actor)
        if is_public:
            show_audience(change, account, slug, actor)
            made = msgspec.structs.replace(made, is_public=True)
    return _saved(made, warnings)


def update_audience(  # noqa: PLR0913 - the audience form, spelled out
    store: Store,
    *,
    account: int,
    slug: str,
    name: str | None = None,
    description: str | None = None,
    filter_text: str | None = None,
    tags: Iterable[str] | None = None,
    is_public: bool | None = None,
    actor: Actor,
    clock: Clock,
) -> SavedAudience:
    """Change what is given (None: as it was).

    Another filter makes another version, which is built anew, together with the audiences that
    include this one. Raises UnknownAudienceError beside what `create_audience` raises.
    """
    if filter_text is not None:
        check_text(filter_text)
    with definition_change(store, clock) as change:
        before = find_audience(change.conn, account, slug)
        values = {
            "account": account,
            "slug": slug,
            "name": before.name if name is None else _check_name(name),
            "description": before.description if description is None else description.strip(),
            "tags": list(before.tags) if tags is None else read_tags(tags),
            "now": change.now,
        }
        if filter_text is None or filter_text.strip() == before.filter_text:
            run(change.conn, load_queries("definitions").rename_audience, values)
        else:
            _redefine(change, before, {**values, "filter_text": filter_text.strip()})
        if is_public is not None and is_public is not before.is_public:
            (show_audience if is_public else hide_audience)(change, account, slug, actor)
        after = find_audience(change.conn, account, slug)
        warnings = doubts_about(change.conn, account, slug)
        record_audience(change, after, "updated", actor)
    return _saved(after, warnings)


def archive_audience(
    store: Store, *, account: int, slug: str, actor: Actor, clock: Clock
) -> Audience:
    """Let everyone leave an audience and take it off the list.

    Raises UnknownAudienceError, or AudienceInUseError while a job or another audience needs it.
    """
    with definition_change(store, clock) as change:
        found = find_audience(change.conn, account, slug)
        _refuse_if_used(change.conn, found)
        values = {"account": account, "slug": slug, "now": change.now}
        run(change.conn, load_queries("definitions").archive_audience, values)
        renew_trackers(change, account, read_kept(change.conn, account))
        record_audience(change, found, "archived", actor)
        if found.is_public:
            # Another audience of this slug would be public unasked.
            hide_audience(change, account, slug, actor)
    return msgspec.structs.replace(found, state="archived", is_public=False, updated_at=change.now)


def list_audiences(
    store: Store, account: int, *, with_archived: bool = False, tag: str | None = None
) -> list[Audience]:
    """Return an account's audiences by slug, with exact sizes; only those with `tag`, if given."""
    values = {"account": account, "with_archived": with_archived}
    with store.transaction() as conn:
        _see_members(conn)
        query = load_queries("definitions").list_audiences
        found = list_all(conn, query, values, row=Audience)
        if tag is not None:
            found = [one for one in found if plain_tag(tag) in one.tags]
        return _with_faults(conn, account, found)


def get_audience(store: Store, account: int, slug: str) -> Audience:
    """Return one audience with its exact size. Raises UnknownAudienceError."""
    with store.transaction() as conn:
        (found,) = _with_faults(conn, account, [find_audience(conn, account, slug)])
    return found


def require_audiences(conn: Connection, account: int, slugs: Iterable[str]) -> None:
    """Raise UnknownAudienceError unless all of these exist and are not archived."""
    known = {row.slug for row in list_filters(conn, account)}
    for slug in slugs:
        if slug not in known:
            raise UnknownAudienceError(account=account, slug=slug)


def _with_faults(conn: Connection, account: int, found: list[Audience]) -> list[Audience]:
    """Return audiences with what sets them aside; those that are archived have no fault."""
    faults = find_faults(conn, account)
    return [
        msgspec.structs.replace(one, fault=faults[one.slug])
        if one.slug in faults and one.state != "archived"
        else one
        for one in found
    ]


def _check_name(name: str) -> str:
    name = name.strip()
    if not name or len(name) > NAME_LIMIT:
        raise BadAudienceError(message=f"An audience needs a name of 1 to {NAME_LIMIT} characters.")
    return name


def _redefine(change: Change, before: Audience, values: dict[str, object]) -> None:
    queries = load_queries("definitions")
    run(change.conn, queries.redefine_audience, values)
    filters = read_filters(change.conn, before.account)
    check_saved(change.conn, before.account, before.slug, filters)
    renew_trackers(change, before.account, read_kept(change.conn, before.account))
    dependents = list_dependents(before.slug, filters)
    for row in list_filters(change.conn, before.account):
        if row.slug in dependents:
            again = {"audience_id": row.id, "now": change.now}
            run(change.conn, queries.rebuild_audience, again)


def check_expiry(expires_at: datetime | None, *, now: datetime) -> datetime | None:
    """Return the end of an audience. Raises BadAudienceError unless it is to come."""
    if expires_at is None:
        return None
    if expires_at.tzinfo is None:
        raise BadAudienceError(
            message="The end of an audience names no time zone. Write it like 2027-01-31T00:00:00Z."
        )
    if expires_at <= now:
        raise BadAudienceError(
            message="The end of an audience has to be to come. Choose a later instant, or archive "
            "the audience."
        )
    return expires_at


def _refuse_if_used(conn: Connection, audience: Audience) -> None:
    values = {"account": audience.account, "slug": audience.slug}
    query = load_queries("definitions").list_jobs_exporting
    jobs = list_all(conn, query, values, row=_Job)
    if jobs:
        names = ", ".join(f"{job.id} ({job.label})" for job in jobs)
        raise AudienceInUseError(
            message=f"These jobs need the audience {audience.slug!r}: {names}. Kill or delete "
            "them first."
        )
    filters = read_filters(conn, audience.account)
    users = sorted(slug for slug, flt in filters.items() if audience.slug in flt.includes)
    if users:
        raise AudienceInUseError(
            message=f"These audiences include {audience.slug!r}: {', '.join(users)}. Change them "
            "first."
        )


def _saved(audience: Audience, warnings: tuple[Problem, ...]) -> SavedAudience:
    return SavedAudience(**msgspec.structs.asdict(audience), warnings=warnings)


def find_audience(conn: Connection, account: int, slug: str) -> Audience:
    """Return an audience in the caller's transaction. Raises UnknownAudienceError."""
    _see_members(conn)
    values = {"account": account, "slug": slug}
    query = load_queries("definitions").find_audience
    found = find_one(conn, query, values, row=Audience)
    if found is None:
        raise UnknownAudienceError(account=account, slug=slug)
    return found


def _see_members(conn: Connection) -> None:
    generation = get_value(conn, load_queries("definitions").live_generation, {}, kind=int)
    Store.use_generation(conn, generation)


def record_audience(change: Change, audience: Audience, verb: str, actor: Actor) -> None:
    """Note in the audit log what was done to an audience."""
    subject = Subject(audience.account, "audience", audience.slug)
    # A filter may compare with people's own values, so its text stays out of the trail.
    detail = {"version": audience.version}
    record(change.conn, verb, subject, actor=actor, now=change.now, detail=detail)
