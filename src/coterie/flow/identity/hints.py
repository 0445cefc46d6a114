"""Remembers whose identifiers were, so that those who come back need not be looked up."""

from collections.abc import Iterable, Mapping

from coterie.model.mapped import Identifier
from coterie.model.profile import ProfileId

HINTS = 200_000
"""Hints that are young; as many older ones are kept. Together about 100 MB."""

_Key = tuple[int, Identifier]


class OwnerHints:
    """Profiles that identifiers belonged to when they were last seen; any of it may be outdated.

    Whoever uses a hint locks the profile and looks whether it holds the identifier.
    """

    def __init__(self, size: int = HINTS) -> None:
        self._size = size
        self._young: dict[_Key, ProfileId] = {}
        self._old: dict[_Key, ProfileId] = {}

    def find(self, account: int, identifiers: Iterable[Identifier]) -> dict[Identifier, ProfileId]:
        """Return the hints that there are."""
        young, old = self._young, self._old
        found: dict[Identifier, ProfileId] = {}
        for identifier in identifiers:
            key = (account, identifier)
            owner = young.get(key)
            if owner is None:
                owner = old.get(key)
                if owner is None:
                    continue
                young[key] = owner
            found[identifier] = owner
        self._age()
        return found

    def note(self, account: int, owners: Mapping[Identifier, ProfileId]) -> None:
        """Remember owners."""
        for identifier, owner in owners.items():
            self._young[account, identifier] = owner
        self._age()

    def _age(self) -> None:
        if len(self._young) > self._size:
            self._old, self._young = self._young, {}
