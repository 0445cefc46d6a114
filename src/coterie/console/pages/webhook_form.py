"""What the inputs of a webhook job's form mean, and how such a job fills them."""

from collections.abc import Iterable
from typing import Any

from coterie.console.forms import Form
from coterie.control.jobs import BadJobError
from coterie.model.webhooks import AUDIENCE, DO_NOT_RETRY, FIELD, WebhookConfig

WEBHOOK_EVENT_NAMES = (
    ("both", "Who enters and who leaves"),
    ("enters", "Only who enters"),
    ("exits", "Only who leaves"),
    ("none", "Neither; only changes of fields"),
)
METHOD_NAMES = (("POST", "POST"), ("PUT", "PUT"), ("PATCH", "PATCH"))
USUAL_STATUSES = ", ".join(map(str, DO_NOT_RETRY))
TEXTS = ("cloud_event_type", "cloud_event_source", "content_type", "template")


def webhook_options(form: Form) -> dict[str, Any]:
    """Return the options that only webhook jobs have. Raises BadJobError for what is no number."""
    options: dict[str, Any] = {
        "audience_events": form.text("audience_events") or "both",
        "fields": form.choices("fields"),
        "changes": form.choices("changes"),
        "names": dict(_name(line) for line in form.lines("names")),
        "http_method": form.text("http_method") or "POST",
        "batch_size": _whole(form.text("batch_size") or "1", "The messages a request"),
        "flush_seconds": _seconds(form.text("flush_seconds") or "5"),
        "do_not_retry": [
            _whole(status, "A status not to be retried") for status in form.words("do_not_retry")
        ],
        "cloud_events": form.is_ticked("cloud_events"),
        "cloud_event_type": form.text("cloud_event_type"),
        "cloud_event_source": form.text("cloud_event_source"),
        # White space may belong to a body, but none of it alone is a template.
        "template": form.raw("template") if form.text("template") else "",
    }
    return options | {"content_type": form.text("content_type") or "application/json"}


def webhook_values(config: WebhookConfig) -> dict[str, Any]:
    """Return the values of a webhook job's own inputs."""
    values: dict[str, Any] = {name: getattr(config, name) for name in TEXTS}
    return values | {
        "audience_events": config.audience_events,
        "fields": config.fields,
        "changes": config.changes,
        "names": "\n".join(f"{field}={name}" for field, name in sorted(config.names.items())),
        "http_method": config.http_method,
        "batch_size": str(config.batch_size),
        "flush_seconds": f"{config.flush_seconds:g}",
        "do_not_retry": ", ".join(map(str, config.do_not_retry)),
        "cloud_events": "yes" if config.cloud_events else "",
    }


def names_of_keys(keys: Iterable[str]) -> list[str]:
    """Return the slugs and names of fields behind what a job stands for."""
    return [key.removeprefix(AUDIENCE).removeprefix(FIELD) for key in keys]


def _name(line: str) -> tuple[str, str]:
    field, _, name = (part.strip() for part in line.partition("="))
    if not field or not name:
        raise BadJobError(
            message=f"{line[:100]!r} is no name of a field. Write field=name on each line."
        )
    return field, name


def _whole(text: str, what: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise BadJobError(message=f"{what}: {text[:50]!r} is no whole number. Write one like 100.")
    return int(text)


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise BadJobError(
            message=f"The seconds to fill a request: {text[:50]!r} is no number. Write one like 5."
        ) from error
