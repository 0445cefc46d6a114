"""The numbered versions of an account's schema."""

from collections.abc import Callable
from datetime import datetime

import msgspec

from coterie.base.clock import Clock
from coterie.base.errors import UserError
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
from coterie.control.definitions.streams import ensure_in
from coterie.control.rows import find_one, get_value, list_all, run, to_json
from coterie.model.control import Actor
from coterie.model.schema import SCALAR_KINDS, Field, Schema
from coterie.store import Connection, Store, load_queries

Edit = Callable[[Draft], Draft]


class UnknownSchemaError(UserError):
    """The account has no such schema version."""

    code = "unknown_schema"

    def __init__(self, *, account: int, version: int | None) -> None:
        what = "published schema" if version is None else f"schema version {version}"
        super().__init__(
            f"Account {account} has no {what}. `coterie schema versions` lists them, and "
            "`coterie account list` the accounts."
        )


class UnknownFieldError(UserError):
    """The schema has no such field, or it is of a kind that does not fit."""

    code = "unknown_field"


class SchemaVersion(msgspec.Struct, frozen=True, kw_only=True):
    """What is told of a version in a list."""

    version: int
    description: str
    published_at: datetime
    published_by: str


class _Body(msgspec.Struct, frozen=True):
    body: Schema


def current_schema(store: Store, account: int) -> Schema:
    """Return the version in force. Raises UnknownSchemaError."""
    with store.transaction() as conn:
        return current_in(conn, account)


def get_schema(store: Store, account: int, version: int) -> Schema:
    """Return one version. Raises UnknownSchemaError."""
    with store.transaction() as conn:
        return get_in(conn, account, version)


def get_field(store: Store, account: int, name: str) -> Field:
    """Return a field of the version in force. Raises UnknownFieldError, UnknownSchemaError."""
    return _find_field(current_schema(store, account), account, name)


def list_versions(store: Store, account: int) -> list[SchemaVersion]:
    """Return what was published when and by whom, newest first."""
    with store.transaction() as conn:
        query = load_queries("definitions").list_schema_versions
        return list_all(conn, query, {"account": account}, row=SchemaVersion)


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


def current_in(conn: Connection, account: int) -> Schema:
    """Return the version in force as the caller's transaction sees it."""
    query = load_queries("definitions").find_current_schema
    found = find_one(conn, query, {"account": account}, row=_Body)
    if found is None:
        raise UnknownSchemaError(account=account, version=None)
    return found.body


def get_in(conn: Connection, account: int, version: int) -> Schema:
    """Return one version as the caller's transaction sees it. Raises UnknownSchemaError."""
    values = {"account": account, "version": version}
    found = find_one(conn, load_queries("definitions").find_schema, values, row=_Body)
    if found is None:
        raise UnknownSchemaError(account=account, version=version)
    return found.body


def require_field(conn: Connection, account: int, name: str) -> Field:
    """Return a field of the version in force. Raises UnknownFieldError."""
    return _find_field(current_in(conn, account), account, name)


def require_scalar_field(conn: Connection, account: int, name: str) -> None:
    """Raise UnknownFieldError unless the schema has a field `name` that holds one value."""
    found = _find_field(current_in(conn, account), account, name)
    if found.kind not in SCALAR_KINDS:
        raise UnknownFieldError(
            message=f"The field {name!r} holds several values ({found.kind}). Choose one that "
            "holds one."
        )


def _find_field(schema: Schema, account: int, name: str) -> Field:
    found = next((field for field in schema.fields if field.name == name), None)
    if found is None:
        known = ", ".join(field.name for field in schema.fields if field.identifier is not None)
        raise UnknownFieldError(
            message=f"The schema of account {account} has no field {name!r}. Its identifiers are "
            f"{known}; `coterie field list` lists all fields."
        )
    return found


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
