"""Functions over texts."""

import re

from coterie.lang.expr.bounds import LONGEST_RESULT
from coterie.lang.expr.functions.registry import ABSENT, Catalogue, Example
from coterie.lang.expr.values import (
    is_filled,
    items_of,
    kind_of,
    show,
    to_int,
    to_text,
)

CATALOGUE = Catalogue()
_BLANKS = " \n\t\r"
_FIRST_LETTER = re.compile(r"(?<!\w)\w")


@CATALOGUE.add(
    "contains(text, part)", example=Example('contains(price, "$")', True, {"price": "$12"})
)
def _contains(text: object, part: object) -> bool | None:
    """Return whether a text contains another; false when one is missing."""
    whole, piece = to_text(text), to_text(part)
    if whole is None or piece is None:
        return False
    return piece in whole if whole and piece else None


@CATALOGUE.add(
    "hasprefix(text, beginning)",
    example=Example('hasprefix(event, "cart_")', True, {"event": "cart_add"}),
)
def _hasprefix(text: object, beginning: object) -> bool | None:
    """Return whether a text begins with another; false when the text is missing."""
    prefix = show(beginning)
    return show(text).startswith(prefix) if prefix else None


@CATALOGUE.add(
    "hassuffix(text, ending)",
    example=Example('hassuffix(event, "_add")', True, {"event": "cart_add"}),
)
def _hassuffix(text: object, ending: object) -> bool | None:
    """Return whether a text ends with another; false when the text is missing."""
    suffix = show(ending)
    return show(text).endswith(suffix) if suffix else None


@CATALOGUE.add("tolower(text)", "string.lowercase", example=Example('tolower("EN-us")', "en-us"))
def _tolower(text: object) -> str | None:
    """Return a text in lower case."""
    if text.__class__ is str:
        return text.lower()
    known = to_text(text)
    return None if known is None else known.lower()


@CATALOGUE.add("string.uppercase(text)", example=Example('string.uppercase("en")', "EN"))
def _toupper(text: object) -> str | None:
    """Return a text in upper case."""
    known = to_text(text)
    return None if known is None else known.upper()


@CATALOGUE.add(
    "string.titlecase(text)", example=Example('string.titlecase("arthur dent")', "Arthur Dent")
)
def _titlecase(text: object) -> str | None:
    """Return a text with a capital at the start of each word, the rest as it was."""
    known = to_text(text)
    if known is None:
        return None
    return _FIRST_LETTER.sub(lambda found: found.group().title(), known)


@CATALOGUE.add("string.index(text, part)", example=Example('string.index("apple", "p")', 1))
def _index(text: object, part: object) -> int | None:
    """Return where a part begins, counted from 0."""
    if not is_filled(text):
        return None
    place = show(text).find(show(part))
    return place if place >= 0 else None


@CATALOGUE.add(
    "string.substr(text, start, [end])", example=Example('string.substr("android", 0, 3)', "and")
)
def _substr(text: object, start: object, end: object = ABSENT) -> str | None:
    """Return the characters from `start` to before `end`, or to the end of the text."""
    first = to_int(start)
    if not is_filled(text) or first is None:
        return None
    known = show(text)
    last = len(known) if end is ABSENT else to_int(end)
    if last is None or not 0 <= first <= last <= len(known):
        return None
    return known[first:last]


@CATALOGUE.add(
    "split(text, separator)",
    "string.split",
    example=Example('split("web,store", ",")', ["web", "store"]),
)
def _split(text: object, separator: object) -> list[str] | None:
    """Return the parts of a text as a list."""
    known, sign = to_text(text), to_text(separator)
    return known.split(sign) if known and sign else None


@CATALOGUE.add(
    "join(value, ..., separator)",
    example=Example('join(city, state, ", ")', "Salem, OR", {"city": "Salem", "state": "OR"}),
)
def _join(value: object, other: object, *more: object) -> str | None:
    """Return texts, numbers and lists of them as one text; empty texts are left out.

    No value for what would be longer than 100,000 characters.
    """
    *values, separator = value, other, *more
    sign = to_text(separator)
    if sign is None:
        return None
    parts: list[str] = []
    for each in values:
        match kind_of(each):
            case "list":
                parts.extend(show(item) for item in items_of(each))
            case "text" | "int" | "number" if each != "":
                parts.append(show(each))
    length = sum(map(len, parts)) + len(sign) * len(parts)
    return sign.join(parts) if parts and length <= LONGEST_RESULT else None


@CATALOGUE.add("strip(text)", "string.strip", example=Example('strip("  a b ")', "a b"))
def _strip(text: object) -> str | list[str] | None:
    """Return a text, or each text of a list, without blanks at its ends."""
    match kind_of(text):
        case "text":
            return show(text).strip(_BLANKS)
        case "list":
            return [show(item).strip(_BLANKS) for item in items_of(text)]
        case _:
            return None


@CATALOGUE.add("replace(text, part, [by])", example=Example('replace("a-b-c", "-", " ")', "a b c"))
def _replace(text: object, part: object, by: object = "") -> str | None:
    """Return a text with every `part` replaced, or removed when `by` is not given.

    No value for what would grow beyond 100,000 characters.
    """
    known, piece, new = to_text(text), show(part), show(by)
    if known is None or not piece:
        return known
    if len(new) > len(piece):
        grown = len(known) + known.count(piece) * (len(new) - len(piece))
        if grown > LONGEST_RESULT:
            return None
    return known.replace(piece, new)
