"""Remembers whose identifiers were, so that those who come back need not be looked up."""

from coterie.base.lately import Lately
from coterie.model.mapped import Identifier
from coterie.model.profile import ProfileId

HINTS = 200_000
"""Hints that are young; as many older ones are kept. Together about 70 MB."""


class OwnerHints(Lately[Identifier, ProfileId]):
    """Profiles that identifiers belonged to when they were last seen; any of it may be outdated.

    The groups are accounts. Whoever uses a hint locks the profile and looks whether it holds the
    identifier.
    """

    def __init__(self, size: int = HINTS) -> None:
        super().__init__(size)
