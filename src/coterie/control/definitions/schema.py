"""Publishes the numbered versions of an account's schema."""

from collections.abc import Callable

from coterie.base.clock import Clock
from coterie.control.audit import Subject, record
from coterie.control.definitions.change import Change, definition_change
from coterie.control.definitions.default import (
    read_identifiers,
    read_personal_fields,
    read_queries,
)
from coterie.control.definitions.draft import (
    Draft,
    draft_of,
    mark_personal,
    put_identifiers,
    schema_of,
)
from coterie.control.definitions.followers import rename_for_readers
from coterie.control.definitions.identifying import set_region
from coterie.control.definitions.lql import (
    LqlReport,
    check_expressions,
    read_query,
    report_lql,
)
from coterie.control.definitions.rebuilding import rebuild_readers
from coterie.control.definitions.renaming import check_moved_names, find_renamed
from coterie.control.definitions.schema_content import merge_lql
from coterie.control.definitions.schema_versions import current_in, current_schema
from coterie.control.definitions.streams import ensure_in
from coterie.control.rows import get_value, run, to_json
from coterie.model.control import Actor
from coterie.model.schema import Schema
from coterie.store import Connection, Store, load_queries

Edit = Callable[[Draft], Draft]


def publish_lql(
    store: Store, *, account: int, text: str, description: str = "", actor: Actor, clock: Clock
) -> Schema:
    """Merge an LQL text into the schema and publish the next version.

    Events received from this instant on are mapped by the new version. Raises as `publish_edit`.
    """
    # What is no query at all is refused before anybody has to wait for the change.
    read_query(text)

    return publish_edit(
        store,
        account=account,
        edit=lambda draft: merge_lql(draft, text),
        description=description,
        actor=actor,
        clock=clock,
    )


def check_lql(store: Store, account: int, text: str) -> LqlReport:
    """Return what is known of an LQL text without publishing it.

    Raises what `publish_lql` raises for the text.
    """
    return report_lql(text, current_schema(store, account).fields)


def publish_edit(
    store: Store, *, account: int, edit: Edit, description: str = "", actor: Actor, clock: Clock
) -> Schema:
    """Publish what `edit` makes of the schema in force (see `draft`, `edits`).

    Streams that it speaks of are made if they do not exist. Raises what `edit` raises, and
    SchemaError, UnknownSchemaError, BadStreamNameError or an error of the language.
    """
    with definition_change(store, clock) as change:
        return publish_in(change, account, edit, description=description, actor=actor)


def publish_default(change: Change, account: int, *, phone_region: str, actor: Actor) -> Schema:
    """Publish the default schema as a new account's version 1. Raises SchemaError."""
    draft = set_region(default_draft(), phone_region)
    check_expressions(draft, None)
    return _save(change, account, draft, version=1, description="Default", actor=actor)


def default_draft() -> Draft:
    """Return what every account starts with."""
    draft = Draft()
    for text in read_queries():
        draft = merge_lql(draft, text)
    draft = put_identifiers(draft, read_identifiers())
    return mark_personal(draft, read_personal_fields())


def publish_in(
    change: Change, account: int, edit: Edit, *, description: str, actor: Actor
) -> Schema:
    """Publish as `publish_edit`, within a change that the caller has begun."""
    before = current_in(change.conn, account)
    draft = edit(draft_of(before, next_field_id=next_field_id(change.conn, account)))
    mapped = {mapping.stream for mapping in draft.mappings}
    streams = sorted(mapped | {rule.stream for rule in draft.streams})
    ensure_in(change.conn, account, streams, actor=actor, now=change.now)
    version = before.version + 1
    check_expressions(draft, before)
    check_moved_names(before.fields, draft.fields)
    saved = _save(change, account, draft, version=version, description=description, actor=actor)
    renamed = find_renamed(before.fields, saved.fields)
    rename_for_readers(change, before, renamed, account=account, actor=actor)
    rebuild_readers(change, account, _shown_otherwise(before, saved))
    return saved


def next_field_id(conn: Connection, account: int) -> int:
    """Return the number of the next field that is published: no number is given twice."""
    query = load_queries("definitions").highest_field_id
    return get_value(conn, query, {"account": account}, kind=int) + 1


def _shown_otherwise(before: Schema, after: Schema) -> frozenset[str]:
    """Return the fields whose values are from now on shown for more or fewer days."""
    kept = {field.id: field.keep_days for field in before.fields}
    return frozenset(
        field.name
        for field in after.fields
        if kept.get(field.id, field.keep_days) != field.keep_days
    )


def _save(
    change: Change, account: int, draft: Draft, *, version: int, description: str, actor: Actor
) -> Schema:
    schema = schema_of(draft, version=version, published_at=change.now)
    values = {
        "account": account,
        "version": version,
        "description": description,
        "published_at": change.now,
        "published_by": actor.name,
        "body": to_json(schema),
    }
    run(change.conn, load_queries("definitions").insert_schema_version, values)
    detail = {"fields": len(schema.fields), "mappings": len(schema.mappings)}
    subject = Subject(account, "schema", version)
    record(change.conn, "published", subject, actor=actor, now=change.now, detail=detail)
    return schema
