"""Drafts of an account's schema: begun from what is published, edited in peace, then published."""

import re
from datetime import datetime

import msgspec

from coterie.base.clock import Clock
from coterie.control.audit import Subject, record
from coterie.control.definitions.change import definition_change
from coterie.control.definitions.draft import Draft, draft_of
from coterie.control.definitions.drafted import (
    BadDraftError,
    DraftBehindError,
    DraftChangedError,
    DraftRef,
    SchemaDraft,
    UnknownDraftError,
)
from coterie.control.definitions.schema import Edit, next_field_id, publish_in
from coterie.control.definitions.schema_faults import FaultySchemaError, find_faults
from coterie.control.definitions.schema_merging import Clash, Merged, Side, merge_schemas
from coterie.control.definitions.schema_versions import current_in, get_in
from coterie.control.rows import find_one, get_value, list_all, run, to_json
from coterie.model.control import Actor
from coterie.model.schema import Schema
from coterie.store import Connection, Store, load_queries

NAME = re.compile(r"[a-z0-9][a-z0-9_\-]{0,63}")
LONGEST_DESCRIPTION = 1_000
MOST_OPEN = 50


class CaughtUp(msgspec.Struct, frozen=True, kw_only=True):
    """A draft that begins from the version in force now, and what had to give way for that."""

    draft: SchemaDraft
    clashes: tuple[Clash, ...]


def create_draft(
    store: Store, *, account: int, name: str, description: str = "", actor: Actor, clock: Clock
) -> SchemaDraft:
    """Begin a draft that equals the version in force. Raises BadDraftError, UnknownSchemaError."""
    if NAME.fullmatch(name) is None:
        raise BadDraftError(
            message=f"{name!r} cannot name a draft. Use up to 64 small letters, digits, '_', '-'."
        )
    if len(description) > LONGEST_DESCRIPTION:
        raise BadDraftError(
            message=f"A description has at most {LONGEST_DESCRIPTION:,} characters."
        )
    now = clock()
    queries = load_queries("drafts")
    with store.transaction() as conn:
        if get_value(conn, queries.count_drafts, {"account": account}, kind=int) >= MOST_OPEN:
            raise BadDraftError(
                message=f"There are {MOST_OPEN} open drafts. Publish or discard one of them."
            )
        base = current_in(conn, account)
        values = {
            "account": account,
            "name": name,
            "description": description,
            "base_version": base.version,
            "body": to_json(draft_of(base, next_field_id=next_field_id(conn, account))),
            "now": now,
            "actor": actor.name,
        }
        made = find_one(conn, queries.insert_draft, values, row=SchemaDraft)
        if made is None:
            raise BadDraftError(
                message=f"There is an open draft {name!r} already. Edit that, or choose another "
                "name."
            )
        detail = {"base_version": base.version}
        record(conn, "created", _subject(made), actor=actor, now=now, detail=detail)
    return made


def list_drafts(store: Store, account: int) -> list[SchemaDraft]:
    """Return the open drafts, the one changed last first."""
    with store.transaction() as conn:
        query = load_queries("drafts").list_drafts
        return list_all(conn, query, {"account": account}, row=SchemaDraft)


def get_draft(store: Store, account: int, name: str) -> SchemaDraft:
    """Return an open draft. Raises UnknownDraftError."""
    with store.transaction() as conn:
        return find_in(conn, account, name)


def edit_draft(
    store: Store, wanted: DraftRef, edit: Edit, *, actor: Actor, clock: Clock
) -> SchemaDraft:
    """Keep what `edit` makes of a draft.

    Raises UnknownDraftError, DraftChangedError, and what `edit` raises.
    """
    with store.transaction() as conn:
        before = _lock(conn, wanted)
        after = _save(
            conn, before, before.base_version, edit(before.content), actor=actor, now=clock()
        )
        detail = {"revision": after.revision}
        record(conn, "updated", _subject(after), actor=actor, now=after.updated_at, detail=detail)
    return after


