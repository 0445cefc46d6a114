"""The form of an export job: what its inputs mean, and how an export fills them."""

from collections.abc import Callable, Mapping
from datetime import UTC
from typing import Any

from coterie.console.forms import Form, filled_form
from coterie.console.pages.feed_form import event_options, feed_values, purchase_options
from coterie.console.pages.webhook_form import webhook_options, webhook_values
from coterie.model.control import Job
from coterie.model.exports import (
    IDENTIFIER_KINDS,
    ExportAudienceConfig,
    ExportConfig,
    ExportProfilesConfig,
    ExportSubscriptionsConfig,
)
from coterie.model.feeds import FeedConfig
from coterie.model.webhooks import WebhookConfig

NAME = "name:"
TYPE = "type:"
GROUP_ROWS = 10
KIND_NAMES = (
    ("external_id", "External ID"),
    ("braze_id", "Braze ID"),
    ("alias", "Alias"),
    ("email", "E-mail"),
    ("phone", "Phone"),
    ("device_id", "Device"),
)
EVENT_NAMES = (
    ("both", "Who enters and who leaves"),
    ("enters", "Only who enters; nobody is taken away"),
    ("exits", "Only who leaves; nobody is added"),
)
FORM_NAMES = (
    ("array", "One array attribute with all audiences of a user"),
    ("booleans", "A true or false attribute for each audience"),
    ("cohorts", "A cohort for each audience"),
)
LEAVING_NAMES = (
    ("keep", "They keep their attributes in Braze"),
    ("delete", "Their attributes are deleted in Braze"),
)
TYPE_NAMES = (
    ("", "As the field is"),
    ("string", "Text"),
    ("integer", "Whole number"),
    ("number", "Number"),
    ("boolean", "True or false"),
    ("time", "Time"),
    ("array", "Array"),
    ("object", "Object"),
)
TEXTS = (
    "identifier_field", "braze_id_field", "alias_field", "alias_label", "email_field",
    "phone_field", "device_id_field", "attribute", "value_prefix",
)  # fmt: skip


def read_options(form: Form, kind: str, before: ExportConfig | None = None) -> dict[str, Any]:
    """Return the options that a form says; `before` are those of the job that is changed.

    Raises BadJobError for what cannot be read.
    """
    options: dict[str, Any] = {
        "kind": kind,
        "audiences": form.choices("audiences"),
        "existing_users": form.is_ticked("existing_users"),
        "suppressed_by": form.choices("suppressed_by"),
        "existing_only": form.is_ticked("existing_only"),
        "delete_forgotten": form.is_ticked("delete_forgotten"),
        "clean_up_at_expiry": form.is_ticked("clean_up_at_expiry"),
        "expires_at": _expiry(form),
        "consent": None,
        "quiet": None,
    }
    for each in IDENTIFIER_KINDS:
        name = "identifier_field" if each == "external_id" else f"{each}_field"
        options[name] = form.text(name)
    options["alias_label"] = form.text("alias_label")
    options["identifier_order"] = _order(form, before)
    options |= _WRITTEN[kind](form)
    if before is not None:
        # Who was sent cannot be unsent, and what is written is what the destination is.
        options["existing_users"] = before.existing_users or options["existing_users"]
    if isinstance(before, WebhookConfig):
        options["existing_users"] = before.existing_users
    if isinstance(before, ExportAudienceConfig):
        options |= {"form": before.form, "attribute": before.attribute}
    if form.text("consent_field"):
        options["consent"] = {
            "field": form.text("consent_field"),
            "values": form.words("consent_values"),
        }
    if form.text("quiet_start") or form.text("quiet_end"):
        options["quiet"] = {
            "zone": form.text("quiet_zone") or "UTC",
            "start": form.text("quiet_start"),
            "end": form.text("quiet_end"),
            "drop": form.is_ticked("quiet_drop"),
        }
    return options


def _audience_options(form: Form) -> dict[str, Any]:
    return {
        "form": form.text("form") or "array",
        "attribute": form.text("attribute"),
        "value_prefix": form.text("value_prefix"),
        "names": {slug: form.text(NAME + slug) for slug in form.choices("audiences")},
        "audience_events": form.text("audience_events") or "both",
    }


