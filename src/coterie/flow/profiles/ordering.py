"""A total order over every value a field can hold, so that ties never depend on arrival."""

from datetime import datetime
from decimal import Decimal
from typing import Any


def sort_key(value: Any) -> tuple[int, Any]:
    """Return a key that orders booleans, numbers, instants and text, in that order of types."""
    if isinstance(value, bool):
        return 0, value
    if isinstance(value, int | float | Decimal):
        return 1, value
    if isinstance(value, datetime):
        return 2, value
    return 3, str(value)
