"""Reads the options of jobs; what was not given is not among them.

So a new job has what is usual, and one that changes keeps what it had.
"""

from typing import Any

from coterie.cli.entries import BadEntryError

NONE = "none"
"""The word that takes a list, text, field or rule away."""


class Choices(dict[str, Any]):
    """Options of a job by name; what was not given is not in it."""

    def put(self, name: str, value: Any) -> None:
        """Keep an option that was given."""
        if value is not None:
            self[name] = value


NO_CHOICES = Choices()


def without_none(given: list[str] | None) -> list[str] | None:
    """Return a list that was given, empty if it is the word that takes all away."""
    # Typer hands over an empty list for an option that was not given.
    return [] if given == [NONE] else given or None


def empty_if_none(given: str | None) -> str | None:
    """Return a text that was given, empty if it is the word that takes it away."""
    return "" if given == NONE else given


def read_words(text: str | None) -> list[str] | None:
    """Return the parts of a comma list, None without one."""
    if text is None:
        return None
    return [word.strip() for word in text.split(",") if word.strip()]


def read_numbers(text: str | None) -> list[int] | None:
    """Return the whole numbers of a comma list, None without one; raise BadEntryError."""
    words = read_words(text)
    if words is None:
        return None
    for word in words:
        if not (word.isascii() and word.isdigit()):
            raise BadEntryError(message=f"{word!r} is no whole number. Write them as 400,404.")
    return [int(word) for word in words]
