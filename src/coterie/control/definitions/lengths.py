"""How long a definition's text may be."""

from coterie.base.errors import UserError

# Every definition is read again by every worker, and a text of this size is read within a second.
LONGEST_TEXT = 100_000


class TextTooLongError(UserError):
    """A definition's text is longer than any that a person writes."""

    code = "text_too_long"

    def __init__(self, *, what: str, length: int) -> None:
        super().__init__(
            f"{what} has {length:,} characters; at most {LONGEST_TEXT:,} are taken. Divide it, or "
            "compare with a field in place of a long list of values."
        )


def check_length(text: str, *, what: str) -> None:
    """Raise TextTooLongError if `text` is too long; `what` begins the sentence ("The filter")."""
    if len(text) > LONGEST_TEXT:
        raise TextTooLongError(what=what, length=len(text))
