"""A user at a destination as one text, which is the key of the outbox.

An external id stands for itself. Other identifiers carry their kind: `email:ada@example.com`,
`alias:label:name`. An external id that starts like one of those is written as `external_id:…`.
"""

from urllib.parse import quote, unquote

import msgspec

from coterie.model.exports import IDENTIFIER_KINDS, ExportIdentifier, IdentifierKind

_PREFIXES = tuple(f"{kind}:" for kind in IDENTIFIER_KINDS)


class Recipient(msgspec.Struct, frozen=True, kw_only=True):
    """An identifier with its value; an alias has a label as well."""

    kind: IdentifierKind
    value: str
    label: str = ""


def write_recipient(identifier: ExportIdentifier, value: str) -> str:
    """Return the text that stands for a value of an identifier."""
    if identifier.kind == "external_id":
        return f"external_id:{value}" if value.startswith(_PREFIXES) else value
    if identifier.kind == "alias":
        return f"alias:{quote(identifier.label, safe=' ')}:{value}"
    return f"{identifier.kind}:{value}"


def read_recipient(text: str) -> Recipient:
    """Return what `write_recipient` made a text of."""
    for kind, prefix in zip(IDENTIFIER_KINDS, _PREFIXES, strict=True):
        if text.startswith(prefix):
            value = text.removeprefix(prefix)
            if kind == "alias":
                label, _, value = value.partition(":")
                return Recipient(kind=kind, value=value, label=unquote(label))
            return Recipient(kind=kind, value=value)
    return Recipient(kind="external_id", value=text)
