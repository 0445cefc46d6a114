"""Keyed names of identifiers, which do not tell what they name."""

from collections import OrderedDict
from collections.abc import Callable

from coterie.base.ids import keyed_hash
from coterie.model.mapped import Identifier

IDENTITY_PURPOSE = "identity"
"""What the key that names profiles is made for."""
NODE_CACHE = 200_000


class Names:
    """Names profiles and nodes of the timeline; remembered for a while because they recur."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._nodes: OrderedDict[tuple[int, Identifier], bytes] = OrderedDict()

    def profile(self, account: int) -> Callable[[Identifier], str]:
        """Return the function that names an account's profiles by their first identifier."""
        number = str(account)
        return lambda first: keyed_hash(self._key, "profile", number, *first).hex()

    def node(self, account: int) -> Callable[[Identifier], bytes]:
        """Return the function that gives an account's nodes of the timeline their 16 bytes."""
        number, nodes = str(account), self._nodes

        def name(identifier: Identifier) -> bytes:
            key = (account, identifier)
            known = nodes.get(key)
            if known is None:
                known = keyed_hash(self._key, "node", number, *identifier)
                nodes[key] = known
                if len(nodes) > NODE_CACHE:
                    nodes.popitem(last=False)
            return known

        return name
