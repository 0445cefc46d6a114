"""Turning calls of behavioural functions, as they were read, into questions about a history."""

from collections.abc import Iterable

from msgspec.structs import fields, replace

from coterie.lang.behaviour.arguments import sort_arguments
from coterie.lang.behaviour.functions import BEHAVIOUR, BehaviourFunction
from coterie.lang.behaviour.question import HistoryQuestion
from coterie.lang.expr.errors import LangError, Problem, problem_at, suggest
from coterie.lang.expr.functions import FUNCTIONS
from coterie.lang.expr.limits import MAX_PROBLEMS
from coterie.lang.expr.tokens import token_length
from coterie.lang.expr.tree import Asked, Call, Compare, Node, Not, Null, walk


def bind_behaviour(tree: Node, text: str) -> tuple[Node, list[Problem]]:
    """Return the tree with its behavioural calls bound, with what is wrong with them.

    What is wrong with the tree otherwise is for others to say.
    """
    ours = _find_ours(dict.fromkeys(node.name for node in walk(tree) if isinstance(node, Call)))
    if not ours:
        return tree, []
    binder = _Binder(text, ours)
    return binder.bind(tree), binder.problems


def trackers_of(*trees: Node) -> frozenset[str]:
    """Return the texts of all trackers that bound trees ask."""
    asked = (node for tree in trees for node in walk(tree) if isinstance(node, Asked))
    return frozenset(name for node in asked for name in node.question.reads)


def _find_ours(names: Iterable[str]) -> frozenset[str]:
    """Return the names that are behavioural functions, well or badly spelt."""
    wanted = list(names)
    unknown = [name for name in wanted if name not in BEHAVIOUR and name not in FUNCTIONS]
    # Looking for what was meant takes a while, and beyond these nothing is told of any.
    near = (
        name
        for name in unknown[:MAX_PROBLEMS]
        if suggest(name, (*FUNCTIONS, *BEHAVIOUR)) in BEHAVIOUR
    )
    return frozenset((*(name for name in wanted if name in BEHAVIOUR), *near))


def _is_no_truth(name: str) -> bool:
    return name in BEHAVIOUR and not BEHAVIOUR[name].is_truth


def _is_node(value: object) -> bool:
    return isinstance(value, Node.__args__)


class _Binder:
    """Binds the calls of one text; a wrong one becomes NULL, and a problem."""

    def __init__(self, text: str, ours: frozenset[str]) -> None:
        self.text = text
        self.ours = ours
        self.problems: list[Problem] = []

    def bind(self, node: Node) -> Node:
        match node:
            case Call(name=name) if name in self.ours:
                return self._ask(node)
            case Compare(left=Not(arg=Call(name=name), at=at)) if _is_no_truth(name):
                # Lytics reads `NOT f(x) > 1` as `(NOT f(x)) > 1`, which says nothing of a number.
                self._note(
                    at,
                    f"NOT stands before {name}(...) alone, which is neither true nor false",
                    expected=f"parentheses around the comparison: NOT ({name}(...) >= 1)",
                )
                return Null(at)
            case _:
                return self._rebuild(node)

    def _rebuild(self, node: Node) -> Node:
        changed: dict[str, object] = {}
        for field in fields(node):
            value = getattr(node, field.name)
            if isinstance(value, tuple):
                parts = tuple(self.bind(part) if _is_node(part) else part for part in value)
                if any(part is not old for part, old in zip(parts, value, strict=True)):
                    changed[field.name] = parts
            elif _is_node(value) and (bound := self.bind(value)) is not value:
                changed[field.name] = bound
        return replace(node, **changed) if changed else node

    def _ask(self, call: Call) -> Node:
        function = BEHAVIOUR.get(call.name)
        if function is None:
            meant = suggest(call.name, BEHAVIOUR)
            self._note(call.at, f"there is no function {call.name!r}", suggestion=meant)
            return Null(call.at)
        try:
            return self._question(call, function)
        except LangError as error:
            self.problems.extend(error.problems)
            return Null(call.at)

    def _question(self, call: Call, function: BehaviourFunction) -> Asked:
        said = sort_arguments(call, function, self.text)
        edges = tuple(self.bind(edge) for edge in said.edges)
        texts = tuple(tracker.text for tracker in said.trackers)
        return Asked(call, HistoryQuestion(function.name, texts, said.span), edges, call.at)

    def _note(
        self, at: int, message: str, *, expected: str | None = None, suggestion: str | None = None
    ) -> None:
        length = token_length(self.text, at)
        self.problems.append(
            problem_at(
                self.text, at, message, length=length, expected=expected, suggestion=suggestion
            )
        )