def catch_up(
    store: Store, wanted: DraftRef, *, prefer: Side | None = None, actor: Actor, clock: Clock
) -> CaughtUp:
    """Take over into a draft what was published since it was begun.

    Where both changed the same thing `prefer` says whose holds; without it the draft stays as it
    is, and the clashes are told. Raises UnknownDraftError, DraftChangedError.
    """
    with store.transaction() as conn:
        before = _lock(conn, wanted)
        current = current_in(conn, wanted.account)
        merged = merge_in(conn, before, current, prefer=prefer or "draft")
        if current.version == before.base_version or (merged.clashes and prefer is None):
            return CaughtUp(draft=before, clashes=merged.clashes)
        after = _save(conn, before, current.version, merged.draft, actor=actor, now=clock())
        detail = {"base_version": current.version, "clashes": len(merged.clashes)}
        record(conn, "caught_up", _subject(after), actor=actor, now=after.updated_at, detail=detail)
    return CaughtUp(draft=after, clashes=merged.clashes)


def publish_draft(
    store: Store, wanted: DraftRef, *, description: str | None = None, actor: Actor, clock: Clock
) -> Schema:
    """Publish a draft as the next version, described as the draft is unless said otherwise.

    Raises UnknownDraftError, DraftChangedError, DraftBehindError, FaultySchemaError, and what
    `publish_edit` raises.
    """
    with definition_change(store, clock) as change:
        found = _lock(change.conn, wanted)
        current = current_in(change.conn, wanted.account)
        merged = merge_in(change.conn, found, current, prefer="draft")
        if current.version != found.base_version:
            raise DraftBehindError(
                name=found.name,
                base=found.base_version,
                current=current.version,
                clashes=len(merged.clashes),
            )
        faults = find_faults(found.content, current)
        if faults:
            raise FaultySchemaError(faults=faults)
        told = found.description if description is None else description
        made = publish_in(
            change,
            wanted.account,
            lambda _: merged.draft,
            description=told or found.name,
            actor=actor,
        )
        _end(change.conn, found, "published", made.version, actor=actor, now=change.now)
    return made


def discard_draft(store: Store, wanted: DraftRef, *, actor: Actor, clock: Clock) -> SchemaDraft:
    """Throw a draft away; its name is free again. Raises UnknownDraftError, DraftChangedError."""
    with store.transaction() as conn:
        found = _lock(conn, wanted)
        _end(conn, found, "discarded", None, actor=actor, now=clock())
    return found


def find_in(conn: Connection, account: int, name: str) -> SchemaDraft:
    """Return an open draft as the caller's transaction sees it. Raises UnknownDraftError."""
    return _find(conn, load_queries("drafts").find_draft, account, name)


def merge_in(conn: Connection, draft: SchemaDraft, current: Schema, *, prefer: Side) -> Merged:
    """Return what a draft makes of the version in force."""
    base = get_in(conn, draft.account, draft.base_version)
    number = max(next_field_id(conn, draft.account), draft.content.next_field_id)
    return merge_schemas(base, draft.content, current, next_field_id=number, prefer=prefer)


def _lock(conn: Connection, wanted: DraftRef) -> SchemaDraft:
    query = load_queries("drafts").lock_draft
    found = _find(conn, query, wanted.account, wanted.name)
    if wanted.revision not in (None, found.revision):
        raise DraftChangedError(
            name=found.name, revision=found.revision, by=found.updated_by, at=found.updated_at
        )
    return found


def _find(conn: Connection, query: str, account: int, name: str) -> SchemaDraft:
    found = find_one(conn, query, {"account": account, "name": name}, row=SchemaDraft)
    if found is None:
        raise UnknownDraftError(account=account, name=name)
    return found


def _save(
    conn: Connection, draft: SchemaDraft, base: int, content: Draft, *, actor: Actor, now: datetime
) -> SchemaDraft:
    values = {
        "id": draft.id,
        "base_version": base,
        "body": to_json(content),
        "now": now,
        "actor": actor.name,
    }
    run(conn, load_queries("drafts").save_draft, values)
    return find_in(conn, draft.account, draft.name)


def _end(
    conn: Connection,
    draft: SchemaDraft,
    state: str,
    version: int | None,
    *,
    actor: Actor,
    now: datetime,
) -> None:
    values = {
        "id": draft.id,
        "state": state,
        "published_version": version,
        "now": now,
        "actor": actor.name,
    }
    run(conn, load_queries("drafts").end_draft, values)
    detail = {} if version is None else {"version": version}
    record(conn, state, _subject(draft), actor=actor, now=now, detail=detail)


def _subject(draft: SchemaDraft) -> Subject:
    return Subject(draft.account, "schema_draft", draft.name)
