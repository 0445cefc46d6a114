"""Reading the text of a query.

`SELECT column, … FROM stream INTO table BY field [OR field]… [WHERE condition] ALIAS name`, where
a column is `expression [AS field] [IF condition] [SHORTDESC "…"] [LONGDESC "…"] [KIND type]
[MERGEOP operator] [WITH (setting = value, …)]`, and `value IF condition ELSE other` is an
expression. `WITH (setting = value, …)` before ALIAS speaks of the whole query.
"""

import re

from coterie.lang.expr.cursor import Cursor
from coterie.lang.expr.errors import LangError
from coterie.lang.expr.kinds import SchemaView
from coterie.lang.expr.limits import MAX_PROBLEMS
from coterie.lang.expr.parser import Parser
from coterie.lang.expr.render import render
from coterie.lang.expr.tree import Call, Name, Node, walk
from coterie.lang.expr.typecheck import find_type_problems
from coterie.lang.lql.check import ColumnPlace, find_query_problems, find_strange_settings
from coterie.lang.lql.errors import LqlError
from coterie.lang.lql.foreign import find_mapping_problems
from coterie.lang.lql.query import Column, Query
from coterie.lang.lql.settings import FIELD_SETTINGS, QUERY_SETTINGS, Settings, read_settings

_OPTIONS = ("as", "if", "shortdesc", "longdesc", "kind", "mergeop", "with")
_CLAUSES = ("from", "into", "by", "where", "with", "alias")
_KIND = re.compile(r"[\w\[\]]+")


def parse_lql(text: str, *, view: SchemaView | None = None) -> Query:
    """Return the query that a text says.

    Raises LqlError with all that is wrong; with a `view` of a schema also what cannot be published
    beside its fields.
    """
    try:
        return _Reader(text, view).read()
    except LangError as error:
        raise LqlError.of(error) from error


