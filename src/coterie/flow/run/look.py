"""Looks at the files of a job before it is made: what there is, and what would become of it."""

import io
import tempfile
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta

import msgspec

from coterie.base.clock import Clock
from coterie.base.errors import UserError
from coterie.connectors.files import FileSource, SourceFile
from coterie.connectors.pgp.files import PrivateKey, decrypt
from coterie.flow.collect.times import read_instant
from coterie.flow.imports.columns import Columns
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
from coterie.flow.run.preview import Previewer
from coterie.model.control import ImportCsvConfig
from coterie.model.events import IncomingEvent
from coterie.model.imports import CsvFormat, ImportTask
from coterie.model.preview import EventPreview, Preview, ProfilePreview
from coterie.model.previews import (
    MOST_ROWS,
    MOST_SHOWN,
    USUAL_ROWS,
    FileLook,
    FilesLook,
    FoundFile,
    PersonLook,
    RowLook,
)
from coterie.store import StoreConflictError

HEAD_CHARACTERS = 200_000
# A page waits for this, so a file that takes longer to come is looked at by the job alone.
MOST_BYTES = 100_000_000
EVENT_LIMIT = 1_000_000
BUSY_HINT = "A worker is at these people just now. Look again to see what would become of them."


class TooLargeToLookError(UserError):
    """A file that would take too long to fetch for a look."""

    code = "too_large_to_look"

    def __init__(self, *, name: str) -> None:
        super().__init__(
            f"The file {name!r} has more than {MOST_BYTES // 1_000_000} MB, so it is not fetched "
            "for a preview. Create the job without one, or put a smaller file of the same form "
            "there."
        )


class BadLookError(UserError):
    """More rows are asked for than a look shows, or none."""

    code = "bad_look"

    def __init__(self, *, rows: int) -> None:
        super().__init__(
            f"A look shows 1 to {MOST_ROWS} rows of a file, and {rows:,} are asked for. Ask for "
            "fewer; the job itself takes all."
        )


class Source(msgspec.Struct, frozen=True):
    """Where to look, and what opens the files there."""

    files: FileSource
    key: PrivateKey | None


class FileLooker:
    """Looks at files for one account at a time; nothing is stored.

    Whoever looks sees people, so they must be allowed to see personal data.
    """

    def __init__(
        self, make_previewer: Callable[[], Previewer], clock: Clock, settle: timedelta
    ) -> None:
        self._make_previewer = make_previewer
        self._clock = clock
        self._settle = settle

    def look(
        self, account: int, source: Source, config: ImportCsvConfig, *, rows: int = USUAL_ROWS
    ) -> FilesLook:
        """Return the files that fit the options and a look into the first `rows` of the newest.

        What is wrong with that file is told in its look. Raises BadLookError, and the errors of
        the place.
        """
        if not 1 <= rows <= MOST_ROWS:
            raise BadLookError(rows=rows)
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
        newest = None
        if fitting:
            newest = self._look_into(account, source, config, fitting[-1], rows)
        return FilesLook(count=len(fitting), files=shown, newest=newest)

    def _look_into(
        self, account: int, source: Source, config: ImportCsvConfig, file: SourceFile, rows: int
    ) -> FileLook:
        try:
            if file.size > MOST_BYTES:
                raise TooLargeToLookError(name=file.name)
            name, head = _head(source, config, file)
            return self._read(account, config, name, head, rows)
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

    def _read(
        self, account: int, config: ImportCsvConfig, name: str, head: str, most: int
    ) -> FileLook:
        delimiter = guess_delimiter(head)
        header = list(config.header) or read_header(head, delimiter)
        proposal = propose(header, stream=config.stream)
        form = CsvFormat(delimiter=delimiter, header=config.header, is_braze=proposal.is_braze)
        found: list[Row | BadRow] = []
        # The head may end inside of its last row.
        for row in read_rows(io.StringIO(head), form, name=name):
            found.append(row)
            if len(found) > MOST_ROWS:
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
        named = Columns(header, task.format)
        made = [self._made(task, named, row) for row in found[:most]]
        events = [one for one in made if isinstance(one, IncomingEvent)]
        preview, hint = self._preview(account, events)
        said = iter(preview.events)
        rows = tuple(
            RowLook(line=row.line, problem=f"It would be left out: {one.reason}.")
            if isinstance(one, BadRow)
            else _row_look(row.line, next(said))
            for row, one in zip(found, made, strict=False)
        )
        return FileLook(
            name=name,
            delimiter=delimiter,
            is_braze=proposal.is_braze,
            stream=proposal.stream,
            timestamps=proposal.timestamps,
            columns=columns,
            rows=rows,
            people=_people(preview.profiles, rows),
            people_hint=hint,
        )

    def _made(self, task: ImportTask, named: Columns, row: Row | BadRow) -> IncomingEvent | BadRow:
        if isinstance(row, BadRow):
            return row
        return make_event(
            msgspec.structs.replace(row, columns=named),
            task,
            received_at=self._clock(),
            event_limit=EVENT_LIMIT,
            read_instant=read_instant,
        )

    def _preview(self, account: int, events: Sequence[IncomingEvent]) -> tuple[Preview, str]:
        """Return what the events would do, and why not to whom, "" if that is said too."""
        previewer = self._make_previewer()
        try:
            return previewer.preview(account, events, with_profiles=True, most=MOST_ROWS), ""
        except StoreConflictError:
            said = previewer.preview(account, events, with_profiles=False, most=MOST_ROWS)
            return said, BUSY_HINT


def _row_look(line: int, said: EventPreview) -> RowLook:
    if said.reason:
        return RowLook(line=line, problem=f"It would name nobody: {said.reason}")
    return RowLook(line=line, identifiers=said.identifiers, values=said.values)


def _people(profiles: Iterable[ProfilePreview], rows: Sequence[RowLook]) -> tuple[PersonLook, ...]:
    looks = []
    for profile in profiles:
        held = set(profile.identifiers)
        lines = tuple(row.line for row in rows if held.intersection(row.identifiers))
        looks.append(PersonLook(lines=lines, profile=profile))
    return tuple(sorted(looks, key=lambda look: look.lines))


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
