"""The one spelling of an identifier, and the values that name nobody."""

from collections.abc import Callable, Iterable
from functools import partial

from coterie.lang.expr.phones import international, is_international
from coterie.model.schema import IdentifierRule

LONGEST_PHONE = 60


def normalise(rule: IdentifierRule, value: str) -> str:
    """Return the one spelling under which an identifier is stored and looked up.

    What cannot be a phone number is kept as its digits.
    """
    return normaliser(rule)(value)


def normaliser(rule: IdentifierRule) -> Callable[[str], str]:
    """Return the function that `normalise` is for one rule, for many values."""
    match rule.normalise:
        case "lower":
            return _lower
        case "email":
            return _email
        case "digits":
            return _digits
        case "e164":
            return partial(_phone, rule.region)
        case _:
            return str.strip


def blocked_values(rule: IdentifierRule, usual: Iterable[str]) -> frozenset[str]:
    """Return the values that name nobody, in small letters, also as the rule would spell them."""
    named = usual if rule.blocked is None else rule.blocked
    return frozenset(
        spelling
        for text in named
        for spelling in (text.strip().lower(), normalise(rule, text).lower())
    )


def _lower(text: str) -> str:
    return text.strip().lower()


def _email(text: str) -> str:
    # No address has blanks, but people who type one do.
    return "".join(text.split()).lower()


def _phone(region: str | None, value: str) -> str:
    text = value.strip()
    if is_international(text):
        return text
    digits = _digits(text)
    if not digits or len(text) > LONGEST_PHONE:
        return digits
    found = international(text, region)
    if found is None and text != (full := f"+{digits}"):
        # Some systems leave out the + of an international number.
        found = international(full, None)
    return found or digits


def _digits(text: str) -> str:
    return "".join(character for character in text if character.isdigit())
