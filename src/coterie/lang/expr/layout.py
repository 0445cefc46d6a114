"""Laying a condition out over lines of a bounded width, with the comments of its text.

A list that fits on its line and holds neither a comment nor another list stays there; every other
AND (…) and OR (…) has an item a line. Comments stay before or after the item they stood at; one
amid a condition moves before it.
"""

from collections.abc import Iterable, Iterator, Sequence

from coterie.lang.expr.comments import Around, Comment, Piece, divide, end_line, find_comments
from coterie.lang.expr.render import render
from coterie.lang.expr.tokens import tokenize
from coterie.lang.expr.tree import (
    MEMBERSHIPS,
    Asked,
    Call,
    Compare,
    Group,
    Include,
    Infix,
    Items,
    Name,
    Node,
    Not,
    walk,
)

WIDTH = 100
INDENT = "  "


class Layout:
    """Writes trees that were read from `text`."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tokenize(text)
        self.comments = find_comments(text, self.tokens)
        self._places = {token.at: n for n, token in enumerate(self.tokens)}

    def span(self, node: Node) -> tuple[int, int]:
        """Return where a node begins and ends, with the parentheses around it."""
        parts = [part for part in _written(node) if part.at in self._places]
        first = min(self._places[part.at] for part in parts)
        last = self._close(first, max(self._last_place(part) for part in parts))
        while first > 0 and self._is_op(first - 1, "(") and self._is_op(last + 1, ")"):
            first, last = first - 1, last + 1
        return self.tokens[first].at, self.tokens[last].end

    def _close(self, first: int, last: int) -> int:
        """Return the place where all lists that begin between two places are closed."""
        depth = 0
        for n in range(first, len(self.tokens)):
            depth += self._is_op(n, "([") - self._is_op(n, ")]")
            if n >= last and depth <= 0:
                return n
        return len(self.tokens) - 1

    def _is_op(self, place: int, signs: str) -> bool:
        token = self.tokens[place]
        return token.kind == "op" and token.value in signs

    def _last_place(self, node: Node) -> int:
        """Return the place of the last token that is a node's own, but for what closes lists."""
        place = self._places[node.at]
        match node:
            case Include():
                return place + 1
            case Call(args=()):
                return place + 2
            case Name(path=path):
                return place + 2 * (len(path) - 1)
            case _:
                return place

    def lines(self, node: Node, comments: Sequence[Comment], room: int) -> list[str]:
        """Return the lines of a condition, whose last line leaves room for a comma."""
        line = render(node)
        if not comments and len(line) < room and not _holds_lists(node):
            return [line]
        match node:
            case Group(op=op, items=items):
                return [f"{op.upper()} (", *self._list(items, comments, room), ")"]
            case Not(arg=Group() as arg):
                first, *rest = self.lines(arg, comments, room)
                return [f"NOT {first}", *rest]
            case Not(arg=Infix() as arg):
                return ["NOT (", *indent(self.lines(arg, comments, room - len(INDENT))), ")"]
            case Infix(op=op, items=items):
                return self._chain(op, items, comments, room)
            case _:
                return _break_leaf(node, line, room)

    def divide(self, items: Sequence[Node], comments: Sequence[Comment]) -> list[Around]:
        """Return for each item the comments that stand at it."""
        spans = [self.span(item) for item in items]
        pieces = [
            Piece(start, end, self._lead(item))
            for item, (start, end) in zip(items, spans, strict=True)
        ]
        return divide(self.text, comments, pieces)

    def _lead(self, node: Node) -> int:
        """Return up to where comments in a node move before it: to the end of what is no list."""
        match node:
            case Infix(items=items):
                return self._lead(items[0])
            case Group() | Not(arg=Group() | Infix()):
                return self.span(node)[0]
            case _:
                return self.span(node)[1]

    def _list(self, items: Sequence[Node], comments: Sequence[Comment], room: int) -> list[str]:
        lines: list[str] = []
        last = len(items) - 1
        for n, around in enumerate(self.divide(items, comments)):
            lines += [""] if around.apart else []
            lines += [comment.text for comment in around.before]
            item = self._list_item(items[n], around.inside, room - len(INDENT))
            lines += end_line(item, around.after, "," if n < last else "")
        return indent(lines)

    def _list_item(self, node: Node, inside: Sequence[Comment], room: int) -> list[str]:
        if isinstance(node, Infix):
            return self._in_parentheses(node, inside, room)
        return self.lines(node, inside, room)

    def _in_parentheses(self, node: Node, inside: Sequence[Comment], room: int) -> list[str]:
        lines = self.lines(node, inside, room - 2)
        if len(lines) == 1:
            return [f"({lines[0]})"]
        return ["(", *indent(self.lines(node, inside, room - len(INDENT))), ")"]

    def _chain(
        self, op: str, items: Sequence[Node], comments: Sequence[Comment], room: int
    ) -> list[str]:
        lines: list[str] = []
        word = f"{op.upper()} "
        for n, around in enumerate(self.divide(items, comments)):
            lines += [comment.text for comment in around.before]
            first, *rest = self._operand(op, items[n], around.inside, room - len(word))
            lines += end_line([(word if n else "") + first, *rest], around.after)
        return lines

    def _operand(self, op: str, node: Node, inside: Sequence[Comment], room: int) -> list[str]:
        if not isinstance(node, Infix):
            return self.lines(node, inside, room)
        # An AND inside an OR binds more than what is around it; all others need parentheses.
        if op == "or" and node.op == "and":
            lines = self.lines(node, inside, room)
            if len(lines) == 1:
                return lines
        return self._in_parentheses(node, inside, room)


def _written(node: Node) -> Iterator[Node]:
    """Yield a node and all that is under it in the text."""
    for part in walk(node):
        yield part
        if isinstance(part, Asked):
            yield from walk(part.written)


def _holds_lists(node: Node) -> bool:
    """Say whether an AND (…) or OR (…) holds another one."""
    match node:
        case Group(items=items):
            return any(isinstance(part, Group) for item in items for part in walk(item))
        case Not(arg=arg):
            return _holds_lists(arg)
        case Infix(items=items):
            return any(_holds_lists(item) for item in items)
        case _:
            return False


def _break_leaf(node: Node, line: str, room: int) -> list[str]:
    """Return the lines of a condition that is no list of conditions; long lists of values wrap."""
    match node:
        case (
            Compare(op=op, right=Items(items=items))
            | Not(arg=Compare(op=op, right=Items(items=items)))
        ) if op in MEMBERSHIPS and len(line) >= room and items:
            values = [render(item) for item in items]
            head = line[: line.rindex(f"({', '.join(values)})")]
            return [f"{head}(", *indent(_fill(values, room - len(INDENT))), ")"]
        case _:
            return [line]


def _fill(values: Iterable[str], room: int) -> list[str]:
    lines: list[str] = []
    for value in values:
        if lines and len(lines[-1]) + 2 + len(value) < room:
            lines[-1] += f" {value},"
        else:
            lines.append(f"{value},")
    lines[-1] = lines[-1].removesuffix(",")
    return lines


def indent(lines: Iterable[str]) -> list[str]:
    """Return lines a step further right."""
    return [INDENT + line if line else line for line in lines]
