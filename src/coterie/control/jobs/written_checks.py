"""Whether Braze can hold what an export job would write."""

import re

from coterie.connectors.braze.reserved import CONTROL_KEYS, is_custom
from coterie.control.jobs.errors import BadJobError
from coterie.control.jobs.feed_checks import check_feed
from coterie.control.jobs.webhook_checks import check_webhook
from coterie.model.exports import (
    ExportAudienceConfig,
    ExportConfig,
    ExportProfilesConfig,
    ExportSubscriptionsConfig,
)
from coterie.model.feeds import FeedConfig
from coterie.model.webhooks import WebhookConfig

# Braze: attribute names up to 255 characters, and array values up to 255.
NAME_LIMIT = 255
# Every field of a request is one more attribute; Braze takes 250 of a user at once.
ATTRIBUTES_LIMIT = 250
# These have a form of their own: groups are another kind of job, tokens are no field.
UNWRITABLE = CONTROL_KEYS | {"subscription_groups", "push_tokens"}
# Docs of cohort import: user_ids, device_ids, aliases.
COHORT_IDENTIFIERS = ("external_id", "alias", "device_id")
# Braze refuses other ids (docs of users/track, "Endpoint-specific errors").
UUID_FORM = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def check_written(config: ExportConfig) -> None:
    """Raise BadJobError unless what would be written has names that Braze takes."""
    if config.device_id_field and config.target[0] != "cohorts":
        raise BadJobError(
            "Only cohorts know users by a device. Leave that field out, or export as cohorts."
        )
    if isinstance(config, ExportAudienceConfig):
        if config.form == "array":
            _check_attribute(config.attribute)
        if config.form == "cohorts":
            _check_cohorts(config)
        _check_values(config)
    elif isinstance(config, ExportProfilesConfig):
        _check_attributes(config)
    elif isinstance(config, ExportSubscriptionsConfig):
        _check_groups(config)
    elif isinstance(config, WebhookConfig):
        check_webhook(config)
    elif isinstance(config, FeedConfig):
        check_feed(config)


def _check_attributes(config: ExportProfilesConfig) -> None:
    if not config.attributes:
        raise BadJobError("Choose at least one field to export.")
    if len(config.attributes) > ATTRIBUTES_LIMIT:
        raise BadJobError(message=f"A job exports at most {ATTRIBUTES_LIMIT} fields.")
    for name in config.attributes:
        parts = name.split(".")
        if any(not part.strip() or len(part) > NAME_LIMIT for part in parts):
            raise BadJobError(message=f"{name!r} is no name of an attribute.")
        if any(part.startswith("$") for part in parts) or parts[0] in UNWRITABLE:
            raise BadJobError(
                message=f"{name!r} means something of its own in Braze. Choose another name."
            )
        if len(parts) > 1 and (not is_custom(parts[0]) or parts[0] in config.attributes):
            raise BadJobError(
                message=f"{parts[0]!r} cannot be a nested attribute as well. Rename one of them."
            )
    for name in config.types:
        if name not in config.attributes:
            raise BadJobError(message=f"A type is given for {name!r}, which is not exported.")


def _check_groups(config: ExportSubscriptionsConfig) -> None:
    if not config.groups:
        raise BadJobError("Name at least one subscription group.")
    for group, rule in config.groups.items():
        if UUID_FORM.fullmatch(group) is None:
            raise BadJobError(
                message=f"{group!r} is no id of a subscription group. Braze shows it beside the "
                "group's name; it looks like 8e6a1c0e-7f5d-4a6e-9b1c-0d2f3a4b5c6d."
            )
        if not rule.yes:
            raise BadJobError(
                message=f"Say which values of {rule.field!r} subscribe to the group {group!r}."
            )
        both = {v.casefold() for v in rule.yes} & {v.casefold() for v in rule.no}
        if both:
            raise BadJobError(message=f"The value {min(both)!r} means both yes and no. Choose one.")


def _check_attribute(attribute: str) -> None:
    if not attribute or len(attribute) > NAME_LIMIT or attribute.startswith("$"):
        raise BadJobError(
            message=f"The attribute needs a name of 1 to {NAME_LIMIT} characters that does not "
            "start with a dollar sign, such as lytics_segments."
        )
    if not is_custom(attribute):
        raise BadJobError(
            message=f"{attribute!r} is a standard attribute in Braze. Choose another name."
        )


def _check_cohorts(config: ExportAudienceConfig) -> None:
    others = [one.kind for one in config.identifiers if one.kind not in COHORT_IDENTIFIERS]
    if others:
        raise BadJobError(
            message=f"Braze's cohorts know users by external id, alias or device, not by "
            f"{others[0]}. "
            "Leave that field out, or tell Braze in an attribute."
        )


def _check_values(config: ExportAudienceConfig) -> None:
    for slug in config.names:
        if slug not in config.audiences:
            raise BadJobError(
                message=f"A name is given for {slug!r}, which the job does not export."
            )
    values = [config.exported_name(slug) for slug in config.audiences]
    for value in values:
        if not value.strip() or len(value) > NAME_LIMIT:
            raise BadJobError(
                message=f"An exported name needs 1 to {NAME_LIMIT} characters: {value!r}."
            )
        if values.count(value) > 1:
            raise BadJobError(
                message=f"Two audiences would be exported as {value!r}. Rename one of them."
            )
        if config.form == "booleans" and not is_custom(value):
            raise BadJobError(
                message=f"{value!r} means something of its own in Braze and cannot be the "
                "attribute of an audience. Give a prefix or another name."
            )
