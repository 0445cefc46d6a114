"""Functions over phone numbers."""

from coterie.lang.expr.functions.registry import ABSENT, Catalogue, Example
from coterie.lang.expr.phones import REGIONS, international
from coterie.lang.expr.tree import Call, Text
from coterie.lang.expr.values import to_text

CATALOGUE = Catalogue()
LONGEST_NUMBER = 60


def _check_region(call: Call) -> str | None:
    if len(call.args) == 1 or not isinstance(call.args[1], Text):
        return None
    region = call.args[1].value
    if region.upper() in REGIONS:
        return None
    return f'{region!r} is no country of phone numbers; write two letters, such as "US"'


@CATALOGUE.add(
    "phone.e164(number, [country])",
    check=_check_region,
    example=Example('phone.e164("(800) 555-1212", "US")', "+18005551212"),
)
def _e164(number: object, country: object = ABSENT) -> str | None:
    """Return a phone number in its international form, such as +18005551212.

    A number that begins with + needs no country. No value for what is too long, too short, or
    cannot be a number there.
    """
    text = to_text(number)
    region = None if country is ABSENT else to_text(country)
    if text is None or len(text) > LONGEST_NUMBER or (country is not ABSENT and region is None):
        return None
    return international(text, None if region is None else region.upper())
