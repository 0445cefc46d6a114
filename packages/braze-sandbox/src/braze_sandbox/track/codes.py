"""The codes that standard profile fields and purchases may hold."""

from importlib.resources import files

import msgspec


class _Codes(msgspec.Struct, frozen=True):
    countries: frozenset[str]
    currencies: frozenset[str]
    languages: frozenset[str]
    rails_zones: frozenset[str]


_codes = msgspec.json.decode(
    files("braze_sandbox.track").joinpath("codes.json").read_bytes(), type=_Codes
)

# ISO 3166-1 alpha-2.
COUNTRIES = _codes.countries

# ISO 4217: what is legal tender somewhere, funds and metals, and what was in use until lately.
CURRENCIES = _codes.currencies

# ISO 639-1.
LANGUAGES = _codes.languages

# Names of `ActiveSupport::TimeZone`, which Braze accepts beside IANA names.
RAILS_ZONES = _codes.rails_zones
