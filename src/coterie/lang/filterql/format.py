"""Writing a filter in its canonical layout, with its comments."""

from collections.abc import Sequence

from coterie.lang.expr.comments import Comment, end_line
from coterie.lang.expr.layout import INDENT, WIDTH, Layout, indent
from coterie.lang.expr.tokens import Token
from coterie.lang.filterql.filter import Filter, clause_texts, select_text
from coterie.lang.filterql.grammar import parse_filter

FILTER = "FILTER"


def format_filter(text: str) -> str:
    """Return a filter's text laid out; formatting it again changes nothing. Raises FilterError.

    It ends with a line break, says what `text` says and keeps all its comments.
    """
    flt = parse_filter(text)
    return "\n".join([*_Writer(flt).lines(), ""])


class _Writer:
    """Writes one filter: what stands before FILTER, the condition, the clauses."""

    def __init__(self, flt: Filter) -> None:
        self.flt = flt
        self.layout = Layout(flt.text)
        self.start, self.end = self.layout.span(flt.tree)

    def lines(self) -> list[str]:
        comments = self.layout.comments
        first = self.layout.tokens[0].at
        word = self._filter_word()
        head = [each for each in comments if each.at < first]
        select = [each for each in comments if first <= each.at < word]
        inner = [each for each in comments if word <= each.at < self.end and each not in head]
        after = [each for each in comments if each.at >= self.end and each not in head]
        lines = [each.text for each in head]
        if self.flt.columns:
            lines += [select_text(self.flt), *(each.text for each in select)]
        return [*lines, *self._condition(inner, after)]

    def _filter_word(self) -> int:
        """Return where FILTER stands, or the condition begins without it."""
        words = [
            token.at
            for token in self.layout.tokens
            if token.kind == "name" and token.value.lower() == "filter" and token.at < self.start
        ]
        return words[-1] if words else 0

    def _condition(self, inner: Sequence[Comment], after: Sequence[Comment]) -> list[str]:
        clauses = clause_texts(self.flt)
        around = self.layout.divide([self.flt.tree], inner)[0]
        room = WIDTH - len(FILTER) - 1
        lines = self.layout.lines(self.flt.tree, around.inside, room)
        line = " ".join([f"{FILTER} {lines[0]}", *clauses])
        if len(lines) == 1 and not inner and not after and len(line) <= WIDTH:
            return [line]
        if around.before:
            lines = self.layout.lines(self.flt.tree, around.inside, WIDTH - len(INDENT))
            lines = [each.text for each in around.before] + lines
            lines = [FILTER, *indent(lines)]
        else:
            lines[0] = f"{FILTER} {lines[0]}"
        return self._add_clauses(lines, (*around.after, *after), clauses)

    def _add_clauses(
        self, lines: list[str], after: Sequence[Comment], clauses: Sequence[str]
    ) -> list[str]:
        clause = self._first_clause()
        early = [each for each in after if each.at < clause]
        late = [each.text for each in after if each.at >= clause]
        return [*end_line(lines, early), *clauses, *late]

    def _first_clause(self) -> int:
        def is_after(token: Token) -> bool:
            return token.at >= self.end and (token.kind == "name" or token.value == ";")

        found = (token.at for token in self.layout.tokens if is_after(token))
        return next(found, len(self.flt.text))
