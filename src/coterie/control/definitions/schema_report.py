"""Says what is known of a draft: what it changes, what is wrong with it, who would notice."""

from collections.abc import Iterator

import msgspec

from coterie.base.clock import Clock
from coterie.control.definitions.draft import Draft, schema_of
from coterie.control.definitions.drafted import SchemaDraft
from coterie.control.definitions.saved_filters import read_filters
from coterie.control.definitions.schema import current_in, get_in
from coterie.control.definitions.schema_diff import SchemaDifference, diff_schemas
from coterie.control.definitions.schema_drafts import find_in, merge_in
from coterie.control.definitions.schema_faults import Fault, find_faults
from coterie.control.definitions.schema_merging import Clash
from coterie.control.rows import list_all
from coterie.lang.filterql import compile_filter
from coterie.model.control import Job
from coterie.model.exports import ExportConfig
from coterie.model.schema import Schema
from coterie.store import Connection, Store, load_queries


class Reader(msgspec.Struct, frozen=True, kw_only=True):
    """Something that reads a field which the draft has no more: an audience, or a job."""

    field: str
    kind: str
    name: str


class DraftReport(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of a draft before it is published.

    `faults` keep it from being published, and so does a `current_version` that is not its base;
    `clashes` are what both changed since. `readers` would find fields of theirs empty for ever.
    """

    draft: SchemaDraft
    current_version: int
    difference: SchemaDifference
    faults: tuple[Fault, ...]
    clashes: tuple[Clash, ...]
    readers: tuple[Reader, ...]

    @property
    def is_behind(self) -> bool:
        """Say whether another version was published since the draft was begun."""
        return self.current_version != self.draft.base_version

    @property
    def can_be_published(self) -> bool:
        """Say whether nothing keeps it from being published."""
        return not self.faults and not self.is_behind


def report_draft(store: Store, account: int, name: str) -> DraftReport:
    """Return what is known of an open draft. Raises UnknownDraftError."""
    with store.transaction() as conn:
        draft = find_in(conn, account, name)
        base, current = get_in(conn, account, draft.base_version), current_in(conn, account)
        changed = merge_in(conn, draft, base, prefer="draft").draft
        clashes = merge_in(conn, draft, current, prefer="draft").clashes
        return DraftReport(
            draft=draft,
            current_version=current.version,
            difference=diff_schemas(base, _next(changed, base)),
            faults=find_faults(draft.content, current),
            clashes=clashes,
            readers=tuple(_find_readers(conn, account, _dropped(base, changed))),
        )


def draft_schema(store: Store, account: int, name: str, *, clock: Clock) -> Schema:
    """Return what would be in force if a draft were published now, its faults aside.

    What was published since is taken over, and where both changed the same the draft holds. Raises
    UnknownDraftError.
    """
    with store.transaction() as conn:
        draft, current = find_in(conn, account, name), current_in(conn, account)
        merged = merge_in(conn, draft, current, prefer="draft").draft
    return schema_of(merged, version=current.version + 1, published_at=clock())


def _next(draft: Draft, base: Schema) -> Schema:
    return schema_of(draft, version=base.version + 1, published_at=base.published_at)


def _dropped(base: Schema, draft: Draft) -> frozenset[str]:
    return frozenset(field.name for field in base.fields) - {field.name for field in draft.fields}


def _find_readers(conn: Connection, account: int, gone: frozenset[str]) -> Iterator[Reader]:
    if not gone:
        return
    for slug, flt in sorted(read_filters(conn, account).items()):
        for field in sorted(compile_filter(flt).reads & gone):
            yield Reader(field=field, kind="audience", name=slug)
    for job in list_all(conn, load_queries("jobs").list_exports, {}, row=Job):
        if job.account == account and isinstance(job.config, ExportConfig):
            named = {each.field for each in job.config.identifiers} | set(job.config.read_fields)
            for field in sorted(named & gone):
                yield Reader(field=field, kind="job", name=job.label)
