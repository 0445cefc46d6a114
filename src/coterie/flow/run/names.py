"""Keyed names of identifiers, which do not tell what they name."""

from collections.abc import Callable, Collection, Mapping

from coterie.base.ids import keyed_hashes
from coterie.base.lately import Lately
from coterie.model.mapped import Identifier

IDENTITY_PURPOSE = "identity"
"""What the key that names profiles is made for."""
YOUNG_NODES = 100_000
"""Names that were asked for lately; as many older ones are kept."""


class Names:
    """Names profiles and nodes of the timeline."""

    def __init__(self, key: bytes, *, size: int = YOUNG_NODES) -> None:
        self._key = key
        self._known: Lately[Identifier, bytes] = Lately(size)
        self._hashers: dict[tuple[str, int, str], Callable[[str], bytes]] = {}

    def profile(self, account: int) -> Callable[[Identifier], str]:
        """Return the function that names an account's profiles by their first identifier."""
        node = self._by_field("profile", account)
        return lambda first: node(first).hex()

    def node(self, account: int) -> Callable[[Identifier], bytes]:
        """Return the function that gives an account's nodes of the timeline their 16 bytes.

        It remembers none, as is best for those that are named once.
        """
        return self._by_field("node", account)

    def nodes(
        self, account: int, identifiers: Collection[Identifier]
    ) -> Mapping[Identifier, bytes]:
        """Return the names of many nodes of the timeline, and remember them for a while."""
        found = self._known.find(account, identifiers)
        if len(found) < len(identifiers):
            name = self.node(account)
            made = {item: name(item) for item in identifiers if item not in found}
            self._known.note(account, made)
            found |= made
        return found

    def _by_field(self, purpose: str, account: int) -> Callable[[Identifier], bytes]:
        hashers: dict[str, Callable[[str], bytes]] = {}

        def name(identifier: Identifier) -> bytes:
            field, value = identifier
            hasher = hashers.get(field)
            if hasher is None:
                hasher = hashers[field] = self._hasher(purpose, account, field)
            return hasher(value)

        return name

    def _hasher(self, purpose: str, account: int, field: str) -> Callable[[str], bytes]:
        key = (purpose, account, field)
        hasher = self._hashers.get(key)
        if hasher is None:
            hasher = keyed_hashes(self._key, purpose, str(account), field)
            self._hashers[key] = hasher
        return hasher
