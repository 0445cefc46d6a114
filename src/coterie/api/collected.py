"""What a sender is told of the events that were taken."""

from functools import lru_cache
from typing import Any

import msgspec

from coterie.api.asgi import Answer
from coterie.api.errors import envelope
from coterie.flow.run.collect import CollectRequest, CollectResult

REFUSALS_SHOWN = 20
# A transparent picture of one pixel, as GIF89a.
PIXEL = bytes.fromhex(
    "47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b"
)
PICTURE = Answer(200, PIXEL, b"image/gif", ((b"cache-control", b"no-store"),))

encode_preview = msgspec.json.Encoder(decimal_format="number").encode


def success(
    result: CollectResult, request: CollectRequest, filename: str, *, drop_errors: bool
) -> Answer:
    """Return the answer to a request that was taken, in the shape that Lytics gives it.

    Where parts were refused, `rejected` (which Lytics lacks) lists the first of them; `preview`
    says what the events of a dry run would do.
    """
    counts = (result.accepted, len(result.refusals))
    flags = (drop_errors, request.is_dryrun)
    content_type = request.content_type or "application/json"
    texts = (content_type, request.timestamp_field, filename)
    if not result.refusals and result.preview is None:
        return Answer(200, _success_body(counts, flags, texts))
    data = _success_data(counts, flags, texts)
    if result.refusals:
        data["rejected"] = refusals_in(result)
    if result.preview is not None:
        data["preview"] = result.preview
    return Answer(200, encode_preview(envelope(data)))


def segment_success(result: CollectResult) -> Answer:
    """Return the answer that SDKs of the Segment spec expect; refused messages are listed."""
    body: dict[str, Any] = {"success": True}
    if result.refusals:
        body |= {"rejected_count": len(result.refusals), "rejected": refusals_in(result)}
    return Answer(200, msgspec.json.encode(body))


def refusals_in(result: CollectResult) -> list[dict[str, str]]:
    """Return the first of what was refused, with place and reason."""
    return [
        {"position": refusal.position, "code": refusal.code, "reason": refusal.reason}
        for refusal in result.refusals[:REFUSALS_SHOWN]
    ]


@lru_cache(maxsize=512)
def _success_body(
    counts: tuple[int, int], flags: tuple[bool, bool], texts: tuple[str, str, str]
) -> bytes:
    return msgspec.json.encode(envelope(_success_data(counts, flags, texts)))


def _success_data(
    counts: tuple[int, int], flags: tuple[bool, bool], texts: tuple[str, str, str]
) -> dict[str, Any]:
    return {
        "message_count": counts[0],
        "rejected_count": counts[1],
        "content-type": texts[0],
        "droperrors": flags[0],
        "dryrun": flags[1],
        "timestamp_field": texts[1],
        "filename": texts[2],
    }
