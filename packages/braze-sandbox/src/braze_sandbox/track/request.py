"""The reading of a /users/track body into accepted objects with the errors of the others."""

from collections import Counter
from typing import Any

import msgspec

from braze_sandbox.errors import RefusedError
from braze_sandbox.model.identifier import Identifier
from braze_sandbox.settings import Settings
from braze_sandbox.track import problems
from braze_sandbox.track.checks import find_problem
from braze_sandbox.track.deeds import find_event_problem, find_purchase_problem
from braze_sandbox.track.identify import read_identifier
from braze_sandbox.track.problems import InputArray, ItemError, Problem

ARRAYS: tuple[InputArray, ...] = ("attributes", "events", "purchases")
_NOTHING_VALID = "Valid data must be provided in the 'attributes', 'events', or 'purchases' fields."


class TooManyObjectsError(RefusedError):
    """A request holds more objects than allowed."""

    def __init__(self) -> None:
        super().__init__(400, "Max Input Length Exceeded")


class TooManyForOneUserError(RefusedError):
    """A bulk request holds more objects for one user than allowed; the wording is ours."""

    def __init__(self, limit: int) -> None:
        super().__init__(400, f"Only {limit} objects for one user are allowed per request")


class NothingValidError(RefusedError):
    """No object of a request can be processed."""

    def __init__(self, errors: list[dict[str, str | int]]) -> None:
        super().__init__(400, _NOTHING_VALID, {"errors": errors} if errors else None)


class Accepted(msgspec.Struct, frozen=True):
    """One object that will be processed, with its place in its array."""

    identifier: Identifier
    item: dict[str, Any]
    index: int


class TrackRequest(msgspec.Struct, frozen=True):
    """A checked request; an array that was not sent is None."""

    attributes: list[Accepted] | None
    events: list[Accepted] | None
    purchases: list[Accepted] | None
    errors: list[ItemError]

    def answer(self, form: str) -> dict[str, Any]:
        """Return the answer's JSON object: counts in the recorded order, message, errors."""
        body: dict[str, Any] = {
            f"{name}_processed": len(items)
            for name, items in zip(ARRAYS, self.arrays(), strict=True)
            if items is not None
        }
        body["message"] = "success"
        if self.errors:
            body["errors"] = [error.show(form) for error in self.errors]
        return body

    def without_every(self, count: int) -> "TrackRequest":
        """Return the request with every `count`-th accepted object refused, for a planned fault."""
        kept: dict[str, list[Accepted] | None] = {}
        errors, turn = list(self.errors), 0
        for name, items in zip(ARRAYS, self.arrays(), strict=True):
            left = []
            for accepted in items or ():
                turn += 1
                if turn % count:
                    left.append(accepted)
                else:
                    errors.append(ItemError(problems.PLANNED_FAULT, name, accepted.index))
            kept[name] = None if items is None else left
        return TrackRequest(**kept, errors=errors)

    def is_empty(self) -> bool:
        """Tell whether nothing was accepted."""
        return not any(self.arrays())

    def arrays(self) -> tuple[list[Accepted] | None, ...]:
        """Return attributes, events and purchases."""
        return self.attributes, self.events, self.purchases


def read_track(body: Any, settings: Settings) -> TrackRequest:
    """Return the checked content of a decoded /users/track body.

    Raise TooManyObjectsError or NothingValidError (400).
    """
    together = settings.track_objects_counted == "together"
    return _read(body, settings, limit=settings.track_objects, together=together)


def read_bulk(body: Any, settings: Settings) -> TrackRequest:
    """Return the checked content of a decoded /users/track/bulk body.

    Raise TooManyObjectsError, TooManyForOneUserError or NothingValidError (400).
    """
    request = _read(body, settings, limit=settings.bulk_objects, together=True)
    users = Counter(accepted.identifier for items in request.arrays() for accepted in items or ())
    if users and max(users.values()) > settings.bulk_objects_per_user:
        raise TooManyForOneUserError(settings.bulk_objects_per_user)
    return request


def read_sync(body: Any, settings: Settings) -> TrackRequest:
    """Return the one object of a decoded /users/track/sync body.

    Raise TooManyObjectsError or NothingValidError (400).
    """
    return _read(body, settings, limit=1, together=True)


def _read(body: Any, settings: Settings, *, limit: int, together: bool) -> TrackRequest:
    arrays = {name: _read_array(body, name) for name in ARRAYS}
    _check_size(arrays, limit=limit, together=together)
    errors: list[ItemError] = []
    accepted = {
        name: None if items is None else _accept(name, items, settings, errors)
        for name, items in arrays.items()
    }
    request = TrackRequest(**accepted, errors=errors)
    if request.is_empty():
        raise NothingValidError([error.show(settings.error_types) for error in errors])
    return request


def _read_array(body: Any, name: InputArray) -> list[Any] | None:
    value = body.get(name) if isinstance(body, dict) else None
    return value if isinstance(value, list) else None


def _check_size(arrays: dict[InputArray, list[Any] | None], *, limit: int, together: bool) -> None:
    sizes = [len(items) for items in arrays.values() if items is not None]
    if any(size > limit for size in ([sum(sizes)] if together else sizes)):
        raise TooManyObjectsError


def _accept(
    name: InputArray, items: list[Any], settings: Settings, errors: list[ItemError]
) -> list[Accepted]:
    accepted = []
    for index, item in enumerate(items):
        result = _check_item(name, item, settings)
        if isinstance(result, Identifier):
            accepted.append(Accepted(result, item, index))
        else:
            errors.append(ItemError(result, name, index))
    return accepted


def _check_item(name: InputArray, item: Any, settings: Settings) -> Identifier | Problem:
    if not isinstance(item, dict):
        return problems.NOT_AN_OBJECT
    identifier = read_identifier(item, settings)
    if not isinstance(identifier, Identifier):
        return identifier
    if name == "attributes":
        problem = find_problem(item, settings)
    elif name == "events":
        problem = find_event_problem(item, settings)
    else:
        problem = find_purchase_problem(item, settings)
    return identifier if problem is None else problem
