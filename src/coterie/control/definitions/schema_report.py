"""Says what is known of a draft: what it changes, what is wrong with it, who would notice."""

import msgspec

from coterie.base.clock import Clock
from coterie.control.definitions.draft import Draft, schema_of
from coterie.control.definitions.drafted import SchemaDraft
from coterie.control.definitions.followers import Reader, find_readers
from coterie.control.definitions.renaming import find_renamed
from coterie.control.definitions.schema_diff import SchemaDifference, diff_schemas
from coterie.control.definitions.schema_drafts import find_in, merge_in
from coterie.control.definitions.schema_faults import Fault, find_faults
from coterie.control.definitions.schema_merging import Clash
from coterie.control.definitions.schema_versions import current_in, get_in
from coterie.model.schema import Schema
from coterie.store import Store


class DraftReport(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of a draft before it is published.

    `faults` keep it from being published, and so does a `current_version` that is not its base;
    `clashes` are what both changed since. `readers` would find fields of theirs empty for ever.
    `renamed` gives new names of fields by the old ones; `followers` will read those by them.
    """

    draft: SchemaDraft
    current_version: int
    difference: SchemaDifference
    faults: tuple[Fault, ...]
    clashes: tuple[Clash, ...]
    readers: tuple[Reader, ...]
    renamed: dict[str, str] = {}
    followers: tuple[Reader, ...] = ()

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
        renamed = find_renamed(base.fields, changed.fields)
        return DraftReport(
            draft=draft,
            current_version=current.version,
            difference=diff_schemas(base, _next(changed, base)),
            faults=find_faults(draft.content, current, base=base),
            clashes=clashes,
            readers=tuple(find_readers(conn, account, _dropped(base, changed))),
            followers=tuple(find_readers(conn, account, frozenset(renamed))),
            renamed=renamed,
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
    left = {field.id for field in draft.fields}
    return frozenset(field.name for field in base.fields if field.id not in left)
