"""How fast the bytes of a file go in a step of its way, and how long the rest takes."""

import time
from typing import Any

DIGITS = 1


class Travel:
    """Measures one step after another of one file after another."""

    def __init__(self) -> None:
        self._step: tuple[str, str] | None = None
        self._started = 0.0
        self._from = 0

    def told(self, file: str, step: str, done: int, total: int) -> dict[str, Any]:
        """Return how far a step is, as the key "progress" of a checkpoint holds it.

        `bytes_per_second` and `eta_seconds` are missing as long as nothing can be said of them.
        """
        now = time.monotonic()
        if (file, step) != self._step:
            self._step, self._started, self._from = (file, step), now, done
        told = {"file": file, "step": step, "bytes": done, "bytes_total": total}
        seconds, new = now - self._started, done - self._from
        if seconds > 0 and new > 0:
            rate = new / seconds
            told["bytes_per_second"] = round(rate)
            told["eta_seconds"] = round(max(0, total - done) / rate, DIGITS)
        return told
