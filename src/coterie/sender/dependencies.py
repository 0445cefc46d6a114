"""What a sender is given: its view of both planes, its clock, its chance."""

import time
from collections.abc import Callable
from random import Random

import msgspec

from coterie.base.clock import Clock, system_clock
from coterie.base.seal import KeyRing
from coterie.flow.exports.desk import DeliveryDesk
from coterie.model.delivery import CALM_SECONDS

DEFAULT_TIMEOUT = 30.0


class SenderDependencies(msgspec.Struct, frozen=True, kw_only=True):
    """Built by the composition root; all times are in seconds.

    `parallel` is how many requests may be under way per endpoint and authorization at most: at the
    300 ms that an answer may take, that many are needed for the 400 a second of a large backfill.
    `takeover_seconds` is how long what is in doubt waits at least, so that what follows cannot
    overtake a request that is still on the wire. A user is deleted when nothing was sent of them
    for `calm_seconds` (Braze asks for five minutes between calls that depend on each other), and
    told of anything after that when as much time has passed. A job sleeps when nothing was sent for
    `sleep_seconds` and nothing waits. `chance` spreads retries.
    """

    desk: DeliveryDesk
    ring: KeyRing
    allow_private_addresses: bool = False
    flush_seconds: float = 1.0
    poll_seconds: float = 0.2
    parallel: int = 128
    timeout: float = DEFAULT_TIMEOUT
    takeover_seconds: float = 2.0
    calm_seconds: float = CALM_SECONDS
    sleep_seconds: float = 300.0
    report_seconds: float = 5.0
    clock: Clock = system_clock
    monotonic: Callable[[], float] = time.monotonic
    chance: Random = msgspec.field(default_factory=Random)
