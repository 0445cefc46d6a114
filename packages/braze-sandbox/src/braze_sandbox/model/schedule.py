"""A send that waits for its time."""

from datetime import datetime
from typing import Literal, TypeAlias

import msgspec

from braze_sandbox.model.profile import Value

SendKind: TypeAlias = Literal["messages", "campaigns", "canvas"]


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """The body of a send of one kind, done at `due` with the key that ordered it."""

    id: str
    kind: SendKind
    key: str
    body: dict[str, Value]
    due: datetime
