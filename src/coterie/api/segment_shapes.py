"""Audiences in the shape in which Lytics' clients know segments."""

import re
from datetime import datetime
from typing import Any

import msgspec

from coterie.base.errors import UserError
from coterie.control.definitions.tags import plain_tag
from coterie.model.control import Audience
from coterie.model.insights import AudienceSummary, SizeChange

TABLE, KIND = "user", "segment"
INSTEAD = {
    "aspect": "A segment that others say INCLUDE of is the same.",
    "goal": "Make a segment of who reached it, and send who enters to Braze.",
    "conversion": 'Make a segment of who did it, such as FILTER did("purchase").',
    "metric": "Sizes are recorded of every segment: GET /api/audiences/{slug}/sizes.",
    "list": "Import the list with a column that marks it, and make a segment of that field.",
    "managed": "The starter set, GET /api/starters, holds segments to begin with.",
    "candidate": "Make it with POST /api/audiences and is_draft: a draft holds nobody.",
}
"""What to do in place of a segment of another kind."""
NOT_IN_A_SLUG = re.compile(r"[^a-z0-9_]+")


class SegmentFilterError(UserError):
    """A segment came without a filter."""

    code = "segment_filter"

    def __init__(self) -> None:
        super().__init__("A segment needs a filter. Give it as segment_ql or ast.")


class SegmentTableError(UserError):
    """A segment of another table than that of people."""

    code = "segment_table"

    def __init__(self) -> None:
        super().__init__("Segments are of the table 'user', which is people. Leave table out.")


class SegmentKindError(UserError):
    """A segment of a kind that is something else here."""

    code = "segment_kind"

    def __init__(self, *, kind: str) -> None:
        instead = INSTEAD.get(kind, "Leave kind out.")
        super().__init__(f"Segments are of kind 'segment' here, and none is a {kind!r}. {instead}")


class SegmentOrderError(UserError):
    """Members are asked for in an order that does not exist."""

    code = "segment_order"

    def __init__(self) -> None:
        super().__init__(
            "Members come in order of their ids, so that each comes once while others enter and "
            "leave. Leave sortfield out, and sort what you have read; a job Export to SFTP writes "
            "all members with the fields that you choose."
        )


class TwoGroupingsError(UserError):
    """A segment came with tags, and with groups that are others."""

    code = "tags_and_groups"

    def __init__(self) -> None:
        super().__init__(
            "The tags and the groups of a segment are the same thing here, and these differ. Send "
            "one of them."
        )


class SegmentBody(msgspec.Struct, frozen=True):
    """What clients send of a segment; keys that mean nothing here are passed over."""

    name: str | None = None
    slug_name: str | None = None
    description: str | None = None
    segment_ql: str | None = None
    ast: dict[str, Any] | None = None
    kind: str = KIND
    table: str = TABLE
    expires_at: datetime | msgspec.UnsetType | None = msgspec.UNSET
    tags: tuple[str, ...] | None = None
    groups: tuple[str, ...] | None = None
    is_public: bool | None = None

    def __post_init__(self) -> None:
        """Refuse what is no segment of people."""
        check_kind(self.kind, self.table)

    @property
    def labels(self) -> tuple[str, ...] | None:
        """Return its tags, however they are called; None: they stay. Raises TwoGroupingsError."""
        if self.tags is None or self.groups is None:
            return self.groups if self.tags is None else self.tags
        if {plain_tag(tag) for tag in self.tags} != {plain_tag(tag) for tag in self.groups}:
            raise TwoGroupingsError
        return self.tags


class Segment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An audience as Lytics' clients know segments."""

    id: str
    aid: int
    name: str
    slug_name: str
    description: str
    segment_ql: str
    state: str
    is_public: bool
    created: datetime
    updated: datetime
    expires_at: datetime | None = None
    # Given even though they always say the same: clients look at them.
    kind: str
    table: str
    tags: tuple[str, ...]
    groups: tuple[str, ...]
    save_hist: bool
    emit_trigger: bool
    schedule_exit: bool
    size: int | None = None
    ql_resolved: str | None = None


class SegmentSize(msgspec.Struct, frozen=True):
    """How many members a segment has."""

    id: str
    name: str
    slug_name: str
    size: int


class SegmentSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A segment at a look.

    It holds the `share`, from 0 to 1, of about `profiles` profiles, and `change` more than a day, a
    week and a month ago (null: not known); `jobs` use it, and so do the segments of `included_by`.
    """

    id: str
    name: str
    slug_name: str
    state: str
    is_public: bool
    tags: tuple[str, ...]
    created: datetime
    updated: datetime
    expires_at: datetime | None
    size: int
    profiles: int
    share: float
    change: SizeChange
    jobs: int
    included_by: tuple[str, ...]


def check_kind(kind: str, table: str) -> None:
    """Raise SegmentTableError or SegmentKindError unless these are what segments are here."""
    if table != TABLE:
        raise SegmentTableError
    if kind != KIND:
        raise SegmentKindError(kind=kind)


def check_order(field: str) -> None:
    """Raise SegmentOrderError if members are asked for in order of a field."""
    if field:
        raise SegmentOrderError


def to_segment(
    audience: Audience, *, with_size: bool = False, resolved: str | None = None
) -> Segment:
    """Return an audience as a segment; `resolved` is its filter with all that it includes."""
    return Segment(
        id=str(audience.id),
        aid=audience.account,
        name=audience.name,
        slug_name=audience.slug,
        description=audience.description,
        segment_ql=audience.filter_text,
        state=audience.state,
        is_public=audience.is_public,
        created=audience.created_at,
        updated=audience.updated_at,
        expires_at=audience.expires_at,
        kind=KIND,
        table=TABLE,
        tags=audience.tags,
        groups=audience.tags,
        save_hist=True,
        emit_trigger=True,
        schedule_exit=True,
        size=audience.size if with_size else None,
        ql_resolved=resolved,
    )


def sized(audience: Audience) -> SegmentSize:
    """Return the size of a segment."""
    return SegmentSize(str(audience.id), audience.name, audience.slug, audience.size)


def summed_up(audience: Audience, summary: AudienceSummary) -> SegmentSummary:
    """Return a segment at a look."""
    return SegmentSummary(
        id=str(audience.id),
        name=audience.name,
        slug_name=audience.slug,
        state=audience.state,
        is_public=audience.is_public,
        tags=audience.tags,
        created=audience.created_at,
        updated=audience.updated_at,
        expires_at=audience.expires_at,
        size=audience.size,
        profiles=summary.profiles,
        share=summary.share,
        change=summary.change,
        jobs=summary.jobs,
        included_by=summary.included_by,
    )


def slug_for(body: SegmentBody) -> str:
    """Return the slug of a new segment: as given, or made of its name."""
    if body.slug_name:
        return body.slug_name
    return NOT_IN_A_SLUG.sub("_", (body.name or "").lower()).strip("_")[:64]
