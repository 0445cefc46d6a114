"""Bulk loads at the collect door: their parameters, and what their sender is told."""

from collections.abc import Mapping
from typing import Any, Protocol

import msgspec

from coterie.api.asgi import Answer
from coterie.api.collected import encode_preview
from coterie.api.errors import envelope
from coterie.api.parameters import BadParameterError, read_flag
from coterie.control.scopes import allows
from coterie.model.bulk import BulkOutcome, BulkRequest

SHOWS_PROFILES = "data_manager"
LONGEST_PARAMETER = 20_000
TAB_NAMES = ("t", "tab", "\\t", "\t")


class Sending(Protocol):
    """Who sends a load."""

    @property
    def account(self) -> int:
        """The account that the token belongs to."""

    @property
    def token_id(self) -> int | None:
        """The token; None for none."""

    @property
    def scopes(self) -> tuple[str, ...]:
        """What the token allows."""


def read_bulk_request(
    caller: Sending, stream: str, parameters: Mapping[str, str], *, content_type: str, key: str
) -> BulkRequest:
    """Return what the parameters of the URL ask for; `key` is the Idempotency-Key.

    Raises BadParameterError.
    """
    names = tuple(name.strip() for name in parameters.get("headers", "").split(",") if name.strip())
    return BulkRequest(
        account=caller.account,
        stream=stream,
        token_id=caller.token_id,
        content_type=content_type,
        timestamp_field=parameters.get("timestamp_field", ""),
        idempotency_key=key,
        filename=parameters.get("filename", "")[:200],
        headers=names,
        delimiter=_delimiter(parameters.get("delimiter", "")),
        append=_append(parameters.get("append", "")),
        drop_errors=read_flag(parameters, "droperrors"),
        is_dryrun=read_flag(parameters, "dryrun"),
        shows_profiles=allows(caller.scopes, SHOWS_PROFILES),
    )


def bulk_success(outcome: BulkOutcome, request: BulkRequest) -> Answer:
    """Return the answer to a load that was taken, in the shape of the other collect routes."""
    data: dict[str, Any] = {
        "message_count": outcome.accepted,
        "rejected_count": outcome.rejected,
        "content-type": request.content_type or "text/csv",
        "droperrors": request.drop_errors,
        "dryrun": request.is_dryrun,
        "timestamp_field": request.timestamp_field,
        "filename": request.filename,
    }
    if outcome.refusals:
        data["rejected"] = outcome.refusals
    if outcome.preview is not None:
        data["preview"] = outcome.preview
    return Answer(200, encode_preview(envelope(data)))


def _delimiter(text: str) -> str:
    if not text:
        return ","
    if text in TAB_NAMES:
        return "\t"
    if len(text) != 1 or not text.isascii() or text.isalnum() or text in '"\r\n':
        raise BadParameterError(
            name="delimiter", must="be one character that is no letter or digit, or t", value=text
        )
    return text


def _append(text: str) -> dict[str, Any]:
    if not text:
        return {}
    try:
        found = msgspec.json.decode(text[:LONGEST_PARAMETER], type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise BadParameterError(name="append", must="be a JSON object", value=text) from error
    return found
