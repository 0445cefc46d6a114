"""What operators decide about identities."""

from datetime import datetime
from typing import Literal

import msgspec

from coterie.model.mapped import Identifier

DecisionKind = Literal["pin_apart", "pin_together", "block_value"]


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """One decision with who made it; `b` is None for a blocked value.

    `undone_at` None: it is in force.
    """

    id: int
    account: int
    kind: DecisionKind
    a: Identifier
    b: Identifier | None = None
    reason: str
    decided_at: datetime
    decided_by: str
    undone_at: datetime | None = None
    undone_by: str | None = None
    undo_reason: str | None = None


class DecisionWork(msgspec.Struct, frozen=True):
    """A decision, or the undoing of one, that profiles do not follow yet."""

    id: int
    account: int
    kind: Literal["pin_apart", "pin_together", "block_value", "undo"]
    identifiers: tuple[Identifier, ...]
