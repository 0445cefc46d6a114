"""The reading of lists in the bodies of the user endpoints."""

from typing import Any

from braze_sandbox.errors import RefusedError


class UserRequestError(RefusedError):
    """A body that cannot be used."""

    def __init__(self, message: str) -> None:
        super().__init__(400, message)


def read_list(body: Any, name: str, *, limit: int, required: bool = True) -> list[Any]:
    """Return the list `name` of a decoded body.

    Raise UserRequestError (400) if it is none, is missing though required, or is over `limit`.
    """
    value = body.get(name) if isinstance(body, dict) else None
    if value is None and not required:
        return []
    if not isinstance(value, list) or (required and not value):
        message = f"'{name}' must be an array with at least one item"
        raise UserRequestError(message)
    if len(value) > limit:
        raise UserRequestError("The max number of ids per request was exceeded")
    return value


def read_objects(
    body: Any, name: str, *, limit: int, required: bool = True
) -> list[dict[str, Any]]:
    """Return a list of objects; raise UserRequestError (400) if an item is none."""
    items = read_list(body, name, limit=limit, required=required)
    if not all(isinstance(item, dict) for item in items):
        message = f"'{name}' must be an array of objects"
        raise UserRequestError(message)
    return items


def read_text(item: dict[str, Any], name: str) -> str:
    """Return a text of an object, numbers as text; raise UserRequestError (400) for none."""
    text = as_text(item.get(name))
    if not text:
        message = f"'{name}' must be a non-empty string"
        raise UserRequestError(message)
    return text


def as_text(value: Any) -> str:
    """Return an identifier as text; numbers are taken as recorded, anything else is empty."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else ""
