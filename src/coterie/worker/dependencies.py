"""What the composition root hands to the parts of the worker."""

import msgspec

from coterie.base.clock import Clock
from coterie.base.seal import KeyRing
from coterie.base.settings import Settings
from coterie.flow.run.context import Contexts
from coterie.flow.run.settle import Settler
from coterie.store import Store


class BuildSite(msgspec.Struct, frozen=True):
    """What a worker has that helps to build audiences."""

    store: Store
    clock: Clock
    contexts: Contexts


class Bench(msgspec.Struct, frozen=True):
    """The place where jobs are worked on, one thread at a time."""

    settings: Settings
    clock: Clock
    ring: KeyRing
    store: Store
    contexts: Contexts

    @property
    def settler(self) -> Settler:
        """What clusters identities again."""
        return Settler(self.contexts)
