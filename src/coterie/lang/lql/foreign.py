"""Finding what is wrong with an expression of a mapping, and what only a filter may hold."""

from collections.abc import Iterator
from itertools import filterfalse

from coterie.lang.behaviour.functions import BEHAVIOUR
from coterie.lang.expr.check import find_call_problems, find_excess
from coterie.lang.expr.errors import LangError, Problem, problem_at
from coterie.lang.expr.tokens import token_length
from coterie.lang.expr.tree import Call, Everything, Include, Node, walk


def find_mapping_problems(node: Node, text: str) -> Iterator[Problem]:
    """Yield what is wrong with an expression of a mapping."""
    foreign = list(_find_foreign(node, text))
    yield from foreign
    told = {(problem.line, problem.column) for problem in foreign}
    # A function of filters is known, so that nothing near to its name is meant.
    yield from filterfalse(
        lambda problem: (problem.line, problem.column) in told, find_call_problems(node, text)
    )
    yield from find_excess(node, text)


def check_mapping(node: Node, text: str) -> None:
    """Raise LangError for what is wrong with an expression of a mapping."""
    problems = list(find_mapping_problems(node, text))
    if problems:
        raise LangError(*problems)


def _find_foreign(node: Node, text: str) -> Iterator[Problem]:
    for part in walk(node):
        match part:
            case Include(at=at):
                message, expected = "INCLUDE belongs into a filter", None
            case Everything(at=at):
                message, expected = "* belongs into a filter", None
            case Call(name=name, at=at) if name in BEHAVIOUR:
                message = f"{name} asks what a person did, and a mapping sees one event alone"
                expected = "it in the filter of an audience, or a field such as: count(order_id)"
            case _:
                continue
        yield problem_at(text, at, message, length=token_length(text, at), expected=expected)
