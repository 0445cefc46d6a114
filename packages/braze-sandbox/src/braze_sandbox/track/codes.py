"""The codes that standard profile fields may hold."""

from importlib.resources import files

import msgspec


class _Codes(msgspec.Struct, frozen=True):
    countries: frozenset[str]
    languages: frozenset[str]
    rails_zones: frozenset[str]


_codes = msgspec.json.decode(
    files("braze_sandbox.track").joinpath("codes.json").read_bytes(), type=_Codes
)

# ISO 3166-1 alpha-2.
COUNTRIES = _codes.countries

# ISO 639-1.
LANGUAGES = _codes.languages

# Names of `ActiveSupport::TimeZone`, which Braze accepts beside IANA names.
RAILS_ZONES = _codes.rails_zones
