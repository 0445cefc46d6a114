"""Places on the globe: reading them, and how far they are apart."""

import math
import re
from collections.abc import Mapping

from msgspec import Struct

# The mean radius of the earth (IUGG).
_EARTH_KM = 6_371.0088
_PAIR = re.compile(
    r"\s*([+-]?\d{1,3}(?:\.\d{1,20})?)\s*,\s*([+-]?\d{1,3}(?:\.\d{1,20})?)\s*", re.ASCII
)
_LATITUDES = ("lat", "latitude")
_LONGITUDES = ("lon", "lng", "long", "longitude")
_PAIR_SIZE = 2


class Place(Struct, frozen=True):
    """A place by degrees, north and east positive."""

    latitude: float
    longitude: float


def read_place(value: object) -> Place | None:
    """Return the place that a text, a list of two numbers or a map of lat and lon names."""
    match value:
        case str():
            found = _PAIR.fullmatch(value)
            return None if found is None else _place(found[1], found[2])
        case list() | tuple() if len(value) == _PAIR_SIZE:
            return _place(value[0], value[1])
        case Mapping():
            return _place(_first(value, _LATITUDES), _first(value, _LONGITUDES))
        case _:
            return None


def distance_km(one: Place, other: Place) -> float:
    """Return the length of the shortest way between two places on a sphere."""
    south, north = math.radians(one.latitude), math.radians(other.latitude)
    east = math.radians(other.longitude - one.longitude)
    chord = math.sin((north - south) / 2) ** 2 + (
        math.cos(south) * math.cos(north) * math.sin(east / 2) ** 2
    )
    return 2 * _EARTH_KM * math.asin(math.sqrt(min(chord, 1.0)))


def _first(value: Mapping[object, object], names: tuple[str, ...]) -> object:
    return next((value[name] for name in names if value.get(name) is not None), None)


def _place(latitude: object, longitude: object) -> Place | None:
    degrees = [_degrees(latitude, 90.0), _degrees(longitude, 180.0)]
    north, east = degrees
    return None if north is None or east is None else Place(north, east)


def _degrees(value: object, most: float) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if -most <= found <= most else None
