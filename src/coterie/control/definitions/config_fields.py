"""Which fields a job's options name, and the same options once fields are called otherwise."""

from collections.abc import Mapping
from typing import Any

import msgspec

from coterie.model.control import JobConfig
from coterie.model.exports import (
    Consent,
    ExportConfig,
    ExportProfilesConfig,
    ExportSubscriptionsConfig,
)
from coterie.model.file_exports import ExportFilesConfig
from coterie.model.webhooks import WebhookConfig

IDENTIFYING = (
    "identifier_field", "braze_id_field", "alias_field", "email_field", "phone_field",
)  # fmt: skip


def fields_named(config: JobConfig) -> frozenset[str]:
    """Return the profile fields that a job reads by name."""
    match config:
        case ExportConfig():
            named = {*config.read_fields, *(each.field for each in config.identifiers)}
        case ExportFilesConfig():
            named = {*config.fields, *config.names}
        case _:
            return frozenset()
    return frozenset(named if config.consent is None else {*named, config.consent.field})


def rename_in(config: JobConfig, names: Mapping[str, str]) -> JobConfig:
    """Return a job's options with fields under their new names (by the old ones).

    What others read stays as it is: attributes in Braze, headings of files, keys of messages.
    """
    match config:
        case WebhookConfig():
            changes = _webhook(config, names)
        case ExportProfilesConfig():
            given = {key: names.get(field, field) for key, field in config.attributes.items()}
            changes = {"attributes": given}
        case ExportSubscriptionsConfig():
            rules = {
                group: msgspec.structs.replace(rule, field=names.get(rule.field, rule.field))
                for group, rule in config.groups.items()
            }
            changes = {"groups": rules}
        case ExportFilesConfig():
            changes = _files(config, names)
        case ExportConfig():
            changes = {}
        case _:
            return config
    if isinstance(config, ExportConfig):
        for option in IDENTIFYING:
            field = getattr(config, option)
            changes[option] = names.get(field, field)
    return msgspec.structs.replace(config, consent=_consent(config.consent, names), **changes)


def _consent(consent: Consent | None, names: Mapping[str, str]) -> Consent | None:
    if consent is None:
        return None
    return msgspec.structs.replace(consent, field=names.get(consent.field, consent.field))


def _webhook(config: WebhookConfig, names: Mapping[str, str]) -> dict[str, Any]:
    read = {*config.read_fields, *(each.field for each in config.identifiers)}
    return {
        "fields": tuple(names.get(field, field) for field in config.fields),
        "changes": tuple(names.get(field, field) for field in config.changes),
        "names": _shown_as(config.names, {old: new for old, new in names.items() if old in read}),
    }


def _files(config: ExportFilesConfig, names: Mapping[str, str]) -> dict[str, Any]:
    # Without named columns a file has all fields, so any of them may be one of its headings.
    read = set(config.fields) if config.fields else names.keys()
    return {
        "fields": tuple(names.get(field, field) for field in config.fields),
        "names": _shown_as(config.names, {old: new for old, new in names.items() if old in read}),
    }


def _shown_as(shown: Mapping[str, str], names: Mapping[str, str]) -> dict[str, str]:
    """Return under which name others see fields, if they shall see no difference."""
    kept = {field: name for field, name in shown.items() if field not in names}
    added = {new: shown.get(old, old) for old, new in names.items()}
    return kept | {field: name for field, name in added.items() if field != name}
