"""Functions that choose among values by conditions."""

from coterie.lang.expr.bounds import MOST_CASES
from coterie.lang.expr.functions.registry import Catalogue, Example
from coterie.lang.expr.tree import Call

CATALOGUE = Catalogue()


def _check_cases(call: Call) -> str | None:
    if len(call.args) > 2 * MOST_CASES + 1:
        return f"{call.name} takes at most {MOST_CASES} conditions"
    return None


@CATALOGUE.add(
    "if(condition, value, [otherwise])",
    is_choice=True,
    example=Example('"big" IF total >= 100 ELSE "small"', "small", {"total": 12}),
)
def _if(condition: object, value: object, otherwise: object = None) -> object:
    """Return the value if the condition holds, else the other one, or no value without one.

    It is also written `value IF condition ELSE otherwise`, in parentheses where it is a part of
    something larger. A condition that is not evaluable does not hold.
    """
    raise AssertionError((condition, value, otherwise))


@CATALOGUE.add(
    "ifcase(value IF condition, ..., [otherwise])",
    is_choice=True,
    check=_check_cases,
    example=Example(
        'ifcase("big" IF total >= 100, "medium" IF total >= 10, "small")',
        "medium",
        {"total": 12},
    ),
)
def _ifcase(condition: object, value: object, *more: object) -> object:
    """Return the value of the first condition that holds, else the last argument.

    Without a last argument that has no condition there is no value then. It is also written with
    the condition before each value: `ifcase(total >= 100, "big", "small")`.
    """
    raise AssertionError((condition, value, more))
