"""Functions over places on the globe."""

from coterie.lang.expr.functions.registry import Catalogue, Example
from coterie.lang.expr.geography import distance_km, read_place
from coterie.lang.expr.tree import Call, Minus, Number, Text
from coterie.lang.expr.values import to_number

CATALOGUE = Catalogue()


def _check_distance(call: Call) -> str | None:
    _, centre, radius = call.args
    if isinstance(centre, Text) and read_place(centre.value) is None:
        return f'{centre.value!r} is no place; write latitude and longitude, such as "52.5,13.4"'
    if isinstance(radius, Minus) or (isinstance(radius, Number) and radius.value < 0):
        return "a distance in kilometres is not negative"
    return None


@CATALOGUE.add(
    "geodistance(place, centre, kilometres)",
    check=_check_distance,
    example=Example('geodistance(home, "52.52,13.405", 30)', True, {"home": "52.39,13.06"}),
)
def _geodistance(place: object, centre: object, kilometres: object) -> bool | None:
    """Return whether a place lies at most so many kilometres from another.

    A place is a geolocation field, a text such as "52.52,13.405" (latitude first), a list of the
    two numbers, or a map of lat and lon. False when the place is missing. Distances are those on
    a sphere, which is right within half a percent.
    """
    if place is None:
        return False
    here, there, radius = read_place(place), read_place(centre), to_number(kilometres)
    if here is None or there is None or radius is None or radius < 0:
        return None
    return distance_km(here, there) <= radius
