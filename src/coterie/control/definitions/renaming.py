"""Gives a field another name in a draft; the field keeps its number, and so its values."""

from collections.abc import Iterable

import msgspec

from coterie.control.definitions.draft import Draft, SchemaError, check_name
from coterie.control.definitions.edits import FieldExistsError, get_field
from coterie.model.schema import Field


def rename_field(draft: Draft, name: str, new_name: str) -> Draft:
    """Return the draft with a field, and the mappings to it, under another name.

    Who reads the field is told of it when the draft is published; identifiers stay stored under the
    name that the field had when it began to identify. Raises SchemaError, FieldExistsError.
    """
    field = get_field(draft, name)
    if new_name == name:
        return draft
    if draft.find_field(check_name(new_name)) is not None:
        raise FieldExistsError(name=new_name)
    stored = field.stored_name if field.identifier is not None else field.stored_as
    renamed = msgspec.structs.replace(
        field, name=new_name, stored_as=None if stored == new_name else stored
    )
    return msgspec.structs.replace(
        draft,
        fields=tuple(renamed if known.id == field.id else known for known in draft.fields),
        mappings=tuple(
            msgspec.structs.replace(mapping, field=new_name) if mapping.field == name else mapping
            for mapping in draft.mappings
        ),
    )


def find_stored_alike(fields: Iterable[Field]) -> list[tuple[Field, Field]]:
    """Return fields whose identifiers would be stored under another's name, each with that one.

    Two people would be one whose values are the same.
    """
    fields = [field for field in fields if field.identifier is not None]
    owners = {field.stored_name: field for field in fields if field.stored_name != field.name}
    return [
        (field, owners[field.stored_name])
        for field in fields
        if owners.get(field.stored_name, field).id != field.id
    ]


def stored_alike(field: Field, other: Field) -> str:
    """Return why a field of this name cannot identify people."""
    return (
        f"Identifiers of {other.name!r} are stored under the name {field.stored_name!r}, which it "
        f"had once. Let {field.name!r} identify people under another name."
    )


def find_renamed(before: Iterable[Field], after: Iterable[Field]) -> dict[str, str]:
    """Return the new names by the old ones of the fields that are called otherwise."""
    names = {field.id: field.name for field in after}
    return {
        field.name: names[field.id]
        for field in before
        if names.get(field.id, field.name) != field.name
    }


def find_moved_names(before: Iterable[Field], after: Iterable[Field]) -> list[str]:
    """Return the names that would go from one field to another at once.

    A filter that says such a name could mean either. A field that was dropped and made again keeps
    its number, so its name does not count.
    """
    after = tuple(after)
    known = {field.id: field.name for field in before}
    owners = {name: number for number, name in known.items()}
    left = {field.id for field in after}
    return [
        field.name
        for field in after
        if (owner := owners.get(field.name, field.id)) != field.id
        and (owner in left or field.id in known)
    ]


def check_moved_names(before: Iterable[Field], after: Iterable[Field]) -> None:
    """Raise SchemaError if a name would go from one field to another, for readers or in store."""
    after = tuple(after)
    for name in find_moved_names(before, after):
        raise SchemaError(message=moved_name(name))
    for field, other in find_stored_alike(after):
        raise SchemaError(message=stored_alike(field, other))


def moved_name(name: str) -> str:
    """Return why a field cannot be called so yet."""
    return (
        f"The name {name!r} is that of another field until the next version. Publish without it "
        "first, then give the name away."
    )
