"""What differs between two versions of a schema, and going back to an earlier one."""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from coterie.base.clock import Clock
from coterie.control.definitions.draft import Draft
from coterie.control.definitions.renaming import find_renamed
from coterie.control.definitions.schema import publish_edit
from coterie.control.definitions.schema_versions import current_schema, get_schema
from coterie.model.control import Actor
from coterie.model.schema import Mapping as FieldMapping
from coterie.model.schema import Schema
from coterie.store import Store

How = Literal["new", "modified", "deleted"]


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One field or mapping that differs; `before` and `after` hold what does, by its name."""

    what: str
    how: How
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}


class SchemaDifference(msgspec.Struct, frozen=True, kw_only=True):
    """All that differs from one version to another; mappings are named stream/field.

    `blocked` tells of the values that name nobody: those added, and those taken off.
    """

    since: int
    version: int
    fields: tuple[Difference, ...]
    mappings: tuple[Difference, ...]
    streams: tuple[Difference, ...]
    blocked: tuple[Difference, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Say whether nothing differs."""
        return not (self.fields or self.mappings or self.streams or self.blocked)


def diff_schemas(before: Schema, after: Schema) -> SchemaDifference:
    """Return what differs from `before` to `after`. A field is the same as long as its id is."""
    return SchemaDifference(
        since=before.version,
        version=after.version,
        fields=_compare(
            {str(field.id): _plain(field) for field in before.fields},
            {str(field.id): _plain(field) for field in after.fields},
            names={str(field.id): field.name for field in (*before.fields, *after.fields)},
        ),
        mappings=_compare(
            _mappings(before, find_renamed(before.fields, after.fields)), _mappings(after)
        ),
        streams=_compare(
            {rule.stream: _plain(rule) for rule in before.streams},
            {rule.stream: _plain(rule) for rule in after.streams},
        ),
        blocked=_compare(
            {value: {"value": value} for value in before.blocked_values},
            {value: {"value": value} for value in after.blocked_values},
        ),
    )


def find_differences(
    store: Store, account: int, since: int | None, version: int | None
) -> SchemaDifference:
    """Return what differs from a version to another; None: the one before it, the one in force.

    Raises UnknownSchemaError.
    """
    after = (
        current_schema(store, account) if version is None else get_schema(store, account, version)
    )
    earlier = max(1, after.version - 1) if since is None else since
    return diff_schemas(get_schema(store, account, earlier), after)


def revert_schema(
    store: Store, *, account: int, version: int, actor: Actor, clock: Clock
) -> Schema:
    """Publish an earlier version again, as the next one; a field gets its values back.

    Raises UnknownSchemaError and what `publish_edit` raises.
    """
    earlier = get_schema(store, account, version)

    def go_back(draft: Draft) -> Draft:
        return msgspec.structs.replace(
            draft,
            fields=earlier.fields,
            mappings=earlier.mappings,
            streams=earlier.streams,
            blocked_values=earlier.blocked_values,
        )

    return publish_edit(
        store,
        account=account,
        edit=go_back,
        description=f"As version {version}",
        actor=actor,
        clock=clock,
    )


def _mappings(
    schema: Schema, renamed: Mapping[str, str] | None = None
) -> dict[str, dict[str, Any]]:
    """Return the mappings by stream and field; several of one field are told apart by number.

    Those to fields that are `renamed` later follow them, which is no difference.
    """
    found: dict[str, dict[str, Any]] = {}
    names = renamed or {}
    for each in schema.mappings:
        mapping = msgspec.structs.replace(each, field=names.get(each.field, each.field))
        found[_free_name(found, mapping)] = _plain(mapping)
    return found


def _free_name(taken: Mapping[str, object], mapping: FieldMapping) -> str:
    name, number = f"{mapping.stream}/{mapping.field}", 1
    while (name if number == 1 else f"{name} {number}") in taken:
        number += 1
    return name if number == 1 else f"{name} {number}"


def _plain(value: msgspec.Struct) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(value)
    # Where identifiers are stored follows from earlier names, and is no difference to anybody.
    found.pop("stored_as", None)
    return found


def _compare(
    before: Mapping[str, dict[str, Any]],
    after: Mapping[str, dict[str, Any]],
    names: Mapping[str, str] | None = None,
) -> tuple[Difference, ...]:
    found: list[Difference] = []
    for key in [*before, *(key for key in after if key not in before)]:
        was, now = before.get(key), after.get(key)
        what = key if names is None else names[key]
        if was is None:
            found.append(Difference(what=what, how="new", after=now or {}))
        elif now is None:
            found.append(Difference(what=what, how="deleted", before=was))
        elif was != now:
            changed = [name for name in was | now if was.get(name) != now.get(name)]
            found.append(
                Difference(
                    what=what,
                    how="modified",
                    before={name: was.get(name) for name in changed},
                    after={name: now.get(name) for name in changed},
                )
            )
    return tuple(found)