def _profile_options(form: Form) -> dict[str, Any]:
    attributes: dict[str, str] = {}
    types: dict[str, str] = {}
    for field in form.choices("fields"):
        name = form.text(NAME + field) or field
        attributes[name] = field
        if form.text(TYPE + field):
            types[name] = form.text(TYPE + field)
    on_leaving = form.text("on_leaving") or "keep"
    return {"attributes": attributes, "types": types, "on_leaving": on_leaving}


def _subscription_options(form: Form) -> dict[str, Any]:
    rows = (str(number) for number in range(GROUP_ROWS))
    return {
        "groups": {
            form.text(f"group{row}"): {
                "field": form.text(f"field{row}"),
                "yes": form.words(f"yes{row}"),
                "no": form.words(f"no{row}"),
            }
            for row in rows
            if form.text(f"group{row}")
        }
    }


_WRITTEN: Mapping[str, Callable[[Form], dict[str, Any]]] = {
    "export_audience": _audience_options,
    "export_profiles": _profile_options,
    "export_subscriptions": _subscription_options,
    "export_events": event_options,
    "export_purchases": purchase_options,
    "webhook": webhook_options,
}


def form_of(job: Job, config: ExportConfig) -> Form:
    """Return the form as an export fills it."""
    values: dict[str, Any] = {name: str(getattr(config, name, "")) for name in TEXTS}
    values |= {
        "label": job.label,
        "description": job.description,
        "audiences": config.audiences,
        "suppressed_by": config.suppressed_by,
        "first": config.identifiers[0].kind if config.identifiers else "external_id",
    }
    for name in ("existing_users", "existing_only", "delete_forgotten", "clean_up_at_expiry"):
        values[name] = "yes" if getattr(config, name) else ""
    values |= _written_values(config)
    if config.expires_at is not None:
        values["expires_at"] = f"{config.expires_at.astimezone(UTC):%Y-%m-%dT%H:%M}"
    if config.consent is not None:
        values["consent_field"] = config.consent.field
        values["consent_values"] = ", ".join(config.consent.values)
    if config.quiet is not None:
        values["quiet_start"], values["quiet_end"] = config.quiet.start, config.quiet.end
        values["quiet_zone"] = config.quiet.zone
        values["quiet_drop"] = "yes" if config.quiet.drop else ""
    return filled_form(values)


def _written_values(config: ExportConfig) -> dict[str, Any]:
    match config:
        case ExportAudienceConfig():
            names = {NAME + slug: name for slug, name in config.names.items()}
            return names | {"form": config.form, "audience_events": config.audience_events}
        case ExportProfilesConfig():
            names = {NAME + field: name for name, field in config.attributes.items()}
            types = {TYPE + config.attributes[name]: kind for name, kind in config.types.items()}
            fields = tuple(config.attributes.values())
            return names | types | {"fields": fields, "on_leaving": config.on_leaving}
        case ExportSubscriptionsConfig():
            values: dict[str, Any] = {}
            for row, (group, rule) in enumerate(config.groups.items()):
                values |= {f"group{row}": group, f"field{row}": rule.field}
                values |= {f"yes{row}": ", ".join(rule.yes), f"no{row}": ", ".join(rule.no)}
            return values
        case WebhookConfig():
            return webhook_values(config)
        case FeedConfig():
            return feed_values(config)
        case _:
            return {}


def _order(form: Form, before: ExportConfig | None) -> list[str]:
    first = form.text("first")
    known: list[str] = [] if before is None else list(before.identifier_order)
    chosen = [first] if first else []
    # The form asks which comes first; a longer order that begins so stays.
    order = known if known[:1] == chosen else chosen
    used = {"external_id": "identifier_field"}
    return [kind for kind in order if form.text(used.get(kind, f"{kind}_field"))]


def _expiry(form: Form) -> str | None:
    text = form.text("expires_at")
    return f"{text}Z" if text and not text.endswith("Z") else text or None
