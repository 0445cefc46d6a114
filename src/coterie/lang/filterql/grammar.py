"""Reading the text of a filter.

`[SELECT columns FROM table] FILTER condition [FROM table] [LIMIT n] [WITH k = v, …] [ALIAS name]`;
the clauses after the condition come in any order, each once.
"""

from coterie.lang.behaviour import bind_behaviour
from coterie.lang.expr.check import find_call_problems, find_excess
from coterie.lang.expr.clock import find_clock_problems, moves_with_time
from coterie.lang.expr.cursor import Cursor
from coterie.lang.expr.errors import LangError
from coterie.lang.expr.functions import FUNCTIONS
from coterie.lang.expr.lookup import top_level_names
from coterie.lang.expr.operands import SPELT_WRONG, WORDS
from coterie.lang.expr.parser import SIGNS, Parser
from coterie.lang.expr.tokens import leading_comment
from coterie.lang.expr.tree import Everything, Include, Name, Node, Number, Text, Truth, walk
from coterie.lang.filterql.errors import FilterError
from coterie.lang.filterql.filter import Filter, SelectColumn, Setting

_CLAUSES = ("from", "limit", "with", "alias")
_NEXT = (*_CLAUSES, *SPELT_WRONG)


def parse_filter(text: str) -> Filter:
    """Return the filter that a text says; the word FILTER may be left out.

    Raises FilterError with all that is wrong.
    """
    try:
        return _Reader(text).read()
    except LangError as error:
        raise FilterError.of(error) from error


class _Reader:
    """Reads one filter; clauses are gathered as they come."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.cursor = Cursor(text, slashed_names=True)
        self.parser = Parser(self.cursor, names_in_single_quotes=True)
        self.seen: dict[str, object] = {}

    def read(self) -> Filter:
        try:
            return self._statement()
        except LangError as error:
            self.cursor.raise_problems(*error.problems)
            raise

    def _statement(self) -> Filter:
        columns = self._columns() if self._skip_opening("select") else ()
        if not self._skip_opening("filter") and columns:
            raise self.cursor.unexpected("FILTER", known=("filter",))
        tree = self._expression()
        if not self.cursor.problems:
            # What is unknown about a function is also unknown about its dependence on the clock.
            self.cursor.problems.extend(find_clock_problems(tree, self.text))
        while self.cursor.word() in _CLAUSES:
            self._clause()
        self.cursor.skip_op(";")
        if self.cursor.here.kind != "end":
            raise self.cursor.unexpected("the end of the filter", known=_NEXT)
        self.cursor.raise_problems()
        return self._assemble(tree, columns)

    def _skip_opening(self, word: str) -> bool:
        """Step over a word that opens a statement, unless it is a field or function so called."""
        if self.cursor.word() != word or _is_operand(self.cursor):
            return False
        self.cursor.take()
        return True

    def _expression(self) -> Node:
        """Return the expression that begins here, and note what is wrong with its functions."""
        tree, wrong = bind_behaviour(self.parser.expression(), self.text)
        found = [*find_call_problems(tree, self.text), *find_excess(tree, self.text)]
        self.cursor.problems.extend([*wrong, *found])
        return tree

    def _assemble(self, tree: Node, columns: tuple[SelectColumn, ...]) -> Filter:
        nodes = list(walk(tree))
        names = [top_level_names(node) for node in nodes if isinstance(node, Name)]
        limit, settings = self.seen.get("limit"), self.seen.get("with", ())
        assert isinstance(settings, tuple)  # noqa: S101 - `_settings` made it
        return Filter(
            text=self.text,
            tree=tree,
            reads=frozenset().union(*names),
            includes=frozenset(node.name for node in nodes if isinstance(node, Include)),
            alias=self._text_of("alias"),
            has_datemath=moves_with_time(tree),
            table=self._text_of("from"),
            limit=limit if isinstance(limit, int) else None,
            settings=settings,
            description=leading_comment(self.text),
            columns=columns,
        )

    def _text_of(self, clause: str) -> str | None:
        value = self.seen.get(clause)
        return value if isinstance(value, str) else None

    def _clause(self) -> None:
        token = self.cursor.take()
        clause = token.value.lower()
        if clause in self.seen:
            msg = f"{clause.upper()} stands here a second time"
            raise self.cursor.error(msg, at=token.at)
        match clause:
            case "from":
                self.seen[clause] = self._new_name("the name of a table")
            case "alias":
                self.seen[clause] = self._new_name("a name")
            case "limit":
                self.seen[clause] = self._count()
            case _:
                self.seen[clause] = self._settings()

    def _new_name(self, what: str) -> str:
        if self.cursor.word() in _CLAUSES:
            raise self.cursor.unexpected(what)
        return self.parser.name(what)

    def _count(self) -> int:
        token = self.cursor.here
        if token.kind != "number" or not token.value.isdigit():
            raise self.cursor.unexpected("a whole number after LIMIT")
        return int(self.cursor.take().value)

    def _settings(self) -> tuple[tuple[str, Setting], ...]:
        settings: list[tuple[str, Setting]] = []
        while True:
            name = self.parser.name("the name of a setting")
            self.cursor.expect_op("=", "after the name of a setting")
            at = self.cursor.here.at
            match self.parser.expression():
                case Text(value=value) | Number(value=value) | Truth(value=value):
                    settings.append((name, value))
                case _:
                    raise self.cursor.error("a setting is text, number, true or false", at=at)
            if not self.cursor.skip_op(","):
                return tuple(settings)

    def _columns(self) -> tuple[SelectColumn, ...]:
        columns = [self._column()]
        while self.cursor.skip_op(","):
            columns.append(self._column())
        if not self.cursor.skip_word("from"):
            raise self.cursor.unexpected("a comma, or FROM and a table")
        self.seen["from"] = self._new_name("the name of a table")
        return tuple(columns)

    def _column(self) -> SelectColumn:
        at = self.cursor.here.at
        value = self._expression()
        if self.cursor.skip_word("as"):
            name = self._new_name("the name of a column")
        elif isinstance(value, Name):
            name = ".".join(value.path)
        elif isinstance(value, Everything):
            name = "*"
        else:
            raise self.cursor.error("a calculated column needs AS and a name", at=at)
        guard = self._expression() if self.cursor.skip_word("if") else None
        return SelectColumn(value, name, guard)


def _is_operand(cursor: Cursor) -> bool:
    """Say whether the word at this place is compared, or called with more than one argument.

    `FILTER (x == 1)` is no call, and no call of `filter` has a single argument.
    """
    if cursor.is_op(*SIGNS, ".", ahead=1):
        return True
    operator = 2 if cursor.word(1) == "not" else 1
    if cursor.word(operator) in WORDS:
        # `FILTER contains(a, b)` asks a function that has an operator's name.
        return cursor.word(operator) not in FUNCTIONS or not cursor.is_op("(", ahead=operator + 1)
    return cursor.is_op("(", ahead=1) and cursor.has_comma_within(1)
