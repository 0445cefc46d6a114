"""Reads which attributes and subscription groups an export keeps current."""

from typing import Any

from coterie.cli.choices import read_words
from coterie.cli.entries import BadEntryError, read_entries


def read_attributes(entries: list[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return field by name in Braze, and the types that were given."""
    attributes: dict[str, str] = {}
    types: dict[str, str] = {}
    for entry in entries:
        name, equals, rest = entry.partition("=")
        field, _, kind = (rest if equals else name).partition(":")
        name = (name if equals else field).strip()
        attributes[name] = field.strip()
        if kind:
            types[name] = kind.strip()
    return attributes, types


def read_groups(entries: list[str]) -> dict[str, dict[str, Any]]:
    """Return the rule of each subscription group; raise BadEntryError."""
    groups: dict[str, dict[str, Any]] = {}
    for group, text in read_entries(entries).items():
        field, _, values = text.partition(":")
        yes, _, no = values.partition(":")
        if not field or not yes:
            raise BadEntryError(
                message=f"{text!r} does not say what subscribes. Write id=field:yes,true."
            )
        groups[group] = {"field": field.strip(), "yes": read_words(yes), "no": read_words(no)}
    return groups
