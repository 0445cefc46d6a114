"""Expects people who are new, while batch after batch brings such."""

ENOUGH = 200
"""So many identifiers must have been looked up in vain before the next are not looked up."""
CAREFUL_BATCHES = 20
"""So many batches are looked up after one that was expected to be new and was not."""


class Newcomers:
    """What became of the latest look-ups in each account. One for each worker.

    Whoever expects newcomers takes their identifiers without a look-up, and finds out by their key
    if one of them was somebody's: an import of new people asks for four of them a row, in vain.
    """

    def __init__(self, *, enough: int = ENOUGH, careful: int = CAREFUL_BATCHES) -> None:
        self._enough = enough
        self._careful_batches = careful
        self._in_vain: dict[int, int] = {}
        self._careful: dict[int, int] = {}

    def are_expected(self, account: int) -> bool:
        """Say whether identifiers that nobody remembers may be taken as new."""
        return self._in_vain.get(account, 0) >= self._enough

    def note_lookup(self, account: int, *, asked: int, found: int) -> None:
        """Remember the outcome of a look-up; one that found somebody counts against newcomers."""
        careful = self._careful.get(account, 0)
        if careful:
            self._careful[account] = careful - 1
        elif found:
            self._in_vain[account] = 0
        else:
            self._in_vain[account] = self._in_vain.get(account, 0) + asked

    def note_mistake(self, account: int) -> None:
        """Remember that somebody was known who was expected to be new."""
        self._in_vain[account] = 0
        self._careful[account] = self._careful_batches
