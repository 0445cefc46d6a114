"""Which kinds of values an expression can have, as far as the schema and the functions tell.

Kinds are those of fields (`model.schema`). What nothing is known of has none: None.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from types import NoneType, UnionType
from typing import Union, get_args, get_origin, get_type_hints

from msgspec import Struct

from coterie.lang.expr.functions import FUNCTIONS
from coterie.lang.expr.tree import (
    Arithmetic,
    Asked,
    Call,
    Items,
    Minus,
    Name,
    Node,
    Null,
    Number,
    Text,
    Truth,
)
from coterie.model.schema import MAP_KINDS

Kinds = frozenset[str]
KEYED_KINDS = frozenset({*MAP_KINDS, "geolocation", "dynamic"})
NUMBERS: Kinds = frozenset({"int", "number"})
TRUTHS: Kinds = frozenset({"bool"})
_OF_PYTHON: dict[object, str] = {
    str: "string",
    int: "int",
    float: "number",
    bool: "bool",
    datetime: "date",
}
# What a map holds is called otherwise than a field that holds one such value.
_OF_MAPS = {"time": "date", "intsum": "int"}
_TO_MAPS = {"date": "time"}


class SchemaView(Struct, frozen=True):
    """What the languages know of a schema: the kind and the merge operator of each field."""

    kinds: Mapping[str, str] = {}
    ops: Mapping[str, str] = {}

    def find_kind(self, name: Name) -> str | None:
        """Return the kind of a field or of a key of a map, None where nothing is known of it."""
        whole = ".".join(name.path)
        if whole in self.kinds:
            return self.kinds[whole]
        outer, inner = self.split(name)
        kind = self.kinds.get(outer)
        if kind not in MAP_KINDS or not inner or "." in inner:
            return None
        held = kind.rpartition("]")[2]
        return None if held == "value" else _OF_MAPS.get(held, held)

    def split(self, name: Name) -> tuple[str, str]:
        """Return the field that a dotted name leads into, and the key there; "" for none."""
        whole = ".".join(name.path)
        outer, _, inner = whole.partition(".")
        if len(name.path) > 1:
            outer, inner = name.path[0], ".".join(name.path[1:])
        return outer, inner

    def has(self, name: Name) -> bool:
        """Say whether profiles can have a value under this name."""
        if ".".join(name.path) in self.kinds:
            return True
        outer, inner = self.split(name)
        return bool(inner) and self.kinds.get(outer) in KEYED_KINDS


def kinds_of(node: Node, view: SchemaView) -> Kinds | None:
    """Return the kinds that the value of an expression can have, None where it may be any."""
    match node:
        case Text():
            return frozenset({"string"})
        case Number(value=value):
            return frozenset({"int" if isinstance(value, int) else "number"})
        case Truth():
            return TRUTHS
        case Name():
            kind = view.find_kind(node)
            return None if kind is None else frozenset({kind})
        case Call(name=name, args=args):
            return kinds_of_call(name, tuple(kinds_of(arg, view) for arg in args))
        case Asked(question=question):
            return question.kinds
        case Arithmetic() | Minus():
            return NUMBERS
        case Items() | Null():
            return None
        case _:
            return TRUTHS


def kinds_of_call(name: str, args: tuple[Kinds | None, ...]) -> Kinds | None:
    """Return the kinds that a call can have, given those of its arguments."""
    function = FUNCTIONS.get(name)
    if function is not None and function.is_choice:
        return _kinds_of_choice(args)
    if name == "map" and len(args) == len(("key", "value")):
        held = args[1] or frozenset({"value"})
        return frozenset(f"map[string]{_TO_MAPS.get(kind, kind)}" for kind in held)
    return _promised_kinds(name)


def _kinds_of_choice(args: tuple[Kinds | None, ...]) -> Kinds | None:
    """Return the kinds of the values that a choice is among: every second one, and the last."""
    values = [*args[1::2], *(args[-1:] if len(args) % 2 else ())]
    found: Kinds = frozenset()
    for kinds in values:
        if kinds is None:
            return None
        found |= kinds
    return found or None


@cache
def _promised_kinds(name: str) -> Kinds | None:
    """Return the kinds that a function promises by the type of what its code returns."""
    function = FUNCTIONS.get(name)
    if function is None:
        return None
    promised = get_type_hints(function.run).get("return", object)
    is_union = get_origin(promised) in (Union, UnionType)
    parts = get_args(promised) if is_union else (promised,)
    kinds = [_kind_of_type(part) for part in parts if part is not NoneType]
    return None if not kinds or None in kinds else frozenset(kind for kind in kinds if kind)


def _kind_of_type(promised: object) -> str | None:
    plain = _OF_PYTHON.get(promised)
    if plain is not None:
        return plain
    match get_origin(promised), get_args(promised):
        case (origin, (item,)) if origin is list:
            return {str: "[]string", datetime: "[]time"}.get(item)
        case (origin, (key, item)) if origin is dict and key is str:
            held = _OF_PYTHON.get(item, "value")
            return f"map[string]{_TO_MAPS.get(held, held)}"
        case _:
            return None
