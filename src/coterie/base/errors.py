"""The three families of errors, told apart by what the caller does next.

The concrete class lives beside the function that raises it, takes values, and builds a message
that says what is wrong, which thing it is about, and the cure.
"""


class CoterieError(Exception):
    """Common parent: `code` is stable and machine-readable, the message is for a person.

    `trial` is the message for a person who tries something out: nothing is tried again by itself
    there, so an error that says so has other words for it.
    """

    code = "error"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
        self.trial = message


class UserError(CoterieError):
    """The input must change before it makes sense to try again."""

    code = "invalid_input"


class TransientError(CoterieError):
    """Trying again may work; `retry_after` is in seconds and may be None.

    0 says that another transaction was in the way, so that there is nothing to wait for.
    """

    code = "try_again"

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class PermanentError(CoterieError):
    """Trying again will not help; a person has to act."""

    code = "needs_a_person"
