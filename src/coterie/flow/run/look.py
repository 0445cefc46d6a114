"""Looks at the files of a job before it is made: what there is, and what would become of it."""

import io
import tempfile
from collections.abc import Sequence
from datetime import timedelta

import msgspec

from coterie.base.clock import Clock
from coterie.base.errors import UserError
from coterie.connectors.files import FileSource, SourceFile
from coterie.connectors.pgp.files import PrivateKey, decrypt
from coterie.flow.collect.times import read_instant
from coterie.flow.imports.content import open_parts
from coterie.flow.imports.events import make_event
from coterie.flow.imports.look import (
    guess_delimiter,
    look_at_columns,
    propose,
    read_header,
)
from coterie.flow.imports.naming import choose_files, is_settled
from coterie.flow.imports.rows import BadRow, Row, read_rows
from coterie.flow.mapping.mapper import RejectedMapping
from coterie.flow.run.context import AccountContext, ConfigAt, Contexts
from coterie.flow.run.names import Names
from coterie.model.control import ImportCsvConfig
from coterie.model.events import IncomingEvent, LoggedEvent
from coterie.model.imports import CsvFormat, ImportTask
from coterie.model.previews import MOST_SHOWN, FileLook, FilesLook, FoundFile, RowLook
from coterie.store import Store

HEAD_CHARACTERS = 200_000
ROWS_READ = 100
ROWS_SHOWN = 5
NO_LANE = -1
# A page waits for this, so a file that takes longer to come is looked at by the job alone.
MOST_BYTES = 100_000_000
EVENT_LIMIT = 1_000_000


class TooLargeToLookError(UserError):
    """A file that would take too long to fetch for a look."""

    code = "too_large_to_look"

    def __init__(self, *, name: str) -> None:
        super().__init__(
            f"The file {name!r} has more than {MOST_BYTES // 1_000_000} MB, so it is not fetched "
            "for a preview. Create the job without one, or put a smaller file of the same form "
            "there."
        )


class Source(msgspec.Struct, frozen=True):
    """Where to look, and what opens the files there."""

    files: FileSource
    key: PrivateKey | None


class FileLooker:
    """Looks at files for one account at a time; nothing is stored."""

    def __init__(self, store: Store, config_at: ConfigAt, clock: Clock, settle: timedelta) -> None:
        self._store = store
        self._config_at = config_at
        self._clock = clock
        self._settle = settle

    def look(self, account: int, source: Source, config: ImportCsvConfig) -> FilesLook:
        """Return the files that fit the options and a look into the newest.

        What is wrong with that file is told in its look. Raises the errors of the place.
        """
        fitting = choose_files(source.files.list_files(), config)
        now = self._clock()
        shown = tuple(
            FoundFile(
                name=file.name,
                size=file.size,
                modified_at=file.modified_at,
                is_settled=is_settled(file, {}, now=now, settle=self._settle),
            )
            for file in reversed(fitting[-MOST_SHOWN:])
        )
        newest = self._look_into(account, source, config, fitting[-1]) if fitting else None
        return FilesLook(count=len(fitting), files=shown, newest=newest)

    def _look_into(
        self, account: int, source: Source, config: ImportCsvConfig, file: SourceFile
    ) -> FileLook:
        try:
            if file.size > MOST_BYTES:
                raise TooLargeToLookError(name=file.name)
            return self._read(account, config, *_head(source, config, file))
        except UserError as error:
            return FileLook(
                name=file.name,
                delimiter=config.delimiter,
                is_braze=config.braze_format,
                stream=config.stream,
                timestamps=config.timestamps,
                columns=(),
                problem=error.message,
            )

    def _read(self, account: int, config: ImportCsvConfig, name: str, head: str) -> FileLook:
        delimiter = guess_delimiter(head)
        header = list(config.header) or read_header(head, delimiter)
        proposal = propose(header, stream=config.stream)
        form = CsvFormat(delimiter=delimiter, header=config.header, is_braze=proposal.is_braze)
        found: list[Row | BadRow] = []
        # The head may end inside of its last row.
        for row in read_rows(io.StringIO(head), form, name=name):
            found.append(row)
            if len(found) > ROWS_READ:
                break
        if len(found) > 1 and len(head) == HEAD_CHARACTERS:
            found.pop()
        columns = look_at_columns(
            header,
            [row.values for row in found if isinstance(row, Row)],
            names=config.names,
            is_braze=proposal.is_braze,
        )
        names = {each.name: each.raw_key for each in columns if each.raw_key != each.name}
        task = ImportTask(
            job_id=0,
            account=account,
            stream=proposal.stream,
            format=msgspec.structs.replace(form, names=names, timestamps=proposal.timestamps),
            name=name,
            size=0,
            sha256=b"",
        )
        return FileLook(
            name=name,
            delimiter=delimiter,
            is_braze=proposal.is_braze,
            stream=proposal.stream,
            timestamps=proposal.timestamps,
            columns=columns,
            rows=self._map(task, found[:ROWS_SHOWN]),
        )

    def _map(self, task: ImportTask, rows: Sequence[Row | BadRow]) -> tuple[RowLook, ...]:
        with self._store.transaction() as conn:
            contexts = Contexts(self._config_at, Names(b""))
            contexts.refresh(conn)
            if not contexts.knows(task.account):
                return ()
            context = contexts.get(task.account)
        return tuple(self._map_row(context, task, row) for row in rows)

    def _map_row(self, context: AccountContext, task: ImportTask, row: Row | BadRow) -> RowLook:
        now = self._clock()
        made = row
        if isinstance(made, Row):
            event = make_event(
                made, task, received_at=now, event_limit=EVENT_LIMIT, read_instant=read_instant
            )
            if isinstance(event, IncomingEvent):
                return _show(context, event, made.line)
            made = event
        return RowLook(line=made.line, problem=f"It would be left out: {made.reason}.")


def _show(context: AccountContext, event: IncomingEvent, line: int) -> RowLook:
    mapped = context.mapper.map(
        LoggedEvent(
            lane=NO_LANE,
            seq=1,
            account=event.account,
            stream=event.stream,
            received_at=event.received_at,
            body=event.body,
            occurred_at=event.occurred_at,
        )
    )
    if isinstance(mapped, RejectedMapping):
        return RowLook(line=line, problem=f"It would name nobody: {mapped.reason}")
    names = {field.id: field.name for field in context.schema.fields}
    values = tuple((names[field], value) for field, value in mapped.values if field in names)
    return RowLook(line=line, identifiers=tuple(mapped.identifiers), values=values)


def _head(source: Source, config: ImportCsvConfig, file: SourceFile) -> tuple[str, str]:
    """Return the name of the first CSV text in a file, and its beginning."""
    with tempfile.TemporaryFile() as copy, tempfile.TemporaryFile() as opened:
        source.files.fetch(file.name, copy)
        copy.seek(0)
        content = copy
        if source.key is not None:
            copy.flush()
            decrypt(copy, opened, source.key, name=file.name, limit=MOST_BYTES * 20)
            content = opened
        parts = open_parts(content, name=file.name, encoding=config.encoding, limit=MOST_BYTES * 20)
        for part in parts:
            return part.name, part.text.read(HEAD_CHARACTERS)
    return file.name, ""
