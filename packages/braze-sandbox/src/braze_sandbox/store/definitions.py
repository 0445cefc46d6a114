"""What a marketer defines in a workspace, on a shelf for each kind."""

from typing import Any, Protocol, TypeVar, cast, runtime_checkable

import msgspec

from braze_sandbox.model.campaign import Campaign, Segment
from braze_sandbox.model.canvas import Canvas, Journey
from braze_sandbox.model.catalog import Catalog, CatalogItem
from braze_sandbox.model.cohort import Cohort, Partner
from braze_sandbox.model.content_block import ContentBlock
from braze_sandbox.model.currents import Connector
from braze_sandbox.model.schedule import Schedule
from braze_sandbox.model.subscription import SubscriptionGroup


@runtime_checkable
class Definition(Protocol):
    """A definition has an id that is unique within its kind."""

    @property
    def id(self) -> str:
        """The id."""
        ...


KINDS: dict[str, type[Any]] = {
    "segment": Segment,
    "campaign": Campaign,
    "canvas": Canvas,
    "journey": Journey,
    "content_block": ContentBlock,
    "catalog": Catalog,
    "catalog_item": CatalogItem,
    "schedule": Schedule,
    "partner": Partner,
    "cohort": Cohort,
    "connector": Connector,
    "subscription_group": SubscriptionGroup,
}
_NAMES = {kind: name for name, kind in KINDS.items()}
_DECODERS = {name: msgspec.msgpack.Decoder(kind) for name, kind in KINDS.items()}
_T = TypeVar("_T")


class Definitions:
    """The shelves of one workspace."""

    def __init__(self) -> None:
        self._shelves: dict[str, dict[str, Any]] = {name: {} for name in KINDS}

    def shelf(self, kind: type[_T]) -> dict[str, _T]:
        """Return the definitions of a kind by their ids, in order of creation."""
        return cast("dict[str, _T]", self._shelves[_NAMES[kind]])

    def load(self, name: str, body: bytes) -> None:
        """Put a definition that was packed by `pack` back on its shelf."""
        definition = _DECODERS[name].decode(body)
        self._shelves[name][definition.id] = definition

    def clear(self) -> None:
        """Empty all shelves."""
        for shelf in self._shelves.values():
            shelf.clear()


def name_of(kind: type[Any]) -> str:
    """Return the name under which a kind is stored."""
    return _NAMES[kind]
