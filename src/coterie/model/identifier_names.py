"""What identifying fields are called, beside the names under which identifiers are stored."""

from collections.abc import Iterable

import msgspec

from coterie.model.decisions import Decision
from coterie.model.mapped import Identifier
from coterie.model.schema import Field


class IdentifierNames:
    """Turns identifiers as people name them into stored ones, and back.

    They differ where a field that identifies people was given another name since.
    """

    def __init__(self, fields: Iterable[Field]) -> None:
        self._stored = {
            field.name: field.stored_name
            for field in fields
            if field.identifier is not None and field.stored_name != field.name
        }
        self._shown = {stored: name for name, stored in self._stored.items()}

    @property
    def differ(self) -> bool:
        """Say whether any field is called otherwise than its identifiers are stored."""
        return bool(self._stored)

    def stored(self, identifier: Identifier) -> Identifier:
        """Return an identifier as profiles hold it."""
        field, value = identifier
        return self._stored.get(field, field), value

    def shown(self, identifier: Identifier) -> Identifier:
        """Return a stored identifier as people name it."""
        field, value = identifier
        return self._shown.get(field, field), value


def show_decision(decision: Decision, names: IdentifierNames) -> Decision:
    """Return a decision with its identifiers as people name them."""
    if not names.differ:
        return decision
    b = None if decision.b is None else names.shown(decision.b)
    return msgspec.structs.replace(decision, a=names.shown(decision.a), b=b)
