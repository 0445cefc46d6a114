"""How much each of many senders may still do at a rate."""

from collections import OrderedDict

MOST_KEYS = 10_000
BURST_SECONDS = 2


class Allowance:
    """Grows by `per_second` for each key, up to two seconds' worth; 0 is no limit.

    What is charged beyond it is a debt that has to be paid off first. Not for several threads.
    """

    def __init__(self, *, per_second: int) -> None:
        self.per_second = per_second
        self._left: OrderedDict[int, tuple[float, int]] = OrderedDict()

    def wait_seconds(self, key: int, *, now_us: int) -> float:
        """Return how long `key` has to wait until it may do one more; 0 if it may now."""
        if not self.per_second:
            return 0.0
        return max(0.0, (1 - self._grown(key, now_us)) / self.per_second)

    def charge(self, key: int, amount: int, *, now_us: int) -> None:
        """Take `amount` from what `key` may do."""
        if not self.per_second:
            return
        left = self._grown(key, now_us) - amount
        self._left[key] = (left, now_us)
        self._left.move_to_end(key)
        # Whoever was idle for longest has most likely all of it back.
        if len(self._left) > MOST_KEYS:
            self._left.popitem(last=False)

    def _grown(self, key: int, now_us: int) -> float:
        most = float(self.per_second * BURST_SECONDS)
        left, at_us = self._left.get(key, (most, now_us))
        # The clock of a machine may be set back.
        return min(most, left + max(now_us - at_us, 0) / 1e6 * self.per_second)
