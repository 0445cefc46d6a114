"""The outside systems that can be authorized, and what each needs to be told."""

from collections.abc import Callable, Mapping
from typing import Any
from unicodedata import category

from coterie.control.provider_braze import BRAZE, check_braze
from coterie.control.provider_forms import (
    BadConfigError,
    Config,
    ConfigField,
    Method,
    Provider,
    UnknownProviderError,
)
from coterie.control.provider_sftp import SFTP, check_sftp
from coterie.control.provider_webhook import WEBHOOK, check_webhook_access

__all__ = [
    "PROVIDERS",
    "BadConfigError",
    "Config",
    "ConfigField",
    "Method",
    "Provider",
    "UnknownProviderError",
    "check_config",
    "find_method",
]

PROVIDERS = {provider.slug: provider for provider in (BRAZE, SFTP, WEBHOOK)}
"""All providers by slug."""


def find_method(provider: str, method: str) -> Method:
    """Return one way to authorize a provider. Raises UnknownProviderError."""
    known = PROVIDERS.get(provider)
    if known is None:
        raise UnknownProviderError(
            message=f"There is no provider {provider!r}. Choose from {', '.join(PROVIDERS)}."
        )
    for candidate in known.methods:
        if candidate.slug == method:
            return candidate
    slugs = ", ".join(candidate.slug for candidate in known.methods)
    raise UnknownProviderError(
        message=f"{known.label} has no method {method!r}. Choose from {slugs}."
    )


def check_config(provider: str, method: str, config: dict[str, Any]) -> Config:
    """Return a configuration with defaults filled in and secrets apart.

    For Braze `endpoint_url` is always set afterwards. Raises UnknownProviderError, BadConfigError,
    UnknownInstanceError.
    """
    fields = find_method(provider, method).fields
    unknown = sorted(set(config) - {field.name for field in fields})
    if unknown:
        known = ", ".join(field.name for field in fields)
        raise BadConfigError(message=f"There is no option {unknown[0]!r}. The options are {known}.")
    checked = Config({}, {})
    for field in fields:
        value = _read(field, config.get(field.name))
        if value not in ("", None):
            (checked.secret if field.is_secret else checked.public)[field.name] = value
    _EXTRA[provider](method, checked)
    return checked


def _read(field: ConfigField, value: Any) -> str | int:
    text = "" if value is None else str(value).strip()
    _check_characters(field, text)
    if not text:
        if field.required:
            raise BadConfigError(message=f"{field.label} is missing ({field.name}). Fill it in.")
        return field.default
    if field.kind == "number":
        return _read_number(field, text)
    if field.choices and field.kind == "choice" and field.is_strict and text not in field.choices:
        choices = ", ".join(field.choices)
        raise BadConfigError(message=f"{field.label} ({field.name}) must be one of {choices}.")
    return text


def _check_characters(field: ConfigField, text: str) -> None:
    allowed = "\t\r\n" if field.kind in ("secret_lines", "lines") else ""
    # Cc are control characters, Cs halves of characters; neither can be sent.
    if any(category(char) in ("Cc", "Cs") and char not in allowed for char in text):
        raise BadConfigError(
            message=f"{field.label} ({field.name}) holds a line end or another character that "
            "cannot be read. Enter it again."
        )


def _read_number(field: ConfigField, text: str) -> int:
    if text.isascii() and text.isdigit() and field.lowest <= int(text[:9]) <= field.highest:
        return int(text)
    raise BadConfigError(
        message=f"{field.label} ({field.name}) must be a whole number from {field.lowest} to "
        f"{field.highest}."
    )


_EXTRA: Mapping[str, Callable[[str, Config], None]] = {
    "braze": lambda _, config: check_braze(config),
    "sftp": check_sftp,
    "webhook": lambda _, config: check_webhook_access(config),
}
