"""Writes a filter's text anew where fields got other names."""

from collections.abc import Collection, Iterator, Mapping

from coterie.lang.expr.render import quote_name
from coterie.lang.expr.tokens import Token, tokenize
from coterie.lang.expr.tree import Name, walk
from coterie.lang.filterql.filter import Filter


def rename_fields(flt: Filter, names: Mapping[str, str], known: Collection[str]) -> str:
    """Return the text of a filter with fields called by their new names; the rest stays as it is.

    `names` gives the new name by the old one. `known` are all fields by their old names: `a.b` is
    the field of that name if there is one, else the key `b` of the map `a`.
    """
    text, end = flt.text, len(flt.text)
    # From the end on, so that the places before stay where they are.
    for at, stop, written in sorted(_changes(flt, names, known), reverse=True):
        if stop <= end:
            text, end = text[:at] + written + text[stop:], at
    return text


def _changes(
    flt: Filter, names: Mapping[str, str], known: Collection[str]
) -> Iterator[tuple[int, int, str]]:
    """Yield from where to where the text says something else, and what."""
    tokens = tokenize(flt.text, slashed_names=True)
    places = {token.at: place for place, token in enumerate(tokens)}
    for tree in (flt.tree, *flt.column_trees):
        for node in walk(tree):
            if not isinstance(node, Name):
                continue
            field = _field_of(node.path, known)
            if field in names:
                end = _end_of(tokens, places[node.at], len(node.path))
                yield node.at, end, _written(node.path, field, names[field])


def _field_of(path: tuple[str, ...], known: Collection[str]) -> str:
    """Return the field that a path begins with, found in the order of `lookup.find`."""
    whole = ".".join(path)
    if whole in known:
        return whole
    cut = whole.find(".")
    while cut > 0:
        if whole[:cut] in known:
            return whole[:cut]
        cut = whole.find(".", cut + 1)
    return ""


def _end_of(tokens: list[Token], place: int, parts: int) -> int:
    """Return where a path ends whose parts stand apart, with a dot between each two."""
    return tokens[place + 2 * (parts - 1)].end


def _written(path: tuple[str, ...], field: str, new: str) -> str:
    """Return a path with another name in place of the field that it begins with."""
    rest, covered = list(path), 0
    while rest:
        covered += len(rest[0]) + (covered > 0)
        if covered >= len(field):
            break
        rest.pop(0)
    head = new + rest[0][len(rest[0]) - (covered - len(field)) :]
    return ".".join(quote_name(part) for part in (head, *rest[1:]))
