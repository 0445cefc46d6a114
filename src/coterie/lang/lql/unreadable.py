"""Finds what of a published schema can no longer be read, with the reason and the cure."""

from collections.abc import Iterator

from msgspec import Struct

from coterie.lang.lql.errors import LqlError
from coterie.lang.lql.mapping import parse_mapping
from coterie.model.schema import Schema


class Unreadable(Struct, frozen=True):
    """A mapping, or the condition of a stream (`field` None), that nobody can read any more."""

    stream: str
    field: str | None
    reason: str

    @property
    def told(self) -> str:
        """Return what is wrong, what becomes of the stream's events, and the cure."""
        what, cure = f"The condition of stream {self.stream!r}", "publish its query again"
        if self.field is not None:
            what = f"The mapping of stream {self.stream!r} to {self.field!r}"
            cure = f"`coterie mapping update {self.stream} {self.field} EXPRESSION`"
        return (
            f"{what} cannot be read any more. The stream's events wait, and are run again once it "
            f"is corrected: {cure}. {self.reason}"
        )


def find_unreadable(schema: Schema, stream: str | None = None) -> Iterator[Unreadable]:
    """Yield what cannot be read, of one stream or of all; each was right when it was published."""
    for mapping in schema.mappings:
        if stream in (None, mapping.stream):
            for text in (mapping.expr, mapping.guard):
                if text is not None and (reason := _fault(text)):
                    yield Unreadable(mapping.stream, mapping.field, reason)
    for rule in schema.streams:
        if stream in (None, rule.stream) and rule.where is not None:
            reason = _fault(rule.where)
            if reason:
                yield Unreadable(rule.stream, None, reason)


def _fault(text: str) -> str:
    try:
        parse_mapping(text)
    except LqlError as error:
        return error.message
    return ""
