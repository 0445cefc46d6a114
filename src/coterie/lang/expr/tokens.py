"""Cutting a text of the expression language into tokens."""

import re

from msgspec import Struct

from coterie.lang.expr.errors import LangError

MAX_TEXT = 1_000_000


class Token(Struct, frozen=True):
    """A piece of text: `kind` is name, quoted, single, string, number, op or end.

    `value` has quotes and escapes removed; `line_start` says that a line break stands before it.
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
  | (?P<number>(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?(?![\w]))
  | (?P<name>\w+(?:[.\-@]\w+)*)
  | (?P<op>==|!=|<>|>=|<=|&&|\|\||[=<>!()\[\],;.*+\-/%])
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPES = {
    '"': re.compile(r'\\(["\\])|""'),
    "'": re.compile(r"\\(['\\])|''"),
}


def tokenize(text: str) -> list[Token]:
    """Return the tokens of `text` without blanks and comments, ended by one of kind `end`.

    Raises LangError for a character that starts nothing, or a quote or comment left open.
    """
    if len(text) > MAX_TEXT:
        msg = f"the text has {len(text):,} characters, at most {MAX_TEXT:,} are read"
        raise LangError(msg)
    tokens: list[Token] = []
    at, line_start = 0, False
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None or found.lastgroup is None:
            raise _stray(text, at)
        kind, piece = found.lastgroup, found.group()
        if kind in ("blank", "comment"):
            line_start = line_start or "\n" in piece
        else:
            tokens.append(Token(kind, _plain(kind, piece), at, found.end(), line_start))
            line_start = False
        at = found.end()
    tokens.append(Token("end", "", len(text), len(text), line_start))
    return tokens


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


def _stray(text: str, at: int) -> LangError:
    names = {'"': 'a closing "', "'": "a closing '", "`": "a closing `"}
    if text[at] in names:
        return LangError("a quote is left open", text=text, at=at, expected=names[text[at]])
    return LangError(f"{text[at]!r} has no meaning here", text=text, at=at)
