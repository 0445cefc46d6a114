"""Functions that answer true or false."""

import ipaddress
from collections.abc import Callable
from datetime import datetime

from coterie.lang.expr.functions.registry import Catalogue, Example, Row
from coterie.lang.expr.operators import ORDER
from coterie.lang.expr.values import is_filled, is_present, same, to_bool, to_number

CATALOGUE = Catalogue()


@CATALOGUE.add(
    "eq(a, b)",
    of_world=True,
    clock="dates",
    example=Example('eq(plan, "gold")', True, {"plan": "gold"}),
)
def _eq(_row: Row, now: datetime, a: object, b: object) -> bool | None:
    """Return whether `a` equals `b`, read as what `a` is; a missing value equals only another."""
    return same(a, b, now)


@CATALOGUE.add(
    "ne(a, b)",
    of_world=True,
    clock="dates",
    example=Example('ne(plan, "gold")', True, {"plan": "silver"}),
)
def _ne(_row: Row, now: datetime, a: object, b: object) -> bool | None:
    """Return whether `a` differs from `b`, read as what `a` is."""
    equal = same(a, b, now)
    return None if equal is None else not equal


def _by_number(op: str, words: str) -> Callable[[object, object], bool | None]:
    def run(a: object, b: object) -> bool | None:
        left, right = to_number(a), to_number(b)
        return None if left is None or right is None else ORDER[op](left, right)

    run.__doc__ = f"Return whether the number `a` is {words} the number `b`."
    return run


_ORDERINGS = (
    ("gt", ">", "greater than", False),
    ("ge", ">=", "greater than or equal to", True),
    ("lt", "<", "less than", False),
    ("le", "<=", "less than or equal to", True),
)
for _name, _sign, _words, _of_equals in _ORDERINGS:
    CATALOGUE.add(f"{_name}(a, b)", example=Example(f'{_name}("5", 5)', _of_equals))(
        _by_number(_sign, _words)
    )


@CATALOGUE.add("not(condition)", example=Example("not(subscribed)", True, {"subscribed": False}))
def _not(condition: object) -> bool | None:
    """Return the opposite of a condition."""
    truth = to_bool(condition)
    return None if truth is None else not truth


@CATALOGUE.add("exists(value)", example=Example("exists(email)", False, {"phone": "5550100"}))
def _exists(value: object) -> bool:
    """Return whether there is a value; empty text, 0 and false are values."""
    return is_present(value)


@CATALOGUE.add("any(value, ...)", example=Example("any(email, phone)", True, {"phone": "5550100"}))
def _any(value: object, *more: object) -> bool:
    """Return whether at least one argument is there and not empty."""
    return any(is_filled(each) for each in (value, *more))


@CATALOGUE.add("all(value, ...)", example=Example("all(email, phone)", False, {"phone": "5550100"}))
def _all(value: object, *more: object) -> bool:
    """Return whether all arguments are there, not empty, not false and not zero or less."""
    return all(_is_solid(each) for each in (value, *more))


@CATALOGUE.add(
    "ipfilter(address, network)",
    example=Example('ipfilter(ip, "10.0.0.0/8")', True, {"ip": "10.1.2.3"}),
)
def _ipfilter(address: object, network: object) -> bool | None:
    """Return whether an IP address lies in a network such as 10.0.0.0/8."""
    if not isinstance(address, str) or not isinstance(network, str) or "/" not in network:
        return None
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return None


def _is_solid(value: object) -> bool:
    if not is_filled(value) or value is False:
        return False
    return not isinstance(value, int | float) or value > 0
