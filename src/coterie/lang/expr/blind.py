"""Which calls say nothing when they are given nothing, so that code need not make them."""

from functools import lru_cache

from coterie.lang.expr.functions import FUNCTIONS
from coterie.lang.expr.tree import Call, Name, Node, Number, Text, Truth


def is_blind(call: Call) -> bool:
    """Say whether a call of a field, and perhaps literals after it, is None where that is missing.

    The function itself is asked; one that looks at the present or at other data cannot be.
    """
    function = FUNCTIONS[call.name]
    if function.of_world or function.clock or not call.args or not isinstance(call.args[0], Name):
        return False
    rest = [_literal(arg) for arg in call.args[1:]]
    return None not in rest and _says_nothing(call.name, *rest)


# Typed, for 1 and true are equal and not the same literal.
@lru_cache(maxsize=1_000, typed=True)
def _says_nothing(name: str, *rest: object) -> bool:
    return FUNCTIONS[name].run(None, *rest) is None


def _literal(node: Node) -> object:
    return node.value if isinstance(node, Text | Number | Truth) else None
