"""The pages in which Braze gives lists."""

from typing import TypeVar

from braze_sandbox.errors import RefusedError

_T = TypeVar("_T")


class BadPageError(RefusedError):
    """A page parameter is no whole number in its range."""

    def __init__(self, name: str) -> None:
        super().__init__(400, f"'{name}' is not valid")


def read_offset(query: dict[str, list[str]], *, largest: int) -> tuple[int, int]:
    """Return `offset` and `limit` of a query; raise BadPageError (400)."""
    offset = read_number(query, "offset", default=0, lowest=0)
    limit = read_number(query, "limit", default=largest, lowest=1)
    if limit > largest:
        raise BadPageError("limit")
    return offset, limit


def take_page(items: list[_T], query: dict[str, list[str]], *, size: int) -> list[_T]:
    """Return the page that `page` asks for, the first is 0; raise BadPageError (400)."""
    first = read_number(query, "page", default=0, lowest=0) * size
    return items[first : first + size]


def read_number(query: dict[str, list[str]], name: str, *, default: int, lowest: int) -> int:
    """Return a whole number of a query; raise BadPageError (400)."""
    values = query.get(name)
    if not values:
        return default
    if not values[0].isdecimal() or int(values[0]) < lowest:
        raise BadPageError(name)
    return int(values[0])
