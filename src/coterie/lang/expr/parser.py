"""Reading an expression, by precedence.

Loosest first: OR; AND; comparisons; + -; * / %; then signs, NOT, EXISTS, INCLUDE, AND (…), OR (…),
values, calls, parentheses.
"""

from coterie.lang.expr.cursor import Cursor
from coterie.lang.expr.errors import LangError
from coterie.lang.expr.operands import SPELT_WRONG, WORDS, OperandReader
from coterie.lang.expr.tokens import Token
from coterie.lang.expr.tree import (
    Arithmetic,
    Between,
    Compare,
    Everything,
    Exists,
    Group,
    Include,
    Infix,
    Minus,
    Node,
    Not,
    Number,
)

SIGNS = {"=": "==", "==": "==", "!=": "!=", "<>": "!=", ">": ">", ">=": ">=", "<": "<", "<=": "<="}


class Parser(OperandReader):
    """Reads expressions from a cursor; `names_in_single_quotes` is FilterQL's habit."""

    def start_anew(self) -> None:
        """Forget what was open, after an error that reading goes on after."""
        self.depth, self.in_list = 0, False

    def expression(self) -> Node:
        """Return the expression that begins here; raises LangError where there is none."""
        self.go_deeper()
        node = self._alternatives()
        self.depth -= 1
        return node

    def _alternatives(self) -> Node:
        items = [self._conditions()]
        at = self.cursor.here.at
        while self._is_infix("or", "||"):
            self.cursor.take()
            items.append(self._conditions())
        return items[0] if len(items) == 1 else Infix("or", tuple(items), at)

    def _conditions(self) -> Node:
        items = [self._comparison()]
        at = self.cursor.here.at
        while self._is_infix("and", "&&"):
            self.cursor.take()
            items.append(self._comparison())
        return items[0] if len(items) == 1 else Infix("and", tuple(items), at)

    def _is_infix(self, word: str, sign: str) -> bool:
        if self.cursor.is_op(sign):
            return True
        if self.cursor.word() != word:
            return False
        # Inside AND (…) and OR (…), a word before a parenthesis begins a nested list.
        return not (self.in_list and self.cursor.is_op("(", ahead=1))

    def _comparison(self) -> Node:
        node = self._sum()
        links = 0
        while True:
            token = self.cursor.here
            if token.kind == "op" and token.value in SIGNS:
                self.cursor.take()
                node = Compare(SIGNS[token.value], node, self._sum(), token.at)
            elif self.cursor.word() in WORDS:
                node = self._worded(node)
            elif self.cursor.word() == "not" and self.cursor.word(1) in WORDS:
                self.cursor.take()
                node = Not(self._worded(node), token.at)
            else:
                self.depth -= links
                return node
            links += 1
            self.go_deeper()

    def _worded(self, left: Node) -> Node:
        token = self.cursor.take()
        op = token.value.lower()
        if op == "between":
            low = self._sum()
            if not self.cursor.skip_word("and") and not self.cursor.skip_op("&&"):
                raise self.cursor.unexpected("AND between the two bounds")
            return Between(left, low, self._sum(), token.at)
        if op in ("in", "intersects"):
            return Compare(op, left, self._list_side(), token.at)
        if self.cursor.is_op("("):
            patterns = self.items("(", ")")
            right = patterns.items[0] if len(patterns.items) == 1 else patterns
            return Compare(op, left, right, token.at)
        return Compare(op, left, self._sum(), token.at)

    def _list_side(self) -> Node:
        if self.cursor.is_op("("):
            return self.items("(", ")")
        return self._sum()

    def _sum(self) -> Node:
        node = self._product()
        links = 0
        while self.cursor.is_op("+", "-"):
            token = self.cursor.take()
            node = Arithmetic(token.value, node, self._product(), token.at)
            links += 1
            self.go_deeper()
        self.depth -= links
        return node

    def _product(self) -> Node:
        node = self._unary()
        links = 0
        while self.cursor.is_op("*", "/", "%"):
            token = self.cursor.take()
            node = Arithmetic(token.value, node, self._unary(), token.at)
            links += 1
            self.go_deeper()
        self.depth -= links
        return node

    def _unary(self) -> Node:
        token = self.cursor.here
        word = self.cursor.word()
        if self.cursor.is_op("-"):
            self.cursor.take()
            return self._negative(token)
        if word in ("not", "exists") and self._is_written_as_call():
            return self.call()
        if self.cursor.is_op("!") or word == "not":
            self.cursor.take()
            return self._negation(token)
        if word == "exists":
            self.cursor.take()
            return Exists(self.value(), token.at)
        if word == "include":
            self.cursor.take()
            return Include(self.name("the name of an audience"), token.at)
        if self._begins_group():
            return self._group()
        return self.value()

    def _is_written_as_call(self) -> bool:
        """Tell the call `not(x)` from the operator in `NOT (x)`: no blank, lower case."""
        word = self.cursor.here
        return (
            word.value.islower()
            and self.cursor.is_op("(", ahead=1)
            and word.end == self.cursor.peek().at
        )

    def _negative(self, token: Token) -> Node:
        self.go_deeper()
        arg = self._unary()
        self.depth -= 1
        match arg:
            case Number(value=value):
                return Number(-value, token.at)
            case _:
                return Minus(arg, token.at)

    def _negation(self, token: Token) -> Node:
        self.go_deeper()
        # `NOT x > 1` negates the comparison, `NOT f(x) > 1` only the call: as Lytics reads it.
        is_call = self.cursor.here.kind == "name" and self.cursor.is_op("(", ahead=1)
        is_call = is_call and self.cursor.word() not in ("and", "or", "not")
        arg = self.value() if is_call else self._comparison()
        self.depth -= 1
        return Not(arg, token.at)

    def _group(self) -> Node:
        token = self.cursor.take()
        op = token.value.lower()
        self.cursor.expect_op("(", f"after {op.upper()}")
        if self.cursor.is_op(")"):
            msg = f"{op.upper()} () is empty"
            raise self.cursor.error(msg, at=token.at, expected="at least one condition")
        outer, self.in_list = self.in_list, True
        items: list[Node] = []
        while not self.cursor.skip_op(")"):
            self._item(items, token)
        self.in_list = outer
        # Without a good item there is a problem already, and this stands for the rest of it.
        return group(op, items, token.at) if items else Everything(token.at)

    def _item(self, items: list[Node], opening: Token) -> None:
        """Read an item of a list into `items`, or note what is wrong with it and step over it."""
        start, depth = self.cursor.index, self.depth
        try:
            self._refuse_end(opening)
            items.append(self.expression())
            self._separator(opening)
        except LangError as error:
            if not self.cursor.go_on_after(error, start, lambda: self._is_item_end(start)):
                raise
            self.depth, self.in_list = depth, True
            self.cursor.skip_op(",")

    def _is_item_end(self, start: int) -> bool:
        if self.cursor.is_op(",", ")"):
            return True
        is_new = self.cursor.here.line_start or self._begins_group()
        return is_new and self.cursor.index > start

    def _begins_group(self) -> bool:
        return self.cursor.word() in ("and", "or") and self.cursor.is_op("(", ahead=1)

    def _separator(self, opening: Token) -> None:
        if self.cursor.skip_op(",") or self.cursor.is_op(")"):
            return
        self._refuse_end(opening)
        if self.cursor.here.line_start or self._begins_group():
            return
        raise self.cursor.unexpected("a comma, a new line or ')'", known=SPELT_WRONG)

    def _refuse_end(self, opening: Token) -> None:
        if self.cursor.here.kind == "end":
            line = self.cursor.line_of(opening)
            msg = f"')' to close the {opening.value.upper()} ( of line {line}"
            raise self.cursor.unexpected(msg)


def group(op: str, items: list[Node], at: int = 0) -> Node:
    """Return AND/OR over the items in normal form: one item stands for itself, like folds in."""
    folded: list[Node] = []
    for item in items:
        if isinstance(item, Group) and item.op == op:
            folded.extend(item.items)
        else:
            folded.append(item)
    return folded[0] if len(folded) == 1 else Group(op, tuple(folded), at)


def parse_expression(text: str, *, names_in_single_quotes: bool = False) -> Node:
    """Return the tree of a text that is one expression.

    Raises LangError with all that is wrong.
    """
    cursor = Cursor(text, slashed_names=names_in_single_quotes)
    parser = Parser(cursor, names_in_single_quotes=names_in_single_quotes)
    try:
        node = parser.expression()
        if cursor.word() == "if":
            node = parser.alternative(node)
        # Lytics reads no further than the expression, so mappings exist that close once too often.
        while cursor.skip_op(")"):
            pass
        if cursor.here.kind != "end":
            raise cursor.unexpected("the end of the expression", known=SPELT_WRONG)
    except LangError as error:
        cursor.raise_problems(*error.problems)
        raise
    cursor.raise_problems()
    return node
