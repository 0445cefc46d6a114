"""Phone numbers in their international form (E.164)."""

from functools import lru_cache

import phonenumbers

REGIONS: frozenset[str] = frozenset(phonenumbers.SUPPORTED_REGIONS)
"""Countries of phone numbers, by two capital letters."""


@lru_cache(maxsize=16_384)
def international(text: str, region: str | None) -> str | None:
    """Return a number as +18005551212; None for what cannot be one.

    A number that begins with + needs no region.
    """
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    reason = phonenumbers.is_possible_number_with_reason(number)
    if reason != phonenumbers.ValidationResult.IS_POSSIBLE:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
