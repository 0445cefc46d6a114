"""Mappings made ready to be applied to many events."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from msgspec import Struct

from coterie.lang.expr.codegen import Writer
from coterie.lang.expr.errors import LangError
from coterie.lang.expr.functions import FUNCTIONS
from coterie.lang.expr.lookup import is_simple, top_level_names
from coterie.lang.expr.parser import parse_expression
from coterie.lang.expr.tree import Call, Name, Node, Text, walk
from coterie.lang.lql.errors import LqlError
from coterie.lang.lql.foreign import check_mapping
from coterie.lang.lql.recall import recall_of

Values = list[tuple[int, Any]]


class MappingRule(Struct, frozen=True):
    """How a field is made from an event: by `expr`, where `guard` holds."""

    field: str
    expr: str
    guard: str | None = None


class Fit(Struct, frozen=True):
    """What a rule's values become: `fit` makes one fit, or None of what cannot; it raises nothing.

    `key` names the values in place of the rule's index. `keeps_texts` says that a text fits as it
    is unless it is empty, which does not; `recurs` that it pays to remember what texts became.
    """

    key: int
    fit: Callable[[Any], object]
    keeps_texts: bool = False
    recurs: bool = False


class Application(Protocol):
    """The making of values from one event."""

    def __call__(self, event: Mapping[str, object], now: datetime) -> Values | None:
        """Return (key of the rule, value) for each that yields one; None: WHERE dropped it."""


class CompiledMapping:
    """The rules of a stream as generated code.

    `reads` are the top-level keys of an event that can change the result; `match("user.")` counts
    as `user.*`. `apply` never raises on bad data: such a value is no value. `now` is the event's
    time, which `now()` and date math count from.
    """

    __slots__ = ("apply", "reads")

    def __init__(
        self,
        rules: Sequence[tuple[Node, Node | None]],
        where: Node | None,
        fits: Sequence[Fit | None],
    ) -> None:
        trees = [node for rule in rules for node in rule if node is not None]
        self.reads: frozenset[str] = _reads([*trees, where] if where is not None else trees)
        self.apply: Application = _write(rules, where, fits)


def compile_mapping(
    rules: Sequence[MappingRule], *, where: str | None = None, fits: Sequence[Fit] = ()
) -> CompiledMapping:
    """Return the rules ready to run; raises LqlError for an expression that cannot be used.

    `fits`, if there are any, say for each rule what becomes of its values.
    """
    parsed = [
        (parse_mapping(rule.expr), None if rule.guard is None else parse_mapping(rule.guard))
        for rule in rules
    ]
    return CompiledMapping(
        parsed, None if where is None else parse_mapping(where), fits or [None] * len(parsed)
    )


def parse_mapping(text: str) -> Node:
    """Return the tree of one expression of a mapping; raises LqlError."""
    try:
        node = parse_expression(text)
        check_mapping(node, text)
    except LangError as error:
        raise LqlError.of(error) from error
    return node


def _reads(trees: Sequence[Node]) -> frozenset[str]:
    reads: set[str] = set()
    for node in (part for tree in trees for part in walk(tree)):
        match node:
            case Name():
                reads |= top_level_names(node)
            case Call(name="match", args=args):
                for arg in args:
                    prefix = arg.value if isinstance(arg, Text) else ""
                    # The fields may also be inside a map that the prefix begins with.
                    reads |= {f"{prefix}*", prefix.partition(".")[0]} - {""}
    return frozenset(reads)


def _write(
    rules: Sequence[tuple[Node, Node | None]], where: Node | None, fits: Sequence[Fit | None]
) -> Application:
    writer = Writer()
    body = _write_where(writer, where) if where is not None else []
    body += ["    found = []"]
    for index, ((expr, guard), fit) in enumerate(zip(rules, fits, strict=True)):
        quick = None if fit is None or guard is not None else _write_quick(writer, expr, fit)
        body += quick or [
            *_write_rule(writer, expr, guard),
            *_write_find(writer, index, fit),
        ]
    head = ["def apply(event, now):", "    p = event", *writer.prologue()]
    return writer.build([*head, *body, "    return found"], "apply")


def _write_where(writer: Writer, where: Node) -> list[str]:
    return [
        "    try:",
        f"        if {writer.truth(where).code} is not True:",
        "            return None",
        "    except FAULTS:",
        "        return None",
    ]


def _write_rule(writer: Writer, expr: Node, guard: Node | None) -> list[str]:
    value = f"x = {writer.value(expr).code}"
    if guard is not None:
        value += f" if {writer.truth(guard).code} is True else None"
    return ["    try:", f"        {value}", "    except FAULTS:", "        x = None"]


def _write_find(writer: Writer, index: int, fit: Fit | None) -> list[str]:
    """Return the lines that keep `x`; what fits it may not hide its own faults, so no `try`."""
    if fit is None:
        return ["    if x is not None:", f"        found.append(({index}, x))"]
    run, key = writer.table.add(fit.fit), writer.table.add(fit.key)
    return [
        f"    if x is not None and (x := {run}(x)) is not None:",
        f"        found.append(({key}, x))",
    ]


def _write_quick(writer: Writer, expr: Node, fit: Fit) -> list[str] | None:
    """Return the lines of a rule in which a text, as nearly all values are, needs no call.

    None if the rule is of another kind. Most rules are one key of an event, or one function of it.
    """
    name = expr.args[0] if isinstance(expr, Call) and len(expr.args) == 1 else expr
    if not isinstance(name, Name) or not is_simple(name):
        return None
    given = f"    x = {writer.value(name).code}"
    if isinstance(expr, Call):
        of_text = FUNCTIONS[expr.name].of_text
        if of_text is None or not fit.recurs:
            return None
        recalled = f"        x = {writer.table.add(recall_of(of_text, fit.fit))}[x]"
        others = [*_write_rule(writer, expr, None), *_write_find(writer, 0, fit)]
    elif fit.keeps_texts:
        recalled = "        x = x or None"
        others = _write_find(writer, 0, fit)
    else:
        return None
    return [
        given,
        "    if x.__class__ is str:",
        recalled,
        "        if x is not None:",
        f"            found.append(({writer.table.add(fit.key)}, x))",
        "    elif x is not None:",
        *[f"    {line}" for line in others],
    ]
