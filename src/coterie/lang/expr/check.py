"""Finding what is wrong with a tree before it runs."""

from coterie.lang.expr.errors import LangError, suggest
from coterie.lang.expr.functions import FUNCTIONS
from coterie.lang.expr.tree import Call, Everything, Include, Node, walk


def check_calls(node: Node, text: str) -> None:
    """Raise LangError for the first call of an unknown function or with wrong arguments."""
    for call in walk(node):
        if not isinstance(call, Call):
            continue
        function = FUNCTIONS.get(call.name)
        if function is None:
            msg = f"there is no function {call.name!r}"
            raise LangError(
                msg,
                text=text,
                at=call.at,
                suggestion=suggest(call.name, FUNCTIONS),
            )
        fault = function.find_fault(call)
        if fault is not None:
            raise LangError(fault, text=text, at=call.at)


def check_mapping(node: Node, text: str) -> None:
    """Raise LangError for what a filter may hold and a mapping may not."""
    for part in walk(node):
        if isinstance(part, Include | Everything):
            what = "INCLUDE" if isinstance(part, Include) else "*"
            msg = f"{what} belongs into a filter"
            raise LangError(msg, text=text, at=part.at)
    check_calls(node, text)
