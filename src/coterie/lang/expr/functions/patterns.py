"""Functions that search by regular expressions."""

from coterie.lang.expr.functions.registry import Catalogue, Example
from coterie.lang.expr.safe_regex import find_fault, searcher
from coterie.lang.expr.tree import Call, Text
from coterie.lang.expr.values import items_of, kind_of, show

CATALOGUE = Catalogue()


def check_patterns(call: Call) -> str | None:
    """Return what is wrong with the patterns of a call, all its arguments but the first."""
    for argument in call.args[1:]:
        if not isinstance(argument, Text) or not argument.value:
            return f'a pattern of {call.name} is a text in quotes, such as "^[a-z]+$"'
        fault = find_fault(argument.value)
        if fault is not None:
            return fault
    return None


@CATALOGUE.add(
    "regex.match(text, pattern)",
    check=check_patterns,
    example=Example('regex.match(sku, "^[A-Z]{2}-[0-9]+$")', True, {"sku": "AB-12"}),
)
def _regex_match(text: object, pattern: object) -> bool | None:
    """Return whether a regular expression (RE2) fits somewhere in a text or an item of a list.

    `^` and `$` tie it to the ends. False when the text is missing.
    """
    test = searcher(pattern) if isinstance(pattern, str) else None
    if test is None:
        return None
    if text is None:
        return False
    match kind_of(text):
        case "list":
            return any(test(show(item)) for item in items_of(text))
        case "map" | "other":
            return None
        case _:
            return test(show(text))
