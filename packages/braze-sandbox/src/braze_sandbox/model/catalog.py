"""Catalogs with their items."""

from datetime import datetime
from typing import Literal, TypeAlias

import msgspec

from braze_sandbox.model.profile import Value

FieldType: TypeAlias = Literal["string", "number", "boolean", "time", "object", "array"]


class CatalogField(msgspec.Struct, frozen=True):
    """A column of a catalog."""

    name: str
    type: FieldType


class Catalog(msgspec.Struct, frozen=True, kw_only=True):
    """A table of items; its name is its id, and its first field is `id`."""

    name: str
    description: str = ""
    fields: tuple[CatalogField, ...]
    created_at: datetime
    updated_at: datetime

    @property
    def id(self) -> str:
        """The name, which is unique."""
        return self.name


class CatalogItem(msgspec.Struct, frozen=True, kw_only=True):
    """A row of a catalog."""

    catalog: str
    key: str
    values: dict[str, Value]

    @property
    def id(self) -> str:
        """What is unique in a workspace."""
        return f"{self.catalog}/{self.key}"
