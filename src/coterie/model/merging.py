"""Which merge operators a field of each kind may have."""

from coterie.model.schema import (
    MAP_KINDS,
    SCALAR_KINDS,
    SET_KINDS,
    SPECIAL_KINDS,
    TALLY_KIND,
    MergeOp,
)

KINDS = (*SCALAR_KINDS, *SET_KINDS, *MAP_KINDS, *SPECIAL_KINDS)
IDENTIFIER_KINDS = ("string", "int", "[]string")

_CHOSEN: tuple[MergeOp, ...] = ("latest", "oldest")
_ORDERED: tuple[MergeOp, ...] = ("latest", "oldest", "max", "min")
_NUMERIC: tuple[MergeOp, ...] = (*_ORDERED, "sum", "count")
_MAP: tuple[MergeOp, ...] = ("latestmap", "oldestmap")
_MAP_ORDERED: tuple[MergeOp, ...] = (*_MAP, "mapmax", "mapmin")
_MAP_NUMERIC: tuple[MergeOp, ...] = (*_MAP_ORDERED, "mapsum")

OPS: dict[str, tuple[MergeOp, ...]] = {
    "string": _CHOSEN,
    "bool": _CHOSEN,
    "date": _ORDERED,
    "int": _NUMERIC,
    "number": _NUMERIC,
    "[]string": ("merge", *_CHOSEN),
    "[]time": ("merge", *_CHOSEN),
    "ts[]string": ("merge",),
    "map[string]string": _MAP,
    "map[string]bool": _MAP,
    "map[string]value": _MAP,
    "map[string]time": _MAP_ORDERED,
    "map[string]int": _MAP_NUMERIC,
    "map[string]number": _MAP_NUMERIC,
    "map[string]intsum": ("mapsum", *_MAP_ORDERED),
    "geolocation": _CHOSEN,
    "dynamic": _CHOSEN,
    TALLY_KIND: ("merge",),
}
"""The merge operators of each kind; the first is what a field gets that names none."""

AGEING_OPS: tuple[MergeOp, ...] = (
    "merge", "latestmap", "oldestmap", "mapmax", "mapmin", "mapsum",
)  # fmt: skip
"""The operators that know when each of a field's values was last seen, as `keep_days` needs."""

# Kinds by the other names that Lytics has for them.
_OTHER_NAMES = {
    "integer": "int",
    "float": "number",
    "boolean": "bool",
    "time": "date",
    "datetime": "date",
}

# Lytics writes MERGEOP LATEST for maps too, and means key by key.
_FOR_MAPS: dict[str, MergeOp] = {
    "latest": "latestmap",
    "oldest": "oldestmap",
    "max": "mapmax",
    "min": "mapmin",
    "sum": "mapsum",
    "merge": "latestmap",
}


def find_kind(written: str) -> str:
    """Return the kind that a word means: itself, where it is no other name of one."""
    return _OTHER_NAMES.get(written, written)


def find_op(kind: str, written: str) -> MergeOp | None:
    """Return the operator that a word means for a field of this kind, or None."""
    wanted = written.lower()
    if kind in MAP_KINDS:
        wanted = _FOR_MAPS.get(wanted, wanted)
    return next((known for known in OPS.get(kind, ()) if known == wanted), None)
