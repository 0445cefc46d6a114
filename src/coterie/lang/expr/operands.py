"""Reading the parts that an expression is made of: values, names, calls and lists."""

from coterie.lang.expr.cursor import Cursor
from coterie.lang.expr.limits import MAX_DEPTH
from coterie.lang.expr.tokens import Token
from coterie.lang.expr.tree import Call, Everything, Items, Name, Node, Null, Number, Text, Truth
from coterie.lang.expr.values import MAX_DIGITS, strict_number

WORDS = ("like", "contains", "in", "intersects", "between")
SPELT_WRONG = (*WORDS, "and", "or", "not", "exists", "include")
_BETWEEN_OPERANDS = (*WORDS, "and", "or")
OPERAND = "a field, a value or a condition"
_LITERALS = {"true": True, "false": False}


class OperandReader:
    """Reads operands from a cursor; the parser adds how operators bind them.

    `in_list` says that the place is directly inside AND (…) or OR (…), `depth` how many levels
    are open.
    """

    def __init__(self, cursor: Cursor, *, names_in_single_quotes: bool) -> None:
        self.cursor = cursor
        self.names_in_single_quotes = names_in_single_quotes
        self.depth = 0
        self.in_list = False

    def expression(self) -> Node:
        """Return the expression that begins here; raises LangError where there is none."""
        raise NotImplementedError

    def name(self, what: str) -> str:
        """Return the name that stands here, quoted or bare, as one text."""
        token = self.cursor.here
        if token.kind in ("name", "quoted", "string", "single"):
            return self.cursor.take().value
        if token.kind == "number":  # such as the audience 3e52, which looks like one
            self.cursor.take()
            return self.cursor.text[token.at : token.end]
        raise self.cursor.unexpected(what)

    def go_deeper(self) -> None:
        """Open a level; raises LangError for one too many."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            msg = f"the text is nested more than {MAX_DEPTH} levels deep"
            raise self.cursor.error(msg, expected="fewer levels")

    def value(self) -> Node:
        """Return the operand that begins here."""
        token = self.cursor.here
        match token.kind:
            case "string":
                self.cursor.take()
                return Text(token.value, token.at)
            case "single" if not self.names_in_single_quotes:
                self.cursor.take()
                return Text(token.value, token.at)
            case "number":
                self.cursor.take()
                return Number(self._number(token), token.at)
            case "name" | "quoted" | "single":
                return self._named(token)
            case _:
                return self._signed(token)

    def _number(self, token: Token) -> int | float:
        number = strict_number(token.value)
        if number is None:
            expected = f"at most {MAX_DIGITS} digits, and less than 1.8e308"
            raise self.cursor.error("this number is too large", at=token.at, expected=expected)
        return number

    def _signed(self, token: Token) -> Node:
        if self.cursor.is_op("["):
            return self.items("[", "]")
        if self.cursor.skip_op("*"):
            return Everything(token.at)
        if self.cursor.skip_op("("):
            outer, self.in_list = self.in_list, False
            node = self.expression()
            if self.cursor.word() == "if":
                node = self.alternative(node)
            self.cursor.expect_op(")", "to close '('")
            self.in_list = outer
            return node
        raise self.cursor.unexpected(OPERAND)

    def _named(self, token: Token) -> Node:
        word = self.cursor.word()
        if token.kind == "name" and self.cursor.is_op("(", ahead=1):
            return self.call()
        if word in _LITERALS:
            self.cursor.take()
            return Truth(_LITERALS[word], token.at)
        if word in ("null", "nil"):
            self.cursor.take()
            return Null(token.at)
        if word == "match_all":
            self.cursor.take()
            return Everything(token.at)
        if word in _BETWEEN_OPERANDS:
            # As a field such a word stands in back-ticks; without them something is missing here.
            raise self.cursor.unexpected(OPERAND)
        return Name(self._path(), token.at)

    def _path(self) -> tuple[str, ...]:
        parts = [self.cursor.take()]
        while self.cursor.is_op(".") and self.cursor.here.at == parts[-1].end:
            after = self.cursor.peek()
            if after.at != self.cursor.here.end or after.kind not in ("name", "quoted", "single"):
                break
            self.cursor.take()
            parts.append(self.cursor.take())
        return tuple(part.value for part in parts)

    def call(self) -> Node:
        """Return the call of a function that begins here."""
        token = self.cursor.take()
        name = token.value.lower()
        if name == "cast":
            return self._cast(token)
        if name == "ifcase":
            return self._cases(token)
        return Call(name, self.items("(", ")").items, token.at)

    def alternative(self, value: Node) -> Node:
        """Return the choice whose word IF stands here, between its value and its condition."""
        at = self.cursor.take().at
        condition = self.expression()
        if not self.cursor.skip_word("else"):
            raise self.cursor.unexpected("ELSE and the other value")
        return Call("if", (condition, value, self.expression()), at)

    def _cases(self, token: Token) -> Node:
        """Return `ifcase(value IF condition, …, otherwise)` with each condition first."""
        self.cursor.expect_op("(", "after ifcase")
        outer, self.in_list = self.in_list, False
        args: list[Node] = []
        while not self.cursor.skip_op(")"):
            value = self.expression()
            args += [self.expression(), value] if self.cursor.skip_word("if") else [value]
            if not self.cursor.skip_op(",") and not self.cursor.is_op(")"):
                raise self.cursor.unexpected("a comma, IF or ')'", known=(*SPELT_WRONG, "if"))
        self.in_list = outer
        return Call("ifcase", tuple(args), token.at)

    def _cast(self, token: Token) -> Node:
        self.cursor.expect_op("(", "after CAST")
        outer, self.in_list = self.in_list, False
        args = [self.expression()]
        if self.cursor.skip_word("as"):
            at = self.cursor.here.at
            args.append(Text(self.name("a type such as int"), at))
        while self.cursor.skip_op(","):
            args.append(self.expression())
        self.cursor.expect_op(")", "to close 'CAST('")
        self.in_list = outer
        return Call("cast", tuple(args), token.at)

    def items(self, opening: str, closing: str) -> Items:
        """Return the list that begins here, between these two signs."""
        at = self.cursor.expect_op(opening, "here").at
        outer, self.in_list = self.in_list, False
        items: list[Node] = []
        while not self.cursor.skip_op(closing):
            items.append(self.expression())
            if not self.cursor.skip_op(",") and not self.cursor.is_op(closing):
                msg = f"a comma or {closing!r}"
                raise self.cursor.unexpected(msg, known=SPELT_WRONG)
        self.in_list = outer
        return Items(tuple(items), at)
