"""Whether a webhook job can post what it would."""

from coterie.connectors.webhook.messages import EVENTS
from coterie.control.jobs.errors import BadJobError
from coterie.model.webhooks import WebhookConfig

# Lytics allows as many.
CHANGES_LIMIT = 75
FIELDS_LIMIT = 250
TEXT_LIMIT = 200


def check_webhook(config: WebhookConfig) -> None:
    """Raise BadJobError or BadTemplateError unless messages can be made as asked."""
    if config.audience_events == "none" and not config.changes:
        raise BadJobError("Choose what is told: entries, exits, or fields whose changes are.")
    if len(config.changes) > CHANGES_LIMIT:
        raise BadJobError(message=f"A job tells changes of at most {CHANGES_LIMIT} fields.")
    if len(config.fields) > FIELDS_LIMIT:
        raise BadJobError(message=f"A message holds at most {FIELDS_LIMIT} fields.")
    if EVENTS in {config.told_name(field) for field in config.told_fields}:
        raise BadJobError(message=f"A message cannot hold a field that is called {EVENTS!r}.")
    _check_names(config)
    _check_shape(config)


def _check_names(config: WebhookConfig) -> None:
    # What edits schemas reads LQL, which is long to import.
    from coterie.control.definitions.draft import check_name

    for field in config.names:
        if field not in config.told_fields:
            raise BadJobError(
                message=f"A name is given for {field!r}, which no message holds. Choose the field "
                "too, or leave its name out."
            )
    told = [config.told_name(field) for field in config.told_fields]
    for name in told:
        if told.count(name) > 1:
            raise BadJobError(message=f"Two fields of a message cannot both be called {name!r}.")
        check_name(name)


def _check_shape(config: WebhookConfig) -> None:
    for text in (config.cloud_event_type, config.cloud_event_source, config.content_type):
        if len(text) > TEXT_LIMIT or not text.isprintable():
            raise BadJobError(message=f"{text[:50]!r} is too long or holds a line end.")
    if config.template:
        if config.cloud_events:
            raise BadJobError("A body is either a CloudEvent or what a template makes. Choose one.")
        if config.batch_size > 1 and config.content_type != "application/json":
            raise BadJobError("Only bodies of JSON can be put into batches.")
        # Few jobs have one, and the language of templates is long to import.
        from coterie.connectors.webhook.template import read_template

        read_template(config.template)
    elif config.content_type != "application/json":
        raise BadJobError("Without a template the content is JSON. Leave the content type out.")
