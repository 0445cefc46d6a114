"""Edits that concern a whole draft, or a whole stream of it, each a pure step."""

import msgspec

from coterie.control.definitions.draft import Draft, SchemaError
from coterie.control.definitions.lql import read_query
from coterie.control.definitions.lql_settings import merge_query
from coterie.model.schema import Field, Mapping, StreamRule


class WantedField(Field, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A field as it shall be; its number follows from its name, whatever is said."""

    id: int = 0


class SchemaContent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that a draft shall say; `blocked_values` None leaves those there are."""

    fields: tuple[WantedField, ...]
    mappings: tuple[Mapping, ...]
    streams: tuple[StreamRule, ...] = ()
    blocked_values: tuple[str, ...] | None = None


def put_content(draft: Draft, content: SchemaContent) -> Draft:
    """Return the draft with this in place of all that it says.

    It may be faulty: `find_faults` tells, before it is published.
    """
    number = draft.next_field_id
    fields: list[Field] = []
    for wanted in content.fields:
        known = draft.find_field(wanted.name)
        given = {**msgspec.structs.asdict(wanted), "id": known.id if known else number}
        number += known is None
        fields.append(Field(**given))
    return Draft(
        fields=tuple(fields),
        mappings=content.mappings,
        streams=content.streams,
        blocked_values=draft.blocked_values
        if content.blocked_values is None
        else content.blocked_values,
        next_field_id=number,
    )


def merge_lql(draft: Draft, text: str) -> Draft:
    """Return the draft with an LQL text merged in. Raises as `read_query`, and SchemaError."""
    return merge_query(draft, read_query(text, fields=draft.fields))


def replace_stream(draft: Draft, stream: str, text: str) -> Draft:
    """Return the draft with an LQL text in place of all mappings of a stream.

    Fields stay, mapped or not. An empty text takes the mappings away. Raises as `merge_lql`.
    """
    bare = msgspec.structs.replace(
        draft,
        mappings=tuple(each for each in draft.mappings if each.stream != stream),
        streams=tuple(rule for rule in draft.streams if rule.stream != stream),
    )
    if not text.strip():
        return bare
    query = read_query(text, fields=draft.fields)
    if query.stream != stream:
        raise SchemaError(
            message=f"The text is about the stream {query.stream!r}. Write FROM {stream}."
        )
    after = merge_query(bare, query)
    identifying = {field.name for field in after.fields if field.identifier is not None}
    if not any(each.field in identifying for each in after.mappings if each.stream == stream):
        raise SchemaError(
            message=f"The text fills no identifier, so events of {stream!r} would be nobody's. "
            "Select one, such as user_id."
        )
    return after
