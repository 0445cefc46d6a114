"""What the composition root hands to the console."""

from collections.abc import Callable, Mapping
from datetime import datetime

import msgspec

from coterie.base.clock import Clock
from coterie.base.seal import KeyRing
from coterie.base.settings import Settings
from coterie.console.reads import Reads
from coterie.control import Store
from coterie.control.authorizations import Probe
from coterie.model.control import Actor


class ConsoleDependencies(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the console's handlers call.

    `probes` tries an authorization by provider; replay_refused(account, job_id, actor, now) sends
    what a job's destination refused again and returns the number of users.
    """

    store: Store
    ring: KeyRing
    clock: Clock
    settings: Settings
    reads: Reads
    probes: Mapping[str, Probe]
    replay_refused: Callable[[int, int, Actor, datetime], int]
