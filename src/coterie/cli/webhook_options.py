"""The options that only webhook jobs have, as commands take them."""

from pathlib import Path
from typing import Annotated

import typer

from coterie.cli.choices import NONE, Choices, empty_if_none, read_numbers, without_none
from coterie.cli.entries import BadEntryError

FieldNames = Annotated[
    list[str] | None,
    typer.Option("--name", help="field=key: what a field is called in messages. Repeatable."),
]


def read_webhook(
    *,
    change: Annotated[
        list[str] | None,
        typer.Option(help="A field whose change of a member is told. Repeatable."),
    ] = None,
    field: Annotated[
        list[str] | None, typer.Option(help="A field that each message holds. Repeatable.")
    ] = None,
    method: Annotated[str | None, typer.Option(help="POST, PUT or PATCH.")] = None,
    batch_size: Annotated[
        int | None, typer.Option(help="Messages a request; above 1 the body is a list.")
    ] = None,
    flush_seconds: Annotated[
        float | None, typer.Option(help="How long a batch that is not full waits for more.")
    ] = None,
    do_not_retry: Annotated[
        str | None,
        typer.Option(help="Statuses after which a message is parked: 400,404,413 unless said."),
    ] = None,
    cloud_events: Annotated[
        bool | None, typer.Option("--cloud-events/--plain", help="Bodies are CloudEvents 1.0.")
    ] = None,
    cloud_event_type: Annotated[str | None, typer.Option(help="Their type.")] = None,
    cloud_event_source: Annotated[str | None, typer.Option(help="Their source.")] = None,
    template: Annotated[
        str | None, typer.Option(help="A file with a Liquid template of the body.")
    ] = None,
    content_type: Annotated[
        str | None, typer.Option(help="What the template makes, if that is not JSON.")
    ] = None,
) -> Choices:
    """Return the options that were given; raise BadEntryError."""
    found = Choices()
    found.put("changes", without_none(change))
    found.put("fields", without_none(field))
    found.put("http_method", method)
    found.put("batch_size", batch_size)
    found.put("flush_seconds", flush_seconds)
    nothing: list[int] = []
    statuses = nothing if do_not_retry == NONE else read_numbers(do_not_retry)
    found.put("do_not_retry", statuses)
    found.put("cloud_events", cloud_events)
    found.put("cloud_event_type", empty_if_none(cloud_event_type))
    found.put("cloud_event_source", empty_if_none(cloud_event_source))
    found.put("template", _template(template))
    is_plain = content_type == NONE or (content_type is None and template == NONE)
    found.put("content_type", "application/json" if is_plain else content_type)
    return found


def _template(path: str | None) -> str | None:
    if path is None or path == NONE:
        return empty_if_none(path)
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        raise BadEntryError(
            message=f"The template {path!r} cannot be read: {error}. Name a file of text in UTF-8."
        ) from error
