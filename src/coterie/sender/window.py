"""Decides how many requests may be under way at once."""

FIRST = 4


class Window:
    """Grows with every answer and halves when the destination cannot keep up.

    Until the first trouble it grows by one an answer (doubling every round trip), afterwards by one
    a round trip: additive increase, multiplicative decrease, as TCP does it (RFC 5681).
    """

    def __init__(self, *, most: int) -> None:
        self._most = most
        self._size = float(min(FIRST, most))
        self._is_starting = True

    @property
    def size(self) -> int:
        """How many requests may be under way."""
        return int(self._size)

    def widen(self) -> None:
        """Count an answer."""
        step = 1.0 if self._is_starting else 1.0 / self._size
        self._size = min(float(self._most), self._size + step)

    def narrow(self) -> None:
        """Count a refusal for want of room, or an answer that never came."""
        self._is_starting = False
        self._size = max(1.0, self._size / 2)
