"""A piece of a template that other templates name."""

from datetime import datetime

import msgspec


class ContentBlock(msgspec.Struct, frozen=True, kw_only=True):
    """A named text; its name is its id."""

    name: str
    content: str
    created_at: datetime

    @property
    def id(self) -> str:
        """The name, which is unique."""
        return self.name
