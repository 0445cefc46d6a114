"""How much of a worker's time bulk lanes get."""

import msgspec

# Live events that come within this time after others count as a flow of them.
LIVE_SECONDS = 1.0
# A live event waits for the bulk batch under way, so that is kept short while there are any.
CAUTIOUS_LIMIT = 250
MOST_CREDIT_SECONDS = 0.5


class BulkShare(msgspec.Struct):
    """Lets bulk batches have `share` of the time while live events come, and all of it otherwise.

    Instants and spans are seconds of a monotonic clock; `share` lies between 0 and 1.
    """

    share: float
    _credit: float = 0.0
    _live_at: float = float("-inf")

    def note_live(self, seconds: float, *, now: float) -> None:
        """Note that live batches just took so long."""
        self._live_at = now
        earned = seconds * self.share / (1 - self.share)
        self._credit = min(self._credit + earned, MOST_CREDIT_SECONDS)

    def note_bulk(self, seconds: float) -> None:
        """Note that a bulk batch just took so long."""
        self._credit -= seconds

    def limit(self, most: int, *, live_waits: bool, now: float) -> int:
        """Return how many events the next bulk batch may have; 0: not now.

        `live_waits` says that the last turn left live events behind.
        """
        if now - self._live_at > LIVE_SECONDS:
            self._credit = 0.0
            return most
        if live_waits and self._credit <= 0:
            return 0
        return min(most, CAUTIOUS_LIMIT)
