"""Remembers what was noted or asked for lately."""

from collections.abc import Collection, Mapping
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")
"""Anything but None."""


class Lately(Generic[Key, Value]):
    """A memory in groups, for whole batches at a time.

    At most `size` things are young in all groups together, and as many older ones are kept.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._held = 0
        self._young: dict[int, dict[Key, Value]] = {}
        self._old: dict[int, dict[Key, Value]] = {}

    def find(self, group: int, keys: Collection[Key]) -> dict[Key, Value]:
        """Return what is remembered of `keys`; it is young again."""
        young, old = self._young.get(group, {}).get, self._old.get(group)
        found = {key: value for key in keys if (value := young(key)) is not None}
        if old and len(found) < len(keys):
            again = {key: old[key] for key in keys if key in old and key not in found}
            found |= again
            self.note(group, again)
        return found

    def note(self, group: int, values: Mapping[Key, Value]) -> None:
        """Remember values, in place of what was remembered of their keys."""
        young = self._young.setdefault(group, {})
        before = len(young)
        young.update(values)
        self._held += len(young) - before
        if self._held > self._size:
            self._old, self._young, self._held = self._young, {}, 0
