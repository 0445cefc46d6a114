"""What a person is told when a text of the expression language is wrong."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Self

from coterie.base.errors import UserError

LONGEST_SHOWN_LINE = 120


class LangError(UserError):
    """A text that cannot be used: says where, what was expected, and what was perhaps meant.

    `line` and `column` count from 1; `marker` is the line itself with a caret under the place.
    """

    code = "invalid_expression"

    def __init__(
        self,
        problem: str,
        *,
        text: str = "",
        at: int = 0,
        expected: str | None = None,
        suggestion: str | None = None,
    ) -> None:
        self.problem = problem
        self.text = text
        self.at = min(at, len(text))
        self.expected = expected
        self.suggestion = suggestion
        self.line = text.count("\n", 0, self.at) + 1
        start = text.rfind("\n", 0, self.at) + 1
        self.column = self.at - start + 1
        self.marker = _mark(text, start, self.at)
        super().__init__(self._explain())

    @classmethod
    def of(cls, error: "LangError") -> Self:
        """Return the same complaint as this language's own error class."""
        return cls(
            error.problem,
            text=error.text,
            at=error.at,
            expected=error.expected,
            suggestion=error.suggestion,
        )

    def _explain(self) -> str:
        message = f"Line {self.line}, column {self.column}: {self.problem}"
        if self.expected:
            message += f", expected {self.expected}"
        message += "."
        if self.suggestion:
            message += f" Did you mean {self.suggestion!r}?"
        return f"{message}\n{self.marker}" if self.text else message


def _mark(text: str, start: int, at: int) -> str:
    end = text.find("\n", at)
    line = text[start : end if end >= 0 else len(text)]
    column = at - start
    cut = max(0, column - LONGEST_SHOWN_LINE // 2)
    shown = line[cut : cut + LONGEST_SHOWN_LINE].replace("\t", " ").rstrip("\r")
    return f"  {shown}\n  {' ' * (column - cut)}^"


def suggest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word nearest to `word`, or None when none is near."""
    by_lower = {name.lower(): name for name in known}
    near = get_close_matches(word.lower(), by_lower, n=1, cutoff=0.7)
    return by_lower[near[0]] if near else None
