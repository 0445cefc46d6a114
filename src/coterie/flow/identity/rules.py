"""How strong each identifying field is, and which hold one value a profile."""

from collections.abc import Iterable

import msgspec

from coterie.model.mapped import Identifier
from coterie.model.schema import Schema

WEAKEST = 1_000_000


class IdentityRules(msgspec.Struct, frozen=True):
    """The identity part of a schema, ready for use. `ranks`: field name to rank, 0 strongest."""

    ranks: dict[str, int]
    unique: frozenset[str]

    def strength(self, identifier: Identifier) -> tuple[int, Identifier]:
        """Sort key: stronger first, then by the identifier itself."""
        return self.ranks.get(identifier[0], WEAKEST), identifier

    def first_seen(self, nodes: Iterable[tuple[Identifier, int]]) -> Identifier:
        """Return the identifier that names the profile: first seen, then strongest."""
        return min(nodes, key=lambda node: (node[1], *self.strength(node[0])))[0]


def identity_rules(schema: Schema) -> IdentityRules:
    """Take the identity rules out of a published schema."""
    marked = [(field.name, field.identifier) for field in schema.fields if field.identifier]
    return IdentityRules(
        {name: rule.rank for name, rule in marked},
        frozenset(name for name, rule in marked if rule.unique),
    )
