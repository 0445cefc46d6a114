"""Turning trees into Python functions that answer quickly what `interpret` defines.

The generated text holds positions and fixed signs only. Everything that came from a person, names
and literals, sits in a table of constants under names such as `c7`, so nothing that a person
wrote is ever read as code.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from coterie.lang.expr.arithmetic import calculate
from coterie.lang.expr.blind import is_blind
from coterie.lang.expr.constants import Clock, ConstantTable
from coterie.lang.expr.functions import FUNCTIONS
from coterie.lang.expr.inline import quick_between, quick_compare, quick_exists, sign_of
from coterie.lang.expr.interpret import infix_and, literal, negative
from coterie.lang.expr.lookup import is_simple, make_lookup
from coterie.lang.expr.operators import between, compare
from coterie.lang.expr.tree import (
    Arithmetic,
    Asked,
    Between,
    Call,
    Compare,
    Everything,
    Exists,
    Group,
    Include,
    Infix,
    Items,
    Minus,
    Name,
    Node,
    Not,
    Null,
    Number,
    Text,
    Truth,
)
from coterie.lang.expr.values import NULL, is_present

# What the code of a piece of data that is not as expected may raise, despite all care.
FAULTS = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
# Python's parser gives up at 200 nested parentheses; a level of ours takes up to four of them.
DEEPEST = 12
_HEAD = "(p, g, now, t)"


class Piece(Struct, frozen=True):
    """Code of one expression; `total` says that it answers true or false and never None."""

    code: str
    depth: int = 1
    total: bool = False


class Writer:
    """Writes the functions of one compiled filter or mapping, with their constants."""

    def __init__(self, includes: Mapping[str, Node] | None = None) -> None:
        self.table = ConstantTable(_GIVEN)
        self.functions: list[str] = []
        self._includes = includes or {}
        self._written: dict[str, str] = {}
        self._keys: dict[str, str] = {}
        self._held = 0

    def value(self, node: Node) -> Piece:
        """Return code for the value of an expression."""
        match node:
            case Text(value=known) | Number(value=known) | Truth(value=known):
                return Piece(self.table.add(known))
            case Null():
                return Piece("None")
            case Name():
                return Piece(self._name(node))
            case Items(items=items):
                return self._joined("[{}]", ", ", items)
            case Call():
                return self._call(node)
            case Asked():
                return self._asked(node)
            case Minus(arg=arg):
                inner = self.value(arg)
                return self._settle(f"negative({inner.code})", inner.depth)
            case Arithmetic(op=op, left=left, right=right):
                a, b = self.value(left), self.value(right)
                code = f"calculate({_CALCULATIONS[op]!r}, {a.code}, {b.code})"
                return self._settle(code, max(a.depth, b.depth))
            case _:
                return self.truth(node)

    def truth(self, node: Node) -> Piece:
        """Return code that answers True, False, or None for not evaluable."""
        match node:
            case Everything():
                return Piece("True", total=True)
            case Truth(value=value):
                return Piece("True" if value else "False", total=True)
            case Group(op=op, items=items):
                return self._all(items) if op == "and" else self._any(items)
            case Infix(op="and", items=items):
                return self._infix_and(items)
            case Infix(items=items):
                return self._joined("(({}) is True)", " or ", items, total=True, truth=True)
            case Not(arg=arg):
                return self._not(arg)
            case Include(name=name):
                return self._include(name) if name in self._includes else Piece("None")
            case Text() | Number() | Null() | Items() | Minus() | Arithmetic():
                return Piece("None")
            case Name() | Call() | Asked():
                inner = self.value(node)
                code = f"(v if (v := {inner.code}) is True or v is False else None)"
                return self._settle(code, inner.depth)
            case _:
                return self._condition(node)

    def build(self, lines: list[str], name: str) -> Callable[..., Any]:
        """Return the function `name` that the lines define, with all it refers to."""
        source = "\n".join([*self.functions, *lines])
        # Only positions and fixed signs are in this text; see the head of the module.
        exec(compile(source, "<compiled expression>", "exec"), self.table.names)  # noqa: S102
        made = self.table.names[name]
        assert callable(made)  # noqa: S101 - the lines define it
        return made

    def prologue(self) -> list[str]:
        """Return the lines at the start of a function that set `g` and `t`."""
        lines = ["    g = p.get"]
        if not self.table.shifts:
            return [*lines, "    t = None"] if self.functions else lines
        self.table.names["clock"] = Clock(self.table.shifts)
        renewed = "        t = clock.renew(now)"
        return [*lines, "    t = clock.last", "    if t[0] is not now:", renewed]

    def _condition(self, node: Node) -> Piece:
        match node:
            case Exists(arg=arg):
                inner = self.value(arg)
                return self._settle(quick_exists(inner.code), inner.depth, total=True)
            case Compare(op=op, left=left, right=right):
                a, b = self._operand(left), self._operand(right)
                slow = f"compare({sign_of(op)}, {a.code}, {b.code}, now)"
                quick = quick_compare(self.table, op, a.code, right)
                return self._settle(
                    slow if quick is None or a.code == "NULL" else quick, max(a.depth, b.depth)
                )
            case Between(value=value, low=low, high=high):
                parts = [self._side(part) for part in (value, low, high)]
                slow = f"between({', '.join(part.code for part in parts)}, now)"
                quick = quick_between(self.table, parts[0].code, low, high)
                return self._settle(quick or slow, max(part.depth for part in parts))
            case _:
                raise AssertionError(node)

    def _operand(self, node: Node) -> Piece:
        return Piece("NULL") if isinstance(node, Null) else self._side(node)

    def _side(self, node: Node) -> Piece:
        if isinstance(node, Call) and FUNCTIONS[node.name].is_choice:
            return self._choice(node, self._side)
        return self._dated(node)

    def _dated(self, node: Node) -> Piece:
        if isinstance(node, Text):
            return Piece(self.table.add(literal(node.value)))
        return self.value(node)

    def _name(self, node: Name) -> str:
        if is_simple(node):
            key = node.path[0]
            if key not in self._keys:
                self._keys[key] = self.table.add(key)
            return f"g({self._keys[key]})"
        return f"{self.table.add(make_lookup(node))}(p)"

    def _call(self, node: Call) -> Piece:
        function = FUNCTIONS[node.name]
        if function.is_choice:
            return self._choice(node, self.value)
        run = self.table.add(function.run)
        args = [self._dated(arg) if function.clock else self.value(arg) for arg in node.args]
        if is_blind(node):
            # Most of what a schema looks for is missing in most events, so that costs no call.
            self._held += 1
            held = f"n{self._held}"
            codes = [f"({held} := {args[0].code})", *(arg.code for arg in args[1:])]
            code = f"(None if {codes[0]} is None else {run}({', '.join([held, *codes[1:]])}))"
            return self._settle(code, args[0].depth)
        before = ["p", "now"] if function.of_world else []
        code = f"{run}({', '.join([*before, *(arg.code for arg in args)])})"
        return self._settle(code, max((arg.depth for arg in args), default=0))

    def _asked(self, node: Asked) -> Piece:
        edges = [self._dated(edge) for edge in node.edges]
        answer = self.table.add(node.question.answer)
        code = f"{answer}({', '.join(['p', 'now', *(edge.code for edge in edges)])})"
        return self._settle(code, max((edge.depth for edge in edges), default=0))

    def _choice(self, node: Call, read: Callable[[Node], Piece]) -> Piece:
        cases, otherwise = node.cases
        last = Piece("None") if otherwise is None else read(otherwise)
        codes, depth = [last.code], last.depth
        for condition, value in reversed(cases):
            test, chosen = self.truth(condition), read(value)
            codes.insert(0, f"{chosen.code} if {test.code} is True else")
            depth = max(depth, test.depth, chosen.depth)
        return self._settle(f"({' '.join(codes)})", depth)

    def _all(self, items: tuple[Node, ...]) -> Piece:
        # Python's `and` stops at the first False or None and answers it, which is the rule.
        parts = [self.truth(item) for item in items]
        code = f"({' and '.join(part.code for part in parts)})"
        total = all(part.total for part in parts)
        return self._settle(code, max(part.depth for part in parts), total=total)

    def _any(self, items: tuple[Node, ...]) -> Piece:
        parts = [self.truth(item) for item in items]
        codes = [part.code for part in parts] + ([] if parts[-1].total else ["False"])
        return self._settle(
            f"({' or '.join(codes)})", max(part.depth for part in parts), total=True
        )

    def _infix_and(self, items: tuple[Node, ...]) -> Piece:
        parts = [self.truth(item) for item in items]
        if all(part.total for part in parts):
            return self._joined("({})", " and ", items, total=True, truth=True)
        return self._joined("infix_and({})", ", ", items, truth=True)

    def _not(self, arg: Node) -> Piece:
        if isinstance(arg, Include) and arg.name in self._includes:
            inner = self._include(arg.name)
            return self._settle(f"({inner.code} is not True)", inner.depth, total=True)
        inner = self.truth(arg)
        if inner.total:
            return self._settle(f"(not {inner.code})", inner.depth, total=True)
        self._held += 1
        held = f"n{self._held}"
        code = f"(None if ({held} := {inner.code}) is None else not {held})"
        return self._settle(code, inner.depth)

    def _include(self, name: str) -> Piece:
        # One function for each filter, however often it is included: text never multiplies.
        if name not in self._written:
            self._written[name] = self._hoist(self.truth(self._includes[name]).code)
        return Piece(f"{self._written[name]}{_HEAD}")

    def _joined(
        self,
        form: str,
        sign: str,
        items: tuple[Node, ...],
        *,
        total: bool = False,
        truth: bool = False,
    ) -> Piece:
        parts = [self.truth(item) if truth else self.value(item) for item in items]
        code = form.format(sign.join(part.code for part in parts))
        return self._settle(code, max((part.depth for part in parts), default=0), total=total)

    def _settle(self, code: str, depth: int, *, total: bool = False) -> Piece:
        """Return the piece one level deeper, moved to a function of its own when too deep."""
        if depth < DEEPEST:
            return Piece(code, depth + 1, total)
        return Piece(f"{self._hoist(code)}{_HEAD}", 1, total)

    def _hoist(self, code: str) -> str:
        name = f"f{len(self.functions)}"
        self.functions.append(f"def {name}{_HEAD}:\n    return {code}")
        return name


_CALCULATIONS = {sign: sign for sign in "+-*/%"}
_GIVEN: dict[str, object] = {
    "compare": compare,
    "between": between,
    "calculate": calculate,
    "negative": negative,
    "infix_and": infix_and,
    "is_present": is_present,
    "datetime": datetime,
    "NULL": NULL,
    "FAULTS": FAULTS,
}
