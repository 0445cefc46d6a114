"""Walking over the tokens of one text, with errors that point into it."""

from collections.abc import Callable, Iterable

from coterie.lang.expr.errors import LangError, Problem, problem_at, suggest
from coterie.lang.expr.limits import MAX_PROBLEMS
from coterie.lang.expr.tokens import Token, describe_bad, token_length, tokenize

# Words of other languages, and the sign or word that they mean here.
_MEANT = {
    "is": "=",
    "equals": "=",
    "matches": "like",
    "has": "contains",
    "includes": "contains",
    "containing": "contains",
    "overlaps": "intersects",
}


class Cursor:
    """A place in the tokens of `text`; words are matched without regard to case.

    `problems` are those that reading went on after. `slashed_names`: see `tokenize`.
    """

    def __init__(self, text: str, *, slashed_names: bool = False) -> None:
        self.text = text
        self.tokens = tokenize(text, slashed_names=slashed_names)
        self.index = 0
        self.problems: list[Problem] = []

    @property
    def here(self) -> Token:
        """The token at this place."""
        return self.tokens[self.index]

    def peek(self, ahead: int = 1) -> Token:
        """Return the token `ahead` places on, or the last one."""
        return self.tokens[min(self.index + ahead, len(self.tokens) - 1)]

    def take(self) -> Token:
        """Return the token at this place, then step over it; the end is never left."""
        token = self.here
        if token.kind != "end":
            self.index += 1
        return token

    def word(self, ahead: int = 0) -> str:
        """Return the bare word at a place in lower case, or an empty text."""
        token = self.peek(ahead)
        return token.value.lower() if token.kind == "name" else ""

    def is_op(self, *ops: str, ahead: int = 0) -> bool:
        """Say whether one of these signs stands at a place."""
        token = self.peek(ahead)
        return token.kind == "op" and token.value in ops

    def has_comma_within(self, ahead: int) -> bool:
        """Say whether a comma stands directly in the brackets that open at a place."""
        level = 0
        for token in self.tokens[self.index + ahead :]:
            if token.kind != "op":
                continue
            level += (token.value in ("(", "[")) - (token.value in (")", "]"))
            if level == 0 or (level == 1 and token.value == ","):
                return level == 1
        return False

    def skip_op(self, *ops: str) -> bool:
        """Step over a sign if it is one of these."""
        if not self.is_op(*ops):
            return False
        self.take()
        return True

    def skip_word(self, *words: str) -> bool:
        """Step over a word if it is one of these."""
        if self.word() not in words:
            return False
        self.take()
        return True

    def expect_op(self, op: str, why: str) -> Token:
        """Step over this sign; raises LangError when another thing stands here."""
        if not self.is_op(op):
            msg = f"{op!r} {why}"
            raise self.unexpected(msg)
        return self.take()

    def unexpected(self, expected: str, *, known: Iterable[str] = ()) -> LangError:
        """Return the error that what stands here is not what was expected."""
        token = self.here
        if token.kind == "bad":
            return LangError(describe_bad(self.text, token))
        if token.kind == "end":
            return self.error("the text ends too early", expected=expected)
        found = self.text[token.at : token.end]
        meant = _guess(found, list(known)) if token.kind == "name" else None
        return self.error(f"found {_shorten(found)}", expected=expected, suggestion=meant)

    def error(
        self,
        message: str,
        *,
        at: int | None = None,
        expected: str | None = None,
        suggestion: str | None = None,
    ) -> LangError:
        """Return an error about the token at a place in this text, by default the present one."""
        at = self.here.at if at is None else at
        return LangError(
            problem_at(
                self.text,
                at,
                message,
                length=token_length(self.text, at),
                expected=expected,
                suggestion=suggestion,
            )
        )

    def line_of(self, token: Token) -> int:
        """Return the number of the line that a token stands in."""
        return self.text.count("\n", 0, token.at) + 1

    def go_on_after(self, error: LangError, start: int, is_end: Callable[[], bool]) -> bool:
        """Note an error, then step to the end of the list item that began at index `start`.

        `is_end` says whether the item ends at this place; what is in brackets is passed over.
        False if it has no end, or enough is told: then nothing is noted and the error should be
        raised.
        """
        if self.here.kind == "end" or len(self.problems) >= MAX_PROBLEMS:
            return False
        failed, self.index = self.index, start
        level = 0
        while self.here.kind != "end":
            if level == 0 and self.index >= failed and is_end():
                self.problems.extend(error.problems)
                return True
            if self.is_op("(", "["):
                level += 1
            elif self.is_op(")", "]"):
                level = max(0, level - 1)
            self.take()
        self.index = failed
        return False

    def raise_problems(self, *more: Problem) -> None:
        """Raise LangError if there are problems: those noted, `more`, and all that is no token."""
        bad = [describe_bad(self.text, each) for each in self.tokens if each.kind == "bad"]
        problems = [*self.problems, *more, *bad]
        if problems:
            raise LangError(*problems)


def _guess(found: str, known: list[str]) -> str | None:
    """Return what a word was perhaps meant to be; a known word at a wrong place is not misspelt."""
    lower = found.lower()
    if lower in known:
        return None
    meant = _MEANT.get(lower)
    # A sign such as = is known wherever the words beside it are.
    if meant is not None and (meant in known or "like" in known):
        return meant
    return suggest(found, known)


def _shorten(found: str) -> str:
    return repr(found if len(found) <= 40 else found[:37] + "...")
