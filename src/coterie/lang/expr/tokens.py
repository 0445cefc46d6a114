"""Cutting a text of the expression language into tokens."""

import re

from msgspec import Struct

from coterie.lang.expr.errors import LangError, Problem, problem_at
from coterie.lang.expr.limits import MAX_PROBLEMS, MAX_TEXT


class Token(Struct, frozen=True):
    """A piece of text: `kind` is name, quoted, single, string, number, op, bad or end.

    `value` has quotes and escapes removed; `line_start` says that a line break stands before it.
    What is `bad` means nothing; `describe_bad` says why.
    """

    kind: str
    value: str
    at: int
    end: int
    line_start: bool = False


_TOKEN = re.compile(
    r"""
    (?P<blank>[^\S\n]+|\n)
  | (?P<comment>--[^\n]*|//[^\n]*|/\*.*?\*/)
  | (?P<string>"(?:[^"\\]++|\\.|"")*+")
  | (?P<single>'(?:[^'\\]++|\\.|'')*+')
  | (?P<quoted>`[^`]*`)
  | (?P<bad>["'`][^\n]*|/\*.*)
  | (?P<number>(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?(?![\w]))
  | (?P<name>\w+(?:[.\-@]\w+)*)
  | (?P<op>==|!=|<>|>=|<=|&&|\|\||[=<>!()\[\],;.*+\-/%])
  | (?P<stray>.)
    """,
    re.VERBOSE | re.DOTALL,
)
# In a filter a field such as `site/visits` is one name; blanks make it a division.
_SLASHED = re.compile(r"[^\W\d]\w*(?:[.\-@]\w+|/[^\W\d]\w*)*")
# Each costs another reading of the text.
_MOST_RUNAWAYS = 3
_ESCAPES = {
    '"': re.compile(r'\\(["\\])|""'),
    "'": re.compile(r"\\(['\\])|''"),
}
_QUOTES = "\"'`"
_QUOTED = ("string", "single", "quoted")
# What word processors make of the signs, and what stands in books.
_LOOKALIKES = {
    "\u201c": '"', "\u201d": '"', "\u201e": '"', "\u201f": '"', "\u00ab": '"', "\u00bb": '"',
    "\u2018": "'", "\u2019": "'", "\u201a": "'", "\u00b4": "'",
    "\u2265": ">=", "\u2264": "<=", "\u2260": "!=", "\u2212": "-", "\u2013": "-", "\u2014": "-",
    "\u00d7": "*", "\u00f7": "/", "&": "&&", "|": "||", "\uff1d": "=", "\uff0c": ",",
}  # fmt: skip


def tokenize(text: str, *, slashed_names: bool = False) -> list[Token]:
    """Return the tokens of `text` without blanks and comments, ended by one of kind `end`.

    A quote that is never closed reaches to the end of its line. Raises LangError for a text that
    is too long, and for nothing else.
    """
    if len(text) > MAX_TEXT:
        msg = f"the text has {len(text):,} characters, at most {MAX_TEXT:,} are read: divide it"
        raise LangError(Problem(message=msg, line=1, column=1, length=0))
    tokens, at = _cut(text, 0, slashed_names)
    for _ in range(_MOST_RUNAWAYS):
        culprit = _find_runaway(text, tokens)
        if culprit is None:
            break
        # The rest of its line is what was meant to be quoted; all that follows is read again.
        open_quote = tokens[culprit]
        end = text.index("\n", open_quote.at)
        bad = Token("bad", "", open_quote.at, end, open_quote.line_start)
        rest, at = _cut(text, end, slashed_names)
        tokens = [*tokens[:culprit], bad, *rest]
    tokens.append(Token("end", "", at, at, "\n" in text[at:]))
    return tokens


def describe_bad(text: str, token: Token) -> Problem:
    """Return what is wrong with a token of kind `bad`."""
    length = token.end - token.at
    sign = text[token.at]
    if sign in _QUOTES:
        msg, closing = "a quote is left open", f"a closing {sign}"
        return problem_at(text, token.at, msg, length=length, expected=closing)
    if sign == "/":
        msg = "a comment is left open"
        return problem_at(text, token.at, msg, length=2, expected="a closing */")
    meant = _LOOKALIKES.get(sign)
    return problem_at(text, token.at, f"{sign!r} has no meaning here", suggestion=meant)


def token_length(text: str, at: int, *, slashed_names: bool = False) -> int:
    """Return how many characters the token at an offset has, at least 1."""
    found = (_SLASHED.match(text, at) if slashed_names else None) or _TOKEN.match(text, at)
    return max(1, found.end() - at) if found else 1


def leading_comment(text: str) -> str | None:
    """Return what the `--` comment at the very start of `text` says, or None."""
    found = re.match(r"\s*--[ \t]*([^\n]*)", text)
    return found.group(1).strip() if found else None


def _plain(kind: str, piece: str) -> str:
    if kind == "quoted":
        return piece[1:-1]
    if kind in ("string", "single"):
        quote = piece[0]
        # Any other backslash stays, because LIKE patterns use it.
        return _ESCAPES[quote].sub(lambda found: found.group(1) or quote, piece[1:-1])
    return piece


def _cut(text: str, at: int, slashed_names: bool) -> tuple[list[Token], int]:
    """Return the tokens from offset `at` on, and where the last one ends.

    It stops where so much is bad that nothing further would be told: finding that a quote is
    never closed takes a look at all the rest of the text.
    """
    tokens: list[Token] = []
    line_start = False
    last = at
    bad = 0
    while at < len(text) and bad < MAX_PROBLEMS:
        found = _TOKEN.match(text, at)
        assert found is not None  # noqa: S101 - `stray` takes any character
        kind, piece = found.lastgroup or "", found.group()
        if kind == "name" and slashed_names:
            longer = _SLASHED.match(text, at)
            piece = longer.group() if longer else piece
        at += len(piece)
        if kind in ("blank", "comment"):
            line_start = line_start or "\n" in piece
            continue
        kind = "bad" if kind == "stray" else kind
        bad += kind == "bad"
        tokens.append(Token(kind, _plain(kind, piece), at - len(piece), at, line_start))
        line_start, last = False, at
    return tokens, last


def _find_runaway(text: str, tokens: list[Token]) -> int | None:
    """Return the token where a quote was most likely forgotten, if one is left open further on.

    Every text after a forgotten quote is read inside out, so the first that runs over the end of
    its line is a better guess than the last quote of all.
    """
    opened = next((each for each in tokens if each.kind == "bad" and _is_quote(text, each)), None)
    if opened is None:
        return None
    for index, token in enumerate(tokens):
        if token.at >= opened.at:
            return None
        same = token.kind in _QUOTED and text[token.at] == text[opened.at]
        if same and text.find("\n", token.at, token.end) >= 0:
            return index
    return None


def _is_quote(text: str, token: Token) -> bool:
    return text[token.at] in _QUOTES
