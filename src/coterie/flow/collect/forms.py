"""Form fields, as a form or a pixel's query string sends them, become one JSON object."""

from collections.abc import Collection
from urllib.parse import parse_qsl, unquote_to_bytes

import msgspec

from coterie.flow.collect.body import MalformedBodyError

FORM_TYPE = "application/x-www-form-urlencoded"
MOST_FIELDS = 1_000


def without_fields(text: bytes, names: Collection[bytes]) -> bytes:
    """Return form fields without those called one of `names`, however they are written."""
    kept = [
        part
        for part in text.split(b"&")
        if unquote_to_bytes(part.partition(b"=")[0].replace(b"+", b" ")) not in names
    ]
    return b"&".join(kept)


def read_form(text: bytes) -> dict[str, str | list[str]]:
    """Return the fields of `text`; one that is repeated holds a list. Raises MalformedBodyError."""
    try:
        pairs = parse_qsl(
            text.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MOST_FIELDS,
        )
    except UnicodeDecodeError as error:
        raise MalformedBodyError(problem="its fields are not UTF-8 in percent form") from error
    except ValueError as error:
        raise MalformedBodyError(problem=f"it has more than {MOST_FIELDS} fields") from error
    fields: dict[str, str | list[str]] = {}
    for name, value in pairs:
        known = fields.get(name)
        if known is None:
            fields[name] = value
        elif isinstance(known, list):
            known.append(value)
        else:
            fields[name] = [known, value]
    return fields


def encode_form(fields: dict[str, str | list[str]]) -> bytes:
    """Return `fields` as a JSON object."""
    return msgspec.json.encode(fields)
