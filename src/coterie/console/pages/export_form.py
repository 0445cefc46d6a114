"""The form of an export job: what its inputs mean, and how an export fills them."""

from datetime import UTC
from typing import Any

from coterie.console.forms import Form, filled_form
from coterie.model.control import Job
from coterie.model.exports import IDENTIFIER_KINDS, ExportAudienceConfig

NAME = "name:"
KIND_NAMES = (
    ("external_id", "External ID"),
    ("braze_id", "Braze ID"),
    ("alias", "Alias"),
    ("email", "E-mail"),
    ("phone", "Phone"),
)
EVENT_NAMES = (
    ("both", "Who enters and who leaves"),
    ("enters", "Only who enters; nobody is taken away"),
    ("exits", "Only who leaves; nobody is added"),
)
FORM_NAMES = (
    ("array", "One array attribute with all audiences of a user"),
    ("booleans", "A true or false attribute for each audience"),
)
TEXTS = (
    "identifier_field", "braze_id_field", "alias_field", "alias_label", "email_field",
    "phone_field", "attribute", "value_prefix",
)  # fmt: skip


def read_options(form: Form, before: ExportAudienceConfig | None = None) -> dict[str, Any]:
    """Return the options that a form says; `before` are those of the job that is changed."""
    slugs = form.choices("audiences")
    options: dict[str, Any] = {
        "audiences": slugs,
        "existing_users": form.is_ticked("existing_users"),
        "form": form.text("form") or "array",
        "attribute": form.text("attribute"),
        "value_prefix": form.text("value_prefix"),
        "names": {slug: form.text(NAME + slug) for slug in slugs},
        "audience_events": form.text("audience_events") or "both",
        "suppressed_by": form.choices("suppressed_by"),
        "existing_only": form.is_ticked("existing_only"),
        "clean_up_at_expiry": form.is_ticked("clean_up_at_expiry"),
        "expires_at": _expiry(form),
        "consent": None,
        "quiet": None,
    }
    for kind in IDENTIFIER_KINDS:
        name = "identifier_field" if kind == "external_id" else f"{kind}_field"
        options[name] = form.text(name)
    options["alias_label"] = form.text("alias_label")
    options["identifier_order"] = _order(form, before)
    if before is not None:
        # Who was sent cannot be unsent, and what is written is what the destination is.
        options |= {"form": before.form, "attribute": before.attribute}
        options["existing_users"] = before.existing_users or options["existing_users"]
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


def form_of(job: Job, config: ExportAudienceConfig) -> Form:
    """Return the form as an export fills it."""
    values: dict[str, Any] = {name: str(getattr(config, name, "")) for name in TEXTS}
    values |= {
        "label": job.label,
        "description": job.description,
        "form": config.form,
        "audiences": config.audiences,
        "audience_events": config.audience_events,
        "suppressed_by": config.suppressed_by,
        "first": config.identifiers[0].kind if config.identifiers else "external_id",
    }
    for name in ("existing_users", "existing_only", "clean_up_at_expiry"):
        values[name] = "yes" if getattr(config, name) else ""
    values |= {NAME + slug: name for slug, name in config.names.items()}
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


def _order(form: Form, before: ExportAudienceConfig | None) -> list[str]:
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
