"""Bodies of webhook requests: messages as they are, as CloudEvents, or as a template has them."""

from collections.abc import Sequence
from typing import Any

import msgspec

from coterie.connectors.webhook.errors import WebhookUnmadeError
from coterie.connectors.webhook.messages import Message
from coterie.connectors.webhook.template import TemplateFailedError, read_template
from coterie.model.delivery import DestinationPlan
from coterie.model.webhooks import WebhookShape

JSON = "application/json"
CLOUD_EVENT_TYPE = "coterie.audience.user.event"


class Body(msgspec.Struct, frozen=True):
    """What a request holds, and how that is called."""

    data: bytes
    content_type: str


def make_body(plan: DestinationPlan, messages: Sequence[Message]) -> Body:
    """Return the body of a request; jobs with batches always send a list.

    Raises WebhookUnmadeError where a template fails.
    """
    shape = WebhookShape() if plan.webhook is None else plan.webhook.shape
    is_batch = shape.batch_size > 1
    content_type = JSON
    if shape.template:
        texts = [_rendered(shape, message) for message in messages]
        if not is_batch:
            return Body(texts[0].encode(), shape.content_type)
        parts: list[Any] = [_as_raw(text) for text in texts]
    elif shape.cloud_events:
        parts = [_cloud_event(plan, shape, message) for message in messages]
        content_type = f"application/cloudevents{'-batch' if is_batch else ''}+json"
    else:
        parts = list(messages)
    return Body(msgspec.json.encode(parts if is_batch else parts[0]), content_type)


def _rendered(shape: WebhookShape, message: Message) -> str:
    try:
        return read_template(shape.template).render(message)
    except TemplateFailedError as error:
        raise WebhookUnmadeError(reason=error.message) from error


def _as_raw(text: str) -> msgspec.Raw:
    try:
        msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError) as error:
        reason = f"The template made no JSON of this message ({error}). Correct it and replay."
        raise WebhookUnmadeError(reason=reason) from error
    return msgspec.Raw(text.encode())


def _cloud_event(plan: DestinationPlan, shape: WebhookShape, message: Message) -> dict[str, Any]:
    """Return a message in structured mode (CloudEvents 1.0, JSON format)."""
    job = message["meta"]["subscription_id"]
    return {
        "specversion": "1.0",
        "id": message["id"],
        "source": shape.cloud_event_source or f"/coterie/accounts/{plan.account}/jobs/{job}",
        "type": shape.cloud_event_type or CLOUD_EVENT_TYPE,
        "time": message["meta"]["timestamp"],
        "datacontenttype": JSON,
        "data": message["data"],
    }
