"""Reads the numbered versions of an account's schema, and their fields."""

from datetime import datetime

import msgspec

from coterie.base.errors import UserError
from coterie.control.rows import find_one, list_all
from coterie.model.schema import SCALAR_KINDS, Field, Schema
from coterie.store import Connection, Store, load_queries


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
