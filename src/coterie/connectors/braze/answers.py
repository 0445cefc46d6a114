"""What Braze's answer to /users/track says about each object."""

from typing import Any

import msgspec

from coterie.connectors.braze.errors import (
    BrazeBusyError,
    BrazeEndpointError,
    BrazeKeyError,
    BrazeRefusedError,
    BrazeUnavailableError,
)
from coterie.connectors.destination import Answer, RateLimit

SHOWN_CHARACTERS = 500


class RawAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """An HTTP answer as it came; `text` holds no API key."""

    status: int
    url: str
    text: str
    retry_after: float | None = None
    limit: RateLimit | None = None


def read_track_answer(answer: RawAnswer, *, array: str, objects: int) -> Answer:
    """Return the fate of the `objects` objects of an array of the body.

    A 400 that names the wrong objects is an answer too: all others would have been taken, so
    none is. Raises one of the errors of `connectors.braze.errors` when no object has a fate.
    """
    if answer.status in (200, 201, 202):
        return _partly_taken(answer, array=array, objects=objects)
    if answer.status == 400:
        refused = _refusals(_object(answer.text) or {}, array=array, objects=objects)
        if len(refused) == objects:
            return Answer(
                status=400,
                refused=refused,
                text=answer.text[:SHOWN_CHARACTERS],
                limit=answer.limit,
            )
    raise_for_status(answer)
    raise BrazeRefusedError(status=answer.status, answer=message_of(answer))


def raise_for_status(answer: RawAnswer) -> None:
    """Raise the error that the status stands for, if it concerns more than the sent data."""
    if answer.status in (401, 403):
        raise BrazeKeyError(status=answer.status, url=answer.url, answer=message_of(answer))
    if answer.status == 429:
        raise BrazeBusyError(retry_after=answer.retry_after)
    if answer.status == 408 or answer.status >= 500:
        raise BrazeUnavailableError(
            url=answer.url,
            what=f"status {answer.status}",
            retry_after=answer.retry_after,
            status=answer.status,
        )
    if answer.status in (404, 405, 410) or answer.status < 400:
        raise BrazeEndpointError(status=answer.status, url=answer.url)


def message_of(answer: RawAnswer) -> str:
    """Return Braze's own message, or the start of the text if there is none."""
    message = (_object(answer.text) or {}).get("message")
    return str(message or answer.text)[:SHOWN_CHARACTERS]


def is_json_object(text: str) -> bool:
    """Say whether an answer is what Braze's are."""
    return _object(text) is not None


def _partly_taken(answer: RawAnswer, *, array: str, objects: int) -> Answer:
    body = _object(answer.text)
    if body is None:
        # Something between us and Braze answered in its place, so nothing is known.
        raise BrazeUnavailableError(url=answer.url, what=f"status {answer.status} without JSON")
    refused = _refusals(body, array=array, objects=objects)
    return Answer(
        status=answer.status,
        refused=refused,
        text=answer.text[:SHOWN_CHARACTERS],
        limit=answer.limit,
    )


def _object(text: str) -> dict[str, Any] | None:
    try:
        body = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError):
        return None
    return body if isinstance(body, dict) else None


def _refusals(body: dict[str, Any], *, array: str, objects: int) -> dict[int, str]:
    errors = body.get("errors")
    refused: dict[int, str] = {}
    for error in errors if isinstance(errors, list) else ():
        if not isinstance(error, dict) or error.get("input_array", array) != array:
            continue
        index = error.get("index")
        if isinstance(index, int) and 0 <= index < objects:
            refused[index] = str(error.get("type", "refused without a reason"))[:SHOWN_CHARACTERS]
    return refused
