"""Remembers what texts became, since the cells of a column recur."""

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache

from coterie.lang.expr.codegen import FAULTS

# Of one kind: a hundred bytes each, or two.
MOST_TEXTS = 32_768
LONGEST_TEXT = 64
MOST_RECALLS = 64
# Values that nobody can change, so that all events may share one.
_SHARED = frozenset({str, int, float, bool, datetime, type(None)})


class Recall(dict[str, object]):
    """What each text that was asked for lately became; ask by `recall[text]`.

    A text that is a fault of `read` becomes None.
    """

    __slots__ = ("_read",)

    def __init__(self, read: Callable[[str], object]) -> None:
        super().__init__()
        self._read = read

    def __missing__(self, text: str) -> object:
        """Read a text, and remember it if it may come again."""
        try:
            value = self._read(text)
        except FAULTS:
            value = None
        if len(text) <= LONGEST_TEXT and value.__class__ in _SHARED:
            if len(self) >= MOST_TEXTS:
                self.clear()
            self[text] = value
        return value


@lru_cache(maxsize=MOST_RECALLS)
def recall_of(run: Callable[[str], object], fit: Callable[[object], object]) -> Recall:
    """Return the one memory of what texts become by `run` and then `fit`, of all that do both."""

    def read(text: str) -> object:
        value = run(text)
        return None if value is None else fit(value)

    return Recall(read)
