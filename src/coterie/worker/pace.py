"""How boldly a worker goes on: less after a failure, more after each success."""

import msgspec

TRIES_BEFORE_BISECTION = 3


class Pace(msgspec.Struct):
    """How boldly a lane or the flips are taken: things a batch, failures in a row."""

    limit: int
    failures: int = 0

    @property
    def is_at_poison(self) -> bool:
        """Whether the next thing alone is what cannot be processed."""
        return self.limit == 1 and self.failures >= TRIES_BEFORE_BISECTION

    def slow_down(self) -> None:
        """Take half as many: somebody else was in the way."""
        self.limit = max(1, self.limit // 2)

    def fail(self) -> None:
        """Try again, and bisect what keeps failing."""
        self.failures += 1
        if self.failures >= TRIES_BEFORE_BISECTION:
            self.slow_down()

    def succeed(self, most: int) -> None:
        """Take twice as many, at most `most`."""
        self.failures = 0
        self.limit = min(most, self.limit * 2)
