"""Writing a query in its canonical layout, with its comments."""

from collections.abc import Sequence

from coterie.lang.expr.comments import Around, Piece, divide, end_line, find_comments
from coterie.lang.expr.layout import INDENT, WIDTH, indent
from coterie.lang.expr.render import quote_name
from coterie.lang.expr.tokens import Token, tokenize
from coterie.lang.lql.grammar import parse_lql
from coterie.lang.lql.query import Column, Query
from coterie.lang.lql.render import clause_texts, column_parts

# After these words any word is a name, even FROM.
_BEFORE_NAMES = ("as", "kind", "mergeop")


def format_lql(text: str) -> str:
    """Return a query's text laid out; formatting it again changes nothing. Raises LqlError.

    It ends with a line break, says what `text` says and keeps all its comments.
    """
    return "\n".join([*_Writer(text, parse_lql(text)).lines(), ""])


class _Writer:
    """Writes one query: a column a line, then a clause a line."""

    def __init__(self, text: str, query: Query) -> None:
        self.text = text
        self.query = query
        self.tokens = tokenize(text)
        self.columns, self.from_place = self._find_columns()

    def lines(self) -> list[str]:
        select = self.tokens[0].at
        comments = find_comments(self.text, self.tokens)
        head = [each.text for each in comments if each.at < select]
        pieces = [self._piece(*each) for each in [*self.columns, *self._find_clauses()]]
        arounds = divide(self.text, [each for each in comments if each.at > select], pieces)
        count = len(self.columns)
        columns = indent(self._column_lines(arounds[:count]))
        return [*head, "SELECT", *columns, *self._clause_lines(arounds[count:])]

    def _column_lines(self, arounds: Sequence[Around]) -> list[str]:
        lines: list[str] = []
        last = len(self.columns) - 1
        for n, (column, around) in enumerate(zip(self.query.columns, arounds, strict=True)):
            lines += [""] if around.apart else []
            lines += [comment.text for comment in around.before]
            shown = _wrap(_parts(column), WIDTH - len(INDENT) - 1)
            lines += end_line(shown, around.after, "," if n < last else "")
        return lines

    def _clause_lines(self, arounds: Sequence[Around]) -> list[str]:
        lines: list[str] = []
        for clause, around in zip(clause_texts(self.query), arounds, strict=True):
            lines += [comment.text for comment in around.before]
            lines += end_line([clause], around.after)
        return lines

    def _piece(self, first: int, last: int) -> Piece:
        end = self.tokens[last].end
        return Piece(self.tokens[first].at, end, lead=end)

    def _find_columns(self) -> tuple[list[tuple[int, int]], int]:
        """Return the first and last place of each column, and the place of FROM."""
        found: list[tuple[int, int]] = []
        first, depth = 1, 0
        for n, token in enumerate(self.tokens):
            if token.kind == "op":
                depth += (token.value in "([") - (token.value in ")]")
            if depth == 0 and _is_op(token, ","):
                found.append((first, n - 1))
                first = n + 1
            elif depth == 0 and self._is_from(n, first):
                return [*found, (first, n - 1)], n
        raise AssertionError(self.query)

    def _is_from(self, place: int, first: int) -> bool:
        is_word = _word(self.tokens[place]) == "from" and place > first
        return is_word and _word(self.tokens[place - 1]) not in _BEFORE_NAMES

    def _find_clauses(self) -> list[tuple[int, int]]:
        """Return the first and last place of each clause, ALIAS last."""
        into = self.from_place + 2
        by = into + 2
        after = by + 2
        while _word(self.tokens[after]) == "or" or _is_op(self.tokens[after], ","):
            after += 2
        # The text ends with ALIAS, a name, perhaps a semicolon, and the end.
        alias = len(self.tokens) - (4 if _is_op(self.tokens[-2], ";") else 3)
        starts = [self.from_place, into, by]
        if self.query.where_text is not None:
            starts.append(after)
        if self.query.settings:
            starts.append(next(n for n in range(alias, by, -1) if _word(self.tokens[n]) == "with"))
        starts.append(alias)
        ends = [*(start - 1 for start in starts[1:]), len(self.tokens) - 2]
        return list(zip(starts, ends, strict=True))


def _parts(column: Column) -> list[str]:
    first, *rest = column_parts(column)
    # A plain field goes by its own name.
    is_plain = column.expr_text == quote_name(column.field)
    return [column.expr_text if is_plain else first, *rest]


def _word(token: Token) -> str:
    return token.value.lower() if token.kind == "name" else ""


def _is_op(token: Token, sign: str) -> bool:
    return token.kind == "op" and token.value == sign


def _wrap(parts: Sequence[str], room: int) -> list[str]:
    """Return the parts of a column on one line, or from the second line on indented once more."""
    lines = [parts[0]]
    for part in parts[1:]:
        own = room - (len(INDENT) if len(lines) > 1 else 0)
        if len(lines[-1]) + 1 + len(part) <= own:
            lines[-1] += f" {part}"
        else:
            lines.append(part)
    return [lines[0], *indent(lines[1:])]
