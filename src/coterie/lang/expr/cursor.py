"""Walking over the tokens of one text, with errors that point into it."""

from collections.abc import Iterable

from coterie.lang.expr.errors import LangError, suggest
from coterie.lang.expr.tokens import Token, tokenize


class Cursor:
    """A place in the tokens of `text`; words are matched without regard to case."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tokenize(text)
        self.index = 0

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
        if token.kind == "end":
            return self.error("the text ends too early", expected=expected)
        found = self.text[token.at : token.end]
        suggestion = suggest(found, known) if token.kind == "name" else None
        # A known word at a wrong place is not misspelt.
        if suggestion is not None and suggestion.lower() == found.lower():
            suggestion = None
        return self.error(f"found {_shorten(found)}", expected=expected, suggestion=suggestion)

    def error(
        self,
        problem: str,
        *,
        at: int | None = None,
        expected: str | None = None,
        suggestion: str | None = None,
    ) -> LangError:
        """Return an error about a place in this text, by default the present one."""
        at = self.here.at if at is None else at
        return LangError(problem, text=self.text, at=at, expected=expected, suggestion=suggestion)


def _shorten(found: str) -> str:
    return repr(found if len(found) <= 40 else found[:37] + "...")
