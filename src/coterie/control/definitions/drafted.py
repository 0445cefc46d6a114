"""What a stored draft of a schema is, and why one cannot be had or changed."""

from datetime import datetime

import msgspec

from coterie.base.errors import UserError
from coterie.control.definitions.draft import Draft


class BadDraftError(UserError):
    """A draft that cannot be begun as asked."""

    code = "bad_draft"


class UnknownDraftError(UserError):
    """The account has no open draft of this name."""

    code = "unknown_draft"

    def __init__(self, *, account: int, name: str) -> None:
        super().__init__(
            f"Account {account} has no open schema draft {name!r}. `coterie schema draft list` "
            "lists those there are."
        )


class DraftChangedError(UserError):
    """Somebody else changed a draft meanwhile."""

    code = "draft_changed"

    def __init__(self, *, name: str, revision: int, by: str, at: datetime) -> None:
        super().__init__(
            f"The draft {name!r} was changed by {by} at {at:%Y-%m-%d %H:%M:%S} UTC, which you had "
            f"not seen; nothing was saved. Look at revision {revision}, then change that."
        )


class DraftBehindError(UserError):
    """Another version was published since a draft was begun."""

    code = "draft_behind"

    def __init__(self, *, name: str, base: int, current: int, clashes: int) -> None:
        both = (
            f" Both changed {clashes} of the same things, so somebody has to decide."
            if clashes
            else ""
        )
        super().__init__(
            f"The draft {name!r} was made from version {base}, and version {current} is in force."
            f"{both} Take over what was published with `coterie schema draft catch-up {name}`, and "
            "look at the differences again."
        )


class DraftRef(msgspec.Struct, frozen=True):
    """Which draft is meant; with `revision`, only as long as nobody has changed it since."""

    account: int
    name: str
    revision: int | None = None


class SchemaDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A stored draft. `revision` rises with each change; `base_version` is what it changes."""

    id: int
    account: int
    name: str
    description: str
    base_version: int
    revision: int
    content: Draft
    created_at: datetime
    created_by: str
    updated_at: datetime
    updated_by: str
