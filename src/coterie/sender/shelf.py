"""What is under way at one destination, and how far its waiting rows were read."""

from collections.abc import Collection

from coterie.connectors.destination import Forms
from coterie.model.delivery import DestinationPlan, Load
from coterie.sender.parcels import Packing, pack
from coterie.sender.waiting import Waiting


class Shelf:
    """Where the sender of an authorization stands at one of its destinations.

    `busy` are the users of whom something is under way, or about to be; `outdated` are those of
    them who were packed when more was kept back than is now. `ripe_at` is when what does not fill
    a parcel may leave, if some waits. Instants are seconds of a monotonic clock.
    """

    def __init__(self, plan: DestinationPlan, *, now: float) -> None:
        self.plan = plan
        self.busy: set[str] = set()
        self.outdated: set[str] = set()
        self.waiting = Waiting()
        self.queue_position = 0
        self.ripe_at: float | None = None
        self.from_start_at = 0.0
        # When a parcel that was not full last left.
        self._part_left_at = now

    def restart(self) -> None:
        """Read what waits from the start again."""
        self.waiting.restart()
        self.queue_position = 0

    def free(self, users: Collection[str]) -> bool:
        """Note that nothing of users is under way any more.

        Return whether they were the last who were packed when more was kept back: their rows say
        so still.
        """
        self.busy.difference_update(users)
        had_outdated = bool(self.outdated)
        self.outdated.difference_update(users)
        return had_outdated and not self.outdated

    def pack(
        self, loads: list[Load], *, at_end: bool, now: float, flush_seconds: float, forms: Forms
    ) -> Packing:
        """Return what may leave: full parcels at once, the rest if none left unfilled lately.

        So what changes now and then leaves at once, and what changes all the time is gathered for
        `flush_seconds`, in which a user's changes become one. The rest is read again, as it is
        then.
        """
        ripe_at = self._part_left_at + flush_seconds
        packing = pack(self.plan, loads, forms=forms, all_of_it=at_end and now >= ripe_at)
        if packing.has_unfilled:
            self._part_left_at = now
        if at_end and packing.rest:
            self.ripe_at = ripe_at
        return packing