class _Reader:
    """Reads one query."""

    def __init__(self, text: str, view: SchemaView | None) -> None:
        self.text = text
        self.view = view
        self.cursor = Cursor(text)
        self.parser = Parser(self.cursor, names_in_single_quotes=False)

    def read(self) -> Query:
        try:
            query = self._query()
        except LangError as error:
            self.cursor.raise_problems(*error.problems)
            raise
        self.cursor.raise_problems()
        return query

    def _query(self) -> Query:
        self._expect_word("select")
        columns = self._columns()
        self._expect_word("from", known=(*_OPTIONS, *_CLAUSES))
        stream = self.parser.name("the name of a stream")
        self._expect_word("into", known=_CLAUSES)
        table = self.parser.name("the name of a table")
        self._expect_word("by", known=_CLAUSES)
        by = [self._identity()]
        while self.cursor.skip_word("or") or self.cursor.skip_op(","):
            by.append(self._identity())
        where = self._expression() if self.cursor.skip_word("where") else None
        settings: Settings = ()
        if self.cursor.skip_word("with"):
            settings = read_settings(self.parser, QUERY_SETTINGS)
        self._expect_word("alias", known=_CLAUSES)
        alias = self.parser.name("a name for the query")
        self.cursor.skip_op(";")
        if self.cursor.here.kind != "end":
            raise self.cursor.unexpected("the end of the query", known=_CLAUSES)
        names = tuple(name for name, _ in by)
        self.cursor.problems.extend(find_strange_settings(columns, names, self.text))
        self.cursor.raise_problems()
        query = Query(
            tuple(column for column, _ in columns),
            stream,
            table.lower(),
            names,
            None if where is None else render(where),
            alias,
            settings,
        )
        if self.view is not None:
            problems = self.cursor.problems
            problems.extend(find_query_problems(columns, by, self.text, self.view))
            if where is not None:
                problems.extend(find_type_problems(where, self.text, SchemaView()))
        return query

    def _identity(self) -> tuple[str, int]:
        at = self.cursor.here.at
        return self.parser.name("an identity field"), at

    def _expect_word(self, word: str, *, known: tuple[str, ...] = ("select",)) -> None:
        if not self.cursor.skip_word(word):
            raise self.cursor.unexpected(word.upper(), known=known)

    def _columns(self) -> list[tuple[Column, ColumnPlace]]:
        """Return the columns that can be read, and note what is wrong with the others."""
        columns: list[tuple[Column, ColumnPlace]] = []
        while True:
            start = self.cursor.index
            try:
                columns.append(self._column())
                if not self._is_column_end():
                    raise self.cursor.unexpected("a comma or FROM", known=(*_OPTIONS, *_CLAUSES))
            except LangError as error:
                if not self.cursor.go_on_after(error, start, self._is_column_end):
                    raise
                self.parser.start_anew()
            if not self.cursor.skip_op(","):
                return columns

    def _is_column_end(self) -> bool:
        return self.cursor.is_op(",") or self._is_from()

    def _is_from(self) -> bool:
        """Tell the clause FROM from a field of that name, which a comma or an option follows."""
        after = self.cursor.peek()
        is_name = after.kind in ("name", "quoted", "string", "single")
        return self.cursor.word() == "from" and is_name and self.cursor.word(1) not in _OPTIONS

    def _expression(self) -> Node:
        node = self.parser.expression()
        if len(self.cursor.problems) < MAX_PROBLEMS:
            self.cursor.problems.extend(find_mapping_problems(node, self.text))
        return node

    def _column(self) -> tuple[Column, ColumnPlace]:
        if self._is_from():
            raise self.cursor.unexpected("a column")
        at = self.cursor.here.at
        node = self._expression()
        said: dict[str, str] = {}
        settings: Settings = ()
        stands: dict[str, int] = {}
        guard: Node | None = None
        while self.cursor.word() in _OPTIONS:
            option = self._new_option(stands)
            if option == "if":
                condition = self._expression()
                if stands.keys() == {"if"} and self.cursor.skip_word("else"):
                    node = Call("if", (condition, node, self._expression()), stands.pop("if"))
                else:
                    guard = condition
            elif option == "with":
                settings = read_settings(self.parser, FIELD_SETTINGS)
            else:
                said[option] = self._option(option)
        field = said.get("as") or _natural_name(node)
        if field is None:
            raise self.cursor.error("this column needs AS and a field", at=at)
        column = Column(
            expr_text=render(node),
            field=field,
            guard_text=None if guard is None else render(guard),
            kind=said.get("kind"),
            mergeop=said.get("mergeop"),
            shortdesc=said.get("shortdesc"),
            longdesc=said.get("longdesc"),
            settings=settings,
        )
        places = [stands.get(option) for option in ("kind", "mergeop", "with")]
        return column, ColumnPlace(at, node, guard, *places)

    def _new_option(self, stands: dict[str, int]) -> str:
        """Return the option that begins here, and note where what it says stands."""
        token = self.cursor.take()
        option = token.value.lower()
        if option in stands:
            msg = f"{option.upper()} stands here a second time"
            raise self.cursor.error(msg, at=token.at)
        stands[option] = self.cursor.here.at
        return option

    def _option(self, option: str) -> str:
        match option:
            case "as":
                return self.parser.name("the name of a field")
            case "kind":
                return self._kind()
            case "mergeop":
                return self.parser.name("a merge operator such as latest").lower()
            case _:
                return self._description()

    def _description(self) -> str:
        if self.cursor.here.kind not in ("string", "single"):
            raise self.cursor.unexpected("a text in quotes")
        return self.cursor.take().value

    def _kind(self) -> str:
        """Return a type such as `map[string]time`, which is several tokens without blanks."""
        start = self.cursor.here
        found = _KIND.match(self.text, start.at)
        if found is None:
            raise self.cursor.unexpected("a type such as string or map[string]int")
        while self.cursor.here.kind != "end" and self.cursor.here.end <= found.end():
            self.cursor.take()
        return found.group().lower()


def _natural_name(node: Node) -> str | None:
    """Return the field an expression is named by: the first it reads, as Lytics does."""
    first = next((part for part in walk(node) if isinstance(part, Name)), None)
    return ".".join(first.path) if first is not None else None
