"""Keyed names of identifiers, which do not tell what they name."""

from collections.abc import Callable

from coterie.base.ids import keyed_hashes
from coterie.model.mapped import Identifier

IDENTITY_PURPOSE = "identity"
"""What the key that names profiles is made for."""
YOUNG_NODES = 100_000
"""Names that were asked for lately; as many older ones are kept."""


class Names:
    """Names profiles and nodes of the timeline; remembered for a while because they recur."""

    def __init__(self, key: bytes, *, size: int = YOUNG_NODES) -> None:
        self._key = key
        self._size = size
        self._young: dict[tuple[int, Identifier], bytes] = {}
        self._old: dict[tuple[int, Identifier], bytes] = {}

    def profile(self, account: int) -> Callable[[Identifier], str]:
        """Return the function that names an account's profiles by their first identifier."""
        hashes = self._hashes("profile", account)
        return lambda first: hashes(first).hex()

    def node(self, account: int) -> Callable[[Identifier], bytes]:
        """Return the function that gives an account's nodes of the timeline their 16 bytes."""
        hashes = self._hashes("node", account)

        def name(identifier: Identifier) -> bytes:
            key = (account, identifier)
            known = self._young.get(key)
            if known is None:
                known = self._old.get(key) or hashes(identifier)
                if len(self._young) >= self._size:
                    self._old, self._young = self._young, {}
                self._young[key] = known
            return known

        return name

    def _hashes(self, purpose: str, account: int) -> Callable[[Identifier], bytes]:
        by_field: dict[str, Callable[[str], bytes]] = {}

        def name(identifier: Identifier) -> bytes:
            field, value = identifier
            hashes = by_field.get(field)
            if hashes is None:
                hashes = by_field[field] = keyed_hashes(self._key, purpose, str(account), field)
            return hashes(value)

        return name
