"""Finding a field's value in a profile or an event.

A dotted name is a key as it stands, or a path into nested maps; the key as it stands wins.
"""

from collections.abc import Callable, Iterable, Mapping

from coterie.lang.expr.tree import Name

Lookup = Callable[[Mapping[str, object]], object]


def top_level_names(name: Name) -> frozenset[str]:
    """Return the keys of the outermost map that decide the value of this field."""
    whole = ".".join(name.path)
    first = name.path[0]
    return frozenset({whole, first, first.partition(".")[0]})


def keys_read(names: Iterable[Name]) -> dict[str, frozenset[str]]:
    """Return the keys that are read of each field of which nothing but keys is read."""
    keys: dict[str, set[str]] = {}
    whole: set[str] = set()
    for name in names:
        field, *inner = ".".join(name.path).split(".")
        if len(inner) == 1:
            keys.setdefault(field, set()).add(inner[0])
        else:
            whole |= top_level_names(name)
    return {field: frozenset(found) for field, found in keys.items() if field not in whole}


def is_simple(name: Name) -> bool:
    """Say whether the field can only be one key of the outermost map."""
    return len(name.path) == 1 and "." not in name.path[0]


def make_lookup(name: Name) -> Lookup:
    """Return a function from a map to this field's value there, None when it is missing."""
    parts = name.path
    if is_simple(name):
        key = parts[0]
        return lambda row: row.get(key)
    if len(parts) == 1:
        return _dotted_lookup(parts[0])
    whole = ".".join(parts)

    def look(row: Mapping[str, object]) -> object:
        value: object = row
        for part in parts:
            if not isinstance(value, Mapping):
                value = None
                break
            value = find(value, part)
        return row.get(whole) if value is None else value

    return look


def _dotted_lookup(dotted: str) -> Lookup:
    head, _, rest = dotted.partition(".")
    is_deep = "." in rest

    def look(row: Mapping[str, object]) -> object:
        value = row.get(dotted)
        if value is not None:
            return value
        inner = row.get(head)
        if is_deep or not isinstance(inner, dict):
            return find(row, dotted)
        return inner.get(rest)

    return look


def find(row: Mapping[str, object], dotted: str) -> object:
    """Return what is at a dotted path: the literal key first, then map within map."""
    value = row.get(dotted)
    if value is not None:
        return value
    cut = dotted.find(".")
    while cut > 0:
        inner = row.get(dotted[:cut])
        if isinstance(inner, Mapping):
            value = find(inner, dotted[cut + 1 :])
            if value is not None:
                return value
        cut = dotted.find(".", cut + 1)
    return None
