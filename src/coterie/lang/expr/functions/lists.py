"""Functions over lists, and those that choose among values."""

from collections.abc import Callable, Mapping, Sequence

from coterie.lang.expr.bounds import MOST_PATTERNS
from coterie.lang.expr.functions.registry import ABSENT, Catalogue, Example
from coterie.lang.expr.glob import like_matcher
from coterie.lang.expr.values import is_filled, items_of, kind_of, show, to_int

CATALOGUE = Catalogue()


@CATALOGUE.add(
    "oneof(value, other, ...)",
    example=Example("oneof(phone, mobile)", "5550100", {"phone": "", "mobile": "5550100"}),
)
def _oneof(value: object, other: object, *more: object) -> object:
    """Return the first argument that is there and not empty."""
    for each in (value, other, *more):
        if is_filled(each):
            return each
    return None


@CATALOGUE.add("len(value)", "char_length", example=Example('len("café")', 4))
def _len(value: object) -> int | None:
    """Return the number of characters, items or keys; 0 for what has none of these."""
    match value:
        case str() | list() | tuple() | set() | frozenset() | Mapping():
            return len(value)
        case _:
            return None if kind_of(value) == "other" else 0


@CATALOGUE.add(
    "array.index(list, place)",
    example=Example("array.index(items, -1)", "c", {"items": ["a", "b", "c"]}),
)
def _array_index(values: object, place: object) -> object:
    """Return the item at a place, counted from 0, or from -1 at the end."""
    items, index = items_of(values), to_int(place)
    if index is None or not -len(items) <= index < len(items):
        return None
    return items[index]


@CATALOGUE.add(
    "array.slice(list, start, [end])",
    example=Example("array.slice(items, 1)", ["b", "c"], {"items": ["a", "b", "c"]}),
)
def _array_slice(values: object, start: object, end: object = ABSENT) -> list[object] | None:
    """Return the items from `start` to before `end`; places below 0 count from the end."""
    items = items_of(values)
    first = to_int(start)
    last = len(items) if end is ABSENT else to_int(end)
    if first is None or last is None:
        return None
    first += len(items) if first < 0 else 0
    last += len(items) if last < 0 else 0
    if not 0 <= first < len(items) or not first <= last <= len(items):
        return None
    return list(items[first:last])


@CATALOGUE.add("set(value, ...)", example=Example('set(split("b|a|b", "|"))', ["a", "b"]))
def _set(value: object, *more: object) -> list[str] | None:
    """Return the distinct texts of the arguments, sorted."""
    if value.__class__ is str and not more:
        return [value] if value else None
    texts: set[str] = set()
    for each in (value, *more):
        members = items_of(each) if kind_of(each) == "list" else [each]
        texts.update(show(item) for item in members if is_filled(item))
    return sorted(texts) or None


@CATALOGUE.add(
    "filter(value, pattern, ...)",
    example=Example('filter(split("apples,oranges", ","), "ora*")', ["apples"]),
)
def _filter(value: object, pattern: object, *more: object) -> object:
    """Return a text, list or map without what fits a pattern; maps are searched by key.

    A pattern with `*` or `%` is a glob, one without is the beginning of what it fits.
    """
    return _sift(value, (pattern, *more), keep=False)


@CATALOGUE.add(
    "filtermatch(value, pattern, ...)",
    example=Example('filtermatch(split("apples,oranges", ","), "ora*")', ["oranges"]),
)
def _filtermatch(value: object, pattern: object, *more: object) -> object:
    """Return only what fits a pattern of a text, list or map; maps are searched by key."""
    return _sift(value, (pattern, *more), keep=True)


def _sift(value: object, patterns: Sequence[object], *, keep: bool) -> object:
    if not is_filled(value):
        return None
    tests = _tests(patterns)
    if len(tests) > MOST_PATTERNS:
        return None

    def stays(text: str) -> bool:
        return any(test(text) for test in tests) is keep

    match value:
        case str():
            # An empty pattern takes nothing away: the engine's own test pins it.
            empty = not keep and all(pattern == "" for pattern in patterns)
            return value if empty or stays(value) else None
        case Mapping():
            return {key: each for key, each in value.items() if stays(key)} or None
        case list() | tuple() | set() | frozenset():
            texts = [show(item) for item in items_of(value)]
            return [text for text in texts if text and stays(text)] or None
        case _:
            return None


def _tests(patterns: Sequence[object]) -> list[Callable[[str], object]]:
    each = (
        item
        for pattern in patterns
        for item in (items_of(pattern) if kind_of(pattern) == "list" else [pattern])
    )
    return [_test(item.replace("%", "*")) for item in each if isinstance(item, str)]


def _test(pattern: str) -> Callable[[str], object]:
    if "*" in pattern:
        return like_matcher(pattern) or (lambda _text: False)
    return lambda text: bool(pattern) and text.startswith(pattern)
