"""Which other filters a filter takes in.

A filter that is unknown, that comes back to itself, or that takes in such a one is not usable:
whatever includes it cannot be told, as in Lytics. Nor can what asks more than anybody can wait for.
"""

from collections.abc import Collection, Iterator, Mapping

from coterie.lang.expr.errors import Problem, problem_at, suggest
from coterie.lang.expr.limits import MAX_INCLUDE_DEPTH, MAX_UNFOLDED
from coterie.lang.expr.tokens import token_length
from coterie.lang.expr.tree import Include, Node, walk
from coterie.lang.filterql.errors import FilterError
from coterie.lang.filterql.filter import Filter
from coterie.lang.filterql.unfolded import Unfolded

LESS = "each audience included once, by one of the others"


def usable_includes(flt: Filter, includes: Mapping[str, Filter]) -> dict[str, Node]:
    """Return the trees of all filters that `flt` takes in directly or by others, by name."""
    heights: dict[str, int] = {}
    for name in sorted(flt.includes):
        _measure(name, includes, heights)
    trees = _usable(includes, heights)
    unfolded = Unfolded(trees, heights)
    if unfolded.count(flt.tree) > MAX_UNFOLDED:
        return {}
    return {name: tree for name, tree in trees.items() if unfolded.is_small(name)}


def check_includes(flt: Filter, includes: Mapping[str, Filter]) -> None:
    """Raise FilterError where included filters are unknown, come back to themselves, are too deep.

    The message names the path. A filter under edit is known to its own includes by its alias.
    """
    problems = list(find_include_problems(flt, includes))
    if problems:
        raise FilterError(*problems)


def find_include_problems(
    flt: Filter, includes: Mapping[str, Filter], *, unreadable: Collection[str] = ()
) -> Iterator[Problem]:
    """Yield what `check_includes` raises; `unreadable` exist, and their filters cannot be read."""
    heights: dict[str, int] = {}
    known = {**includes, flt.alias: flt} if flt.alias else dict(includes)
    for node in walk(flt.tree):
        if isinstance(node, Include):
            _measure(node.name, known, heights)
            if not 0 < heights[node.name] <= MAX_INCLUDE_DEPTH:
                path = _find_fault(node.name, known, heights)
                if path[-1] in unreadable:
                    yield _unreadable(path[-1], flt, node.at)
                else:
                    yield _fault(path, known, flt, node.at)
    if Unfolded(_usable(known, heights), heights).count(flt.tree) > MAX_UNFOLDED:
        msg = f"with all that it includes, the filter asks more than {MAX_UNFOLDED:,} conditions"
        yield problem_at(flt.text, 0, msg, length=len(flt.text), expected=LESS)


def _usable(includes: Mapping[str, Filter], heights: Mapping[str, int]) -> dict[str, Node]:
    return {
        name: includes[name].tree
        for name, height in heights.items()
        if 0 < height <= MAX_INCLUDE_DEPTH
    }


def _measure(start: str, includes: Mapping[str, Filter], heights: dict[str, int]) -> None:
    """Set the height of each filter under `start`: 1 without includes, 0 when it is not usable."""
    path: list[str] = []
    waiting = [(start, False)]
    while waiting:
        name, leaving = waiting.pop()
        if leaving:
            path.pop()
            below = [heights.get(inner, 0) for inner in includes[name].includes]
            usable = heights.get(name) != 0 and all(below)
            heights[name] = 1 + max(below, default=0) if usable else 0
        elif name in path or name not in includes:
            heights[name] = 0
        elif name not in heights:
            path.append(name)
            waiting.append((name, True))
            waiting.extend((inner, False) for inner in sorted(includes[name].includes))


def _find_fault(start: str, includes: Mapping[str, Filter], heights: dict[str, int]) -> list[str]:
    """Return the names from `start` to where it goes wrong: unknown, met twice, or too deep."""
    path = [start]
    while path[-1] in includes and path.count(path[-1]) == 1 and len(path) <= MAX_INCLUDE_DEPTH:
        below = sorted(includes[path[-1]].includes)
        # A cycle has height 0, like what is unknown; else the tallest is what is too deep.
        path.append(
            next(
                (name for name in below if not heights.get(name)),
                max(below, key=lambda name: heights.get(name, 0)),
            )
        )
    return path


def _fault(path: list[str], includes: Mapping[str, Filter], flt: Filter, at: int) -> Problem:
    last, shown = path[-1], " → ".join(path)
    meant = None
    if last not in includes:
        # A name that only another audience uses is put right there.
        where = f" ({shown})" if len(path) > 1 else ""
        meant = None if where else suggest(last, includes.keys() - {flt.alias})
        msg = f"there is no audience {last!r}{where}"
    elif path.count(last) > 1:
        msg = f"audiences include each other: {shown}"
    else:
        msg = (
            f"audiences include each other more than {MAX_INCLUDE_DEPTH} levels deep, from "
            f"{path[0]!r} on"
        )
    return problem_at(flt.text, at, msg, length=_length(flt.text, at), suggestion=meant)


def _unreadable(name: str, flt: Filter, at: int) -> Problem:
    return problem_at(
        flt.text,
        at,
        f"the filter of the audience {name!r} can no longer be read",
        length=_length(flt.text, at),
        expected=f"{name!r} corrected first",
    )


def _length(text: str, at: int) -> int:
    """Return how long `INCLUDE name` is."""
    word = token_length(text, at)
    name = len(text) - len(text[at + word :].lstrip())
    return name - at + token_length(text, name) if name < len(text) else word
