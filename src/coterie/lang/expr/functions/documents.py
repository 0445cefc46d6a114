"""Functions over texts that are JSON documents."""

import math
from datetime import datetime
from functools import lru_cache
from typing import Any

import jmespath
import msgspec
from jmespath.exceptions import JMESPathError
from jmespath.visitor import Options, TreeInterpreter

from coterie.lang.expr.bounds import (
    LONGEST_DOCUMENT,
    LONGEST_RESULT,
)
from coterie.lang.expr.functions.registry import Catalogue, Example
from coterie.lang.expr.limits import MAX_PATTERN
from coterie.lang.expr.tree import Call, Text
from coterie.lang.expr.values import to_text

CATALOGUE = Catalogue()
MOST_STEPS = 100_000
# `[@, @]` doubles what it is given, and doublings one after the other multiply.
LARGEST_GROWTH = 64
_SIDE_BY_SIDE = ("multi_select_list", "multi_select_dict")


class _TooMuchWorkError(JMESPathError):
    """An expression that goes on for longer than any useful one."""


class _Counting(TreeInterpreter):
    """Walks an expression for at most `MOST_STEPS` steps."""

    def __init__(self) -> None:
        super().__init__(Options())
        self._left = MOST_STEPS

    def visit(self, node: Any, *args: Any, **kwargs: Any) -> Any:
        self._left -= 1
        if self._left < 0:
            raise _TooMuchWorkError
        return super().visit(node, *args, **kwargs)


def _check_path(call: Call) -> str | None:
    path = call.args[1]
    if not isinstance(path, Text) or not path.value:
        return 'the second argument of json.jmespath is a path in quotes, such as "items[0].name"'
    # A faulty path gives no value, as in Lytics; one that is too large would do harm.
    if len(path.value) > MAX_PATTERN:
        return f"the path has {len(path.value):,} characters, at most {MAX_PATTERN:,} are read"
    known = _compile(path.value)
    if known is not None and _growth(known.parsed) > LARGEST_GROWTH:
        return "this path multiplies what it is given: use fewer [a, b] and {a: b}"
    return None


@CATALOGUE.add(
    "json.jmespath(text, path)",
    check=_check_path,
    example=Example(
        'json.jmespath(cart, "items[?price > `5`].name | [0]")',
        "book",
        {"cart": '{"items": [{"name": "pen", "price": 2}, {"name": "book", "price": 9}]}'},
    ),
)
def _jmespath(text: object, path: object) -> object:
    """Return what a JMESPath finds in a text that is JSON; numbers are broken ones.

    No value for a text that is no JSON, a path that is none or finds nothing.
    """
    known, document = _compile(str(path)), to_text(text)
    if known is None or document is None or len(document) > LONGEST_DOCUMENT:
        return None
    try:
        data = msgspec.json.decode(document.encode("utf-8", "replace"))
        return _plain(_Counting().visit(known.parsed, data))
    except (msgspec.MsgspecError, JMESPathError, ArithmeticError, LookupError):
        return None
    except (RecursionError, TypeError, ValueError, AttributeError):
        return None


@lru_cache(maxsize=1_024)
def _compile(path: str) -> Any:
    if len(path) > MAX_PATTERN:
        return None
    try:
        return jmespath.compile(path)
    except (JMESPathError, RecursionError, ValueError):
        return None


def _growth(node: dict[str, Any]) -> int:
    """Return by how much an expression may multiply the size of its input."""
    parts = [_growth(child) for child in node["children"] if isinstance(child, dict)]
    grown = sum(parts) if node["type"] in _SIDE_BY_SIDE else math.prod(parts)
    return min(max(grown, 1), LARGEST_GROWTH + 1)


def _plain(found: object) -> object:
    """Return what was found as a value of the language."""
    match found:
        case bool() | datetime():
            return found
        case int() | float():
            return float(found) if abs(found) < 10**300 else None
        case str():
            return found if len(found) <= LONGEST_RESULT else None
        case list():
            items = [plain for item in found if (plain := _plain(item)) is not None]
            return items or None
        case dict():
            pairs = ((str(key), _plain(each)) for key, each in found.items())
            return {key: each for key, each in pairs if each is not None} or None
        case _:
            return None
