"""Finding what is wrong with a tree before it runs, whatever the data are."""

from collections.abc import Iterator
from itertools import islice

from coterie.lang.expr.errors import LangError, Problem, problem_at, suggest
from coterie.lang.expr.functions import FUNCTIONS
from coterie.lang.expr.limits import MAX_CONDITIONS, MAX_INCLUDES, MAX_PATTERN, MAX_PROBLEMS
from coterie.lang.expr.tokens import token_length
from coterie.lang.expr.tree import (
    Between,
    Call,
    Compare,
    Exists,
    Include,
    Items,
    Node,
    Text,
    walk,
)


def check_calls(node: Node, text: str) -> None:
    """Raise LangError for calls of unknown functions and with wrong arguments."""
    problems = list(find_call_problems(node, text))
    if problems:
        raise LangError(*problems)


def find_call_problems(node: Node, text: str) -> Iterator[Problem]:
    """Yield what is wrong with the functions that are called, up to `MAX_PROBLEMS`."""
    yield from islice(_find_call_problems(node, text), MAX_PROBLEMS)


def _find_call_problems(node: Node, text: str) -> Iterator[Problem]:
    for call in walk(node):
        if not isinstance(call, Call):
            continue
        function = FUNCTIONS.get(call.name)
        length = token_length(text, call.at)
        if function is None:
            msg, meant = f"there is no function {call.name!r}", suggest(call.name, FUNCTIONS)
            yield problem_at(text, call.at, msg, length=length, suggestion=meant)
            continue
        fault = function.find_fault(call)
        if fault is not None:
            yield problem_at(text, call.at, fault, length=length)


def find_excess(node: Node, text: str) -> Iterator[Problem]:
    """Yield a problem for each limit that a tree goes beyond."""
    conditions = includes = 0
    for part in walk(node):
        match part:
            case Compare(op="like", right=right):
                conditions += 1
                yield from _find_long_patterns(right, text)
            case Include():
                conditions += 1
                includes += 1
                if includes == MAX_INCLUDES + 1:
                    msg = (
                        f"more than {MAX_INCLUDES} audiences are included here. Include some in "
                        "another audience, and that one here"
                    )
                    yield _whole(text, part.at, msg)
            case Compare() | Between() | Exists() | Call():
                conditions += 1
            case _:
                continue
        if conditions == MAX_CONDITIONS + 1:
            msg = (
                f"there are more than {MAX_CONDITIONS:,} conditions and calls. Divide them, or "
                "compare with a list: x IN (…)"
            )
            yield _whole(text, getattr(part, "at", 0), msg)
            return


def _find_long_patterns(right: Node, text: str) -> Iterator[Problem]:
    for pattern in right.items if isinstance(right, Items) else (right,):
        if isinstance(pattern, Text) and len(pattern.value) > MAX_PATTERN:
            msg = (
                f"this pattern has {len(pattern.value):,} characters, at most {MAX_PATTERN:,} are "
                "matched: shorten it"
            )
            yield _whole(text, pattern.at, msg)


def _whole(text: str, at: int, message: str) -> Problem:
    return problem_at(text, at, message, length=token_length(text, at))
