"""Reads the members of an audience as they are at one instant, row by row."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import datetime

import msgspec

from coterie.base.clock import to_us
from coterie.base.errors import PermanentError
from coterie.flow.audiences.membership import count_members
from coterie.flow.exports.cells import column_of
from coterie.flow.profiles.storage import read_members_after
from coterie.flow.profiles.view import Viewer
from coterie.flow.run.generations import enter_live_generation
from coterie.model.config import AccountConfig
from coterie.model.file_exports import Column, ExportFilesConfig, Record
from coterie.model.profile import ProfileId, StoredProfile
from coterie.model.schema import Field
from coterie.store import Connection, Store, load_queries, store_errors

SQL = load_queries("lookup")

FIRST: ProfileId = "0" * 32
AT_ONCE = 500


class MissingFieldError(PermanentError):
    """A column's field was dropped from the schema."""

    code = "missing_export_field"

    def __init__(self, *, names: Sequence[str]) -> None:
        super().__init__(
            f"The schema has no field {', '.join(map(repr, names))} any more, which this job "
            "writes. Nothing was written. Create another job with the fields that there are."
        )


class Part(msgspec.Struct, frozen=True):
    """Some rows; `seen` members were looked at for them, of `total` in all."""

    records: Sequence[Record]
    seen: int
    total: int


class Snapshot:
    """The members of one audience, in the form that a job wants. Raises MissingFieldError."""

    def __init__(self, config: AccountConfig, wanted: ExportFilesConfig) -> None:
        schema = config.schemas[-1]
        self._account = config.number
        self._wanted = wanted
        by_slug = {audience.slug: audience.id for audience in config.audiences}
        self._audience = by_slug.get(wanted.audience, 0)
        self._suppressing = {by_slug[slug] for slug in wanted.suppressed_by if slug in by_slug}
        self._slugs = {number: slug for slug, number in by_slug.items()}
        self._fields = _chosen(schema.fields, wanted)
        self._viewer = Viewer(schema)
        read = {field.name for field in self._fields}
        if wanted.consent is not None:
            read.add(wanted.consent.field)
        self._read = frozenset(read)

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns of the file, in their order."""
        names = self._wanted.names
        found = [column_of(field, names.get(field.name, field.name)) for field in self._fields]
        if self._wanted.audience_column:
            found.append(Column(heading=self._wanted.audience_column, shape="list"))
        return tuple(found)

    def read(self, store: Store, *, now: datetime) -> Iterator[Part]:
        """Yield the rows of all members, in the order of their profile ids.

        All of them are as they were when the first was read, whatever happens meanwhile: they are
        read in one transaction, on a connection of its own. Raises StoreUnavailableError.
        """
        with store_errors(), closing(store.connect()) as conn, conn.transaction():
            conn.execute(SQL.see_one_instant)
            enter_live_generation(conn)
            yield from self._pages(conn, to_us(now))

    def _pages(self, conn: Connection, now_us: int) -> Iterator[Part]:
        total = count_members(conn, self._account, [self._audience])
        left = self._wanted.limit or total
        after, seen = FIRST, 0
        while left > 0:
            found = read_members_after(
                conn, self._account, self._audience, after, limit=min(AT_ONCE, left)
            )
            if not found:
                return
            after, seen, left = found[-1].profile_id, seen + len(found), left - len(found)
            shown = (self._show(profile, now_us) for profile in found)
            records = [record for record in shown if record is not None]
            yield Part(records, seen, min(total, seen + left))

    def _show(self, profile: StoredProfile, now_us: int) -> Record | None:
        """Return a person's row, None for one who is left out."""
        if self._suppressing.intersection(profile.audiences):
            return None
        view = self._viewer.view(profile.body.fragments, now_us, self._read)
        consent = self._wanted.consent
        if consent is not None and not consent.is_given(view.get(consent.field)):
            return None
        record: Record = [view.get(field.name) for field in self._fields]
        if self._wanted.audience_column:
            slugs = (self._slugs.get(number) for number in profile.audiences)
            record.append(sorted(slug for slug in slugs if slug is not None))
        return record


def _chosen(fields: Sequence[Field], wanted: ExportFilesConfig) -> list[Field]:
    """Return the fields of the columns; personal ones are never chosen unless they are named."""
    if not wanted.fields:
        return [field for field in fields if not field.is_pii]
    known = {field.name: field for field in fields}
    missing = [name for name in wanted.fields if name not in known]
    if missing:
        raise MissingFieldError(names=missing)
    return [known[name] for name in wanted.fields]
