"""Calls fields by one name on all sides of a merge, whatever each side has renamed."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

import msgspec

from coterie.control.definitions.draft import Draft
from coterie.model.schema import Field, Schema

Choose = Callable[[str, str, str, str], str]
"""Takes what is named and its name in the base, the draft and what is published; returns one."""

Tell = Callable[[str, str, str], None]
"""Takes what is named and its names in the draft and in what is published, which clash."""

S = TypeVar("S", Draft, Schema)
# A new field may have a name that a field gave up. No name holds a line end.
_AGAIN = "\n"


class Naming:
    """What a side calls the fields of the version that all sides began from."""

    def __init__(self, base: Schema, fields: Iterable[Field]) -> None:
        known = {field.id: field.name for field in base.fields}
        fields = tuple(fields)
        kept = {known[field.id]: field.name for field in fields if field.id in known}
        self.names = kept
        """The side's names of fields by their names in the base."""
        self._keys = {new: old for old, new in kept.items()}
        for field in fields:
            if field.id not in known:
                key = field.name + _AGAIN if field.name in kept else field.name
                self._keys[field.name] = key

    def apply(self, side: S) -> S:
        """Return the side with fields under the names that they have in the base."""
        return call_fields(side, self._keys)


def call_fields(side: S, names: Mapping[str, str]) -> S:
    """Return a schema with these names of fields in place of those that it has."""
    return msgspec.structs.replace(
        side,
        fields=tuple(
            msgspec.structs.replace(field, name=names.get(field.name, field.name))
            for field in side.fields
        ),
        mappings=tuple(
            msgspec.structs.replace(mapping, field=names.get(mapping.field, mapping.field))
            for mapping in side.mappings
        ),
    )


def choose_names(
    keys: Iterable[str], mine: Naming, theirs: Naming, choose: Choose, tell: Tell
) -> dict[str, str]:
    """Return what fields are called in the end; two that want one name clash.

    Who was renamed gives way then, since the other is known by that name already.
    """
    found: dict[str, str] = {}
    for key in keys:
        base = key.removesuffix(_AGAIN)
        names = mine.names.get(key, base), theirs.names.get(key, base)
        found[key] = choose(f"name of field {base}", base, *names)
    taken = Counter(found.values())
    for key, name in found.items():
        if taken[name] > 1 and name != key:
            tell(f"name of field {key}", mine.names.get(key, key), theirs.names.get(key, key))
            found[key] = key
    return found
