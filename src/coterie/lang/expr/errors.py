"""What a person is told when a text of the expression language is wrong."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Self

from msgspec import Struct

from coterie.base.errors import UserError
from coterie.lang.expr.limits import MAX_PROBLEMS
from coterie.lang.expr.places import locate


class Problem(Struct, frozen=True, kw_only=True):
    """One thing that is wrong or doubtful in a text, with its place (see `places.Place`).

    `message` is a sentence without its full stop. `suggestion` is what may stand there instead: a
    name that exists, a word or sign of the language, or a whole condition.
    """

    message: str
    line: int
    column: int
    length: int
    expected: str | None = None
    suggestion: str | None = None
    marker: str = ""

    def explain(self) -> str:
        """Return all of it as text for a person: a sentence, then the line with the marker."""
        words = f"Line {self.line}, column {self.column}: {self.message}"
        if self.expected:
            words += f", expected {self.expected}"
        words += "."
        if self.suggestion:
            words += f" Did you mean {self.suggestion!r}?"
        return f"{words}\n{self.marker}" if self.marker.strip("\n ^") else words


class LangError(UserError):
    """A text that cannot be used: says all that is wrong, where, and what was perhaps meant.

    `problems` come in the order of the text, at least one, and not more than `MAX_PROBLEMS`.
    """

    code = "invalid_expression"

    def __init__(self, *problems: Problem) -> None:
        self.problems = first_problems(problems)
        super().__init__(_explain(self.problems))

    @classmethod
    def of(cls, error: "LangError") -> Self:
        """Return the same complaint as this language's own error class."""
        return cls(*error.problems)


def problem_at(
    text: str,
    at: int,
    message: str,
    *,
    length: int = 1,
    expected: str | None = None,
    suggestion: str | None = None,
) -> Problem:
    """Return a problem with the `length` characters of `text` from offset `at` on."""
    place = locate(text, at, length)
    return Problem(
        message=message,
        line=place.line,
        column=place.column,
        length=place.length,
        expected=expected,
        suggestion=suggestion,
        marker=place.marker,
    )


def first_problems(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Return the first `MAX_PROBLEMS` in the order of their text, each once."""
    ordered = sorted(dict.fromkeys(problems), key=lambda problem: (problem.line, problem.column))
    return tuple(ordered[:MAX_PROBLEMS])


def suggest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word nearest to `word`, or None when none is near."""
    by_lower = {name.lower(): name for name in known}
    near = get_close_matches(word.lower(), by_lower, n=1, cutoff=0.7)
    return by_lower[near[0]] if near else None


def _explain(problems: tuple[Problem, ...]) -> str:
    told = "\n".join(problem.explain() for problem in problems)
    if len(problems) == 1:
        return told
    more = " and perhaps more" if len(problems) == MAX_PROBLEMS else ""
    return f"{len(problems)} things are wrong{more}.\n{told}"
