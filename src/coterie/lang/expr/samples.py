"""Values to ask the definition of the language with, in place of a second table of its rules.

What no sample of a kind makes evaluable, no value of that kind does: the samples hold each sort of
value that the rules tell apart (`operators`, `values`), which tests/properties holds them to.
"""

from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import product

from coterie.lang.expr.functions import FUNCTIONS
from coterie.lang.expr.functions.registry import Function
from coterie.lang.expr.interpret import literal
from coterie.lang.expr.kinds import Kinds, SchemaView, kinds_of
from coterie.lang.expr.operators import compare
from coterie.lang.expr.tree import Items, Node, Number, Text, Truth
from coterie.model.schema import MAP_KINDS

NOW = datetime(2024, 2, 29, 12, tzinfo=UTC)
_EARLIER = NOW - timedelta(days=400)
_TEXTS = ("a", "", "5", "1.5", "true", "2020-01-01", "1700000000")
_SCALARS: dict[str, tuple[object, ...]] = {
    "string": _TEXTS,
    # Small ones, and what may be the seconds or milliseconds of a date.
    "int": (5, 0, 1, -3, 1_700_000_000, 1_700_000_000_000),
    "number": (1.5, 5.0, 0.0, 1_700_000_000.0),
    "bool": (True, False),
    "date": (NOW, _EARLIER),
}
_LISTS = (["a"], ["5", "b"], ["2020-01-01"])
_HELD = {
    **_SCALARS,
    "time": _SCALARS["date"],
    "intsum": _SCALARS["int"],
    "value": (5, "a", 1.5, True, NOW),
}
# A field without a member has no value, so no list and no map here is empty.
SAMPLES: dict[str, tuple[object, ...]] = {
    **_SCALARS,
    "[]string": _LISTS,
    "ts[]string": _LISTS,
    "[]time": ([NOW], [_EARLIER, NOW]),
    "geolocation": ({"lat": 52.5, "lon": 13.4},),
    **{kind: tuple({"a": each} for each in _HELD[kind.rpartition("]")[2]]) for kind in MAP_KINDS},
}
EVERYTHING: tuple[object, ...] = (
    *(sample for samples in _SCALARS.values() for sample in samples),
    *SAMPLES["[]string"],
    *SAMPLES["[]time"],
    [5],
    {"a": "b"},
    {"a": NOW},
    "a@b.org",
    "https://a.org/b?c=d",
    "10.0.0.1",
    "10.0.0.0/8",
)
_TELLING = SAMPLES.keys() - {"string", "int", "number", "date", "[]time"}
# In place of everything where a function takes several arguments.
_FEW: tuple[object, ...] = ("a", 1, 5, "2020-01-01", ["a", "b"], {"a": 5}, NOW)
_MOST_CALLS = 2_000


def samples_of(node: Node, view: SchemaView) -> tuple[object, ...] | None:
    """Return values that an expression may have: a literal's own, else samples of its kinds.

    None where it may be anything.
    """
    match node:
        case Text(value=text):
            return (literal(text),)
        case Number(value=value) | Truth(value=value):
            return (value,)
        case Items(items=items):
            members = [_literal_of(item) for item in items]
            return None if None in members else (members,)
        case _:
            kinds = kinds_of(node, view)
            return None if kinds is None else _samples_of_kinds(kinds)


@cache
def works_on(op: str, kind: str) -> bool:
    """Say whether a comparison can be true of a field of this kind, whatever is on its right."""
    return any(
        compare(op, left, right, NOW) is True
        for left in SAMPLES.get(kind, EVERYTHING)
        for right in (*EVERYTHING, ["a", "5", 5, 1.5])
    )


@cache
def takes(name: str, place: int, kind: str) -> bool:
    """Say whether a function can have a value with an argument of this kind at a place.

    One that has none with any sample needs other values than these, so nothing is known of it. Nor
    is anything known of texts, and of what may be read as one, since they may look like anything.
    """
    function = FUNCTIONS[name]
    is_beyond = function.most is not None and place >= function.most
    if function.is_choice or is_beyond or kind not in _TELLING:
        return True
    if _gives_value(function, place, _shapes(kind)) is not False:
        return True
    return _gives_value(function, place, EVERYTHING) is not True


def _shapes(kind: str) -> tuple[object, ...]:
    """Return samples of a kind in which texts have all the shapes that they have in EVERYTHING."""
    texts = [each for each in EVERYTHING if isinstance(each, str)]
    if SAMPLES[kind] is _LISTS:
        return (*_LISTS, *([text] for text in texts))
    return (*SAMPLES[kind], *({"a": text} for text in texts if kind == "map[string]string"))


def _gives_value(function: Function, place: int, values: tuple[object, ...]) -> bool | None:
    """Say whether a function has a value with one of these at a place; None: too many to try."""
    count = max(function.least, place + 1)
    others = EVERYTHING if count <= len(("one", "other")) else _FEW
    if len(others) ** (count - 1) * len(values) > _MOST_CALLS:
        return None
    choices = [others] * count
    choices[place] = values
    world: tuple[object, ...] = ({}, NOW) if function.of_world else ()
    return any(function.run(*world, *args) is not None for args in product(*choices))


def _literal_of(node: Node) -> object:
    match node:
        case Text(value=value) | Number(value=value) | Truth(value=value):
            return value
        case _:
            return None


def _samples_of_kinds(kinds: Kinds) -> tuple[object, ...] | None:
    if not kinds <= SAMPLES.keys():
        return None
    return tuple(sample for kind in sorted(kinds) for sample in SAMPLES[kind])
