"""Phone numbers in their international form (E.164)."""

import re
from functools import cache, lru_cache

import msgspec
import phonenumbers

REGIONS: frozenset[str] = frozenset(phonenumbers.SUPPORTED_REGIONS)
"""Countries of phone numbers, by two capital letters."""

_CODES = {
    str(code): regions[0] for code, regions in phonenumbers.COUNTRY_CODE_TO_REGION_CODE.items()
}
_CODE_ENDS = (2, 3, 4)


class _Plan(msgspec.Struct, frozen=True):
    """How long the numbers of a calling code are, and what may be cut off before them."""

    lengths: frozenset[int]
    prefix: re.Pattern[str] | None


def international(text: str, region: str | None) -> str | None:
    """Return a number as +18005551212; None for what cannot be one.

    A number that begins with + needs no region.
    """
    return text if is_international(text) else _parse(text, region)


@lru_cache(maxsize=16_384)
def _parse(text: str, region: str | None) -> str | None:
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    reason = phonenumbers.is_possible_number_with_reason(number)
    if reason != phonenumbers.ValidationResult.IS_POSSIBLE:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def is_international(text: str) -> bool:
    """Say whether a text is a number in that form already, so that parsing would not change it.

    False may also mean that only parsing can tell. Most numbers that machines write are so, and
    parsing one took a tenth of a worker's time in an import.
    """
    if text[:1] != "+" or not text[1:].isdigit() or not text.isascii():
        return False
    for end in _CODE_ENDS:
        # No calling code begins with another one.
        code = text[1:end]
        if code in _CODES:
            plan, national = _plan_of(code), text[end:]
            if plan.prefix is not None and plan.prefix.match(national) is not None:
                return False
            return len(national) in plan.lengths
    return False


@cache
def _plan_of(code: str) -> _Plan:
    # Of countries that share a code, the main one's rules hold, as when a number is parsed.
    found = phonenumbers.PhoneMetadata.metadata_for_region_or_calling_code(int(code), _CODES[code])
    if found is None or found.general_desc is None:
        return _Plan(frozenset(), None)
    general = found.general_desc
    prefix = found.national_prefix_for_parsing
    return _Plan(
        frozenset(general.possible_length) - frozenset(general.possible_length_local_only),
        re.compile(prefix) if prefix else None,
    )
