"""Finding conditions that nobody can fit, or that everybody fits.

Conditions on one field with literals divide its values into few ranges, and are the same all over
a range. So the definition of the language is asked about one value of each range: if it holds for
none, it never does.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from coterie.lang.expr.datemath import parse_literal
from coterie.lang.expr.errors import Problem, problem_at
from coterie.lang.expr.interpret import World, evaluate_truth
from coterie.lang.expr.kinds import SchemaView
from coterie.lang.expr.ranges import Literal, values_to_try
from coterie.lang.expr.render import render
from coterie.lang.expr.tokens import token_length
from coterie.lang.expr.tree import (
    EQUALITIES,
    ORDERINGS,
    Between,
    Compare,
    Exists,
    Group,
    Infix,
    Items,
    Name,
    Node,
    Not,
    Number,
    Text,
    Truth,
    children,
)
from coterie.model.schema import SCALAR_KINDS

# Date math is asked about where months differ in length; what no present allows is told.
PRESENTS = tuple(
    datetime(year, month, day, 12, tzinfo=UTC)
    for year, month, day in ((2024, 2, 29), (2023, 3, 31), (2025, 1, 31), (2023, 12, 31))
)
MOST_LITERALS = 100
"""More literals about one field are not looked into: the work grows with their number squared."""
MOST_ANSWERS = 100_000
"""After so many answers of the definition, the rest of a text is taken as it is."""
LONGEST_SHOWN = 60

_DATED = (*EQUALITIES, *ORDERINGS)


def find_idle_conditions(tree: Node, text: str, view: SchemaView) -> Iterator[Problem]:
    """Yield the conditions that are never true, or always, whatever a profile holds."""
    return _Analyst(text, view).look_at(tree)


class _Analyst:
    """Looks through one condition; `answers` is how many more the definition is asked for."""

    def __init__(self, text: str, view: SchemaView) -> None:
        self.text = text
        self.view = view
        self.answers = MOST_ANSWERS

    def look_at(self, node: Node) -> Iterator[Problem]:
        """Yield what is idle in a condition; of what is in a list, the items rather than all."""
        told: set[int] = set()
        if isinstance(node, Group | Infix):
            for problem, part in self._find_conflicts(node):
                told.add(id(part))
                yield problem
        else:
            found = self._judge([node])
            if found is not None:
                yield self._tell(node, found)
                return
        if isinstance(node, Group | Infix | Not):
            for part in children(node):
                if id(part) not in told:
                    yield from self.look_at(part)

    def _find_conflicts(self, node: Group | Infix) -> Iterator[tuple[Problem, Node]]:
        """Yield items of a list that leave nothing to choose beside other items on their field."""
        by_field: dict[str, list[Node]] = defaultdict(list)
        for item in node.items:
            field = self._field_of(item)
            if field is not None:
                by_field[field].append(item)
        verdict = node.op == "or"
        for items in by_field.values():
            if len(items) == 1 or self._judge(items, node.op) is not verdict:
                continue
            for end in range(2, len(items) + 1):
                if self._judge(items[:end], node.op) is verdict:
                    yield self._tell_conflict(items[:end], node.op), items[end - 1]
                    break

    def _judge(self, items: Sequence[Node], op: str = "and") -> bool | None:
        """Say whether the items, together on one field, are never true (False) or always (True)."""
        field = self._field_of(items[0])
        kind = None if field is None else self.view.find_kind(Name((field,)))
        literals = [each for item in items for each in _literals_in(item)]
        if field is None or kind is None or len(literals) > MOST_LITERALS:
            return None
        asked = Group(op, tuple(items)) if len(items) > 1 else items[0]
        is_moving = [_is_moving(each) for each in literals if kind == "date"]
        if any(is_moving) and not all(is_moving):
            return None  # what is so today need not be so tomorrow
        found: set[bool] = set()
        for now in PRESENTS if any(is_moving) else PRESENTS[:1]:
            values = values_to_try(kind, literals, now)
            if values is None:
                return None
            self.answers -= len(values) * len(items)
            if self.answers < 0:
                return None
            for row in ({}, *({field: value} for value in values)):
                found.add(evaluate_truth(asked, World(row, now)) is True)
                if len(found) > 1:
                    return None
        return found.pop()

    def _field_of(self, node: Node) -> str | None:
        """Return the one field of one value that a condition compares with literals, or None."""
        fields: set[str | None] = set()
        waiting = [node]
        while waiting:
            part = waiting.pop()
            if isinstance(part, Group | Infix | Not):
                waiting.extend(children(part))
            else:
                fields.add(self._field_of_clause(part))
        return fields.pop() if len(fields) == 1 else None

    def _field_of_clause(self, node: Node) -> str | None:
        match node:
            case Exists(arg=Name() as name):
                literals: tuple[Node, ...] = ()
            case Compare(op=op, left=Name() as name, right=right) if op in _DATED:
                literals = (right,)
            case Compare(op=op, left=left, right=Name() as name) if op in _DATED:
                literals = (left,)
            case Compare(op="in", left=Name() as name, right=Items(items=literals)):
                pass
            case Between(value=Name() as name, low=low, high=high):
                literals = (low, high)
            case _:
                return None
        kind = self.view.find_kind(name)
        if len(name.path) > 1 or kind not in SCALAR_KINDS:
            return None
        # A text is equal to the numbers that are written like it, in more ways than can be tried.
        fitting = Text if kind == "string" else (Text, Number, Truth)
        is_plain = all(isinstance(each, fitting) for each in literals)
        is_ordered = kind == "string" and isinstance(node, Compare) and node.op in ORDERINGS
        return name.path[0] if is_plain and not is_ordered else None

    def _tell(self, node: Node, always: bool) -> Problem:
        field = self._field_of(node)
        if always:
            return self._problem(node, f"everybody fits this, whatever their {field}")
        if isinstance(node, Between):
            swapped = Between(node.value, node.high, node.low, node.at)
            fits = self._judge([swapped]) is None
            return self._problem(
                node,
                "nobody can fit this: no value lies between these bounds, which are excluded",
                expected="the lower bound first" if fits else None,
                suggestion=render(swapped) if fits else None,
            )
        return self._problem(node, f"nobody can fit this: no value of {field} does")

    def _tell_conflict(self, items: Sequence[Node], op: str) -> Problem:
        last = items[-1]
        other = next(
            (item for item in items[:-1] if self._judge([item, last], op) is not None), None
        )
        beside = f"the conditions on {self._field_of(last)} before it"
        if other is not None:
            shown = render(other)
            beside = shown if len(shown) <= LONGEST_SHOWN else f"{shown[: LONGEST_SHOWN - 3]}..."
        if op == "or":
            return self._problem(last, f"everybody fits this or {beside}")
        are_equal = all(isinstance(each, Compare) and each.op == "==" for each in (other, last))
        return self._problem(
            last,
            f"nobody can fit both this and {beside}",
            expected="OR (…) or IN (…) for one of several values" if are_equal else None,
        )

    def _problem(
        self,
        node: Node,
        message: str,
        *,
        expected: str | None = None,
        suggestion: str | None = None,
    ) -> Problem:
        at = getattr(node, "at", 0)
        return problem_at(
            self.text,
            at,
            message,
            length=token_length(self.text, at),
            expected=expected,
            suggestion=suggestion,
        )


def _literals_in(node: Node) -> Iterator[Literal]:
    match node:
        case Text(value=value) | Number(value=value) | Truth(value=value):
            yield value
        case _:
            for part in children(node):
                yield from _literals_in(part)


def _is_moving(value: Literal) -> bool:
    return isinstance(value, str) and parse_literal(value) is not None
