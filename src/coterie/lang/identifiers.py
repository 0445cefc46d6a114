"""The one spelling of an identifier, and the values that name nobody."""

from collections.abc import Iterable

from coterie.lang.expr.phones import international
from coterie.model.schema import IdentifierRule

LONGEST_PHONE = 60


def normalise(rule: IdentifierRule, value: str) -> str:
    """Return the one spelling under which an identifier is stored and looked up.

    What cannot be a phone number is kept as its digits.
    """
    text = value.strip()
    match rule.normalise:
        case "lower":
            return text.lower()
        case "email":
            # No address has blanks, but people who type one do.
            return "".join(text.split()).lower()
        case "digits":
            return _digits(text)
        case "e164":
            return _phone(text, rule.region)
        case _:
            return text


def blocked_values(rule: IdentifierRule, usual: Iterable[str]) -> frozenset[str]:
    """Return the values that name nobody, in small letters, also as the rule would spell them."""
    named = usual if rule.blocked is None else rule.blocked
    return frozenset(
        spelling
        for text in named
        for spelling in (text.strip().lower(), normalise(rule, text).lower())
    )


def _phone(text: str, region: str | None) -> str:
    digits = _digits(text)
    if not digits or len(text) > LONGEST_PHONE:
        return digits
    # Some systems leave out the + of an international number.
    return international(text, region) or international(f"+{digits}", None) or digits


def _digits(text: str) -> str:
    return "".join(character for character in text if character.isdigit())
