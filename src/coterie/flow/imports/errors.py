"""What can be wrong with a file as a whole."""

from collections.abc import Sequence

from coterie.base.errors import TransientError, UserError


class BadHeaderError(UserError):
    """The first line of a file does not name its columns."""

    code = "bad_csv_header"

    def __init__(self, *, name: str, reason: str) -> None:
        super().__init__(
            f"The file {name!r} cannot be imported: {reason}. Its first line must name each "
            "column once; check the delimiter of the job too."
        )


class MissingColumnError(UserError):
    """The job names columns that a file does not have."""

    code = "missing_csv_column"

    def __init__(self, *, name: str, missing: Sequence[str], header: Sequence[str]) -> None:
        super().__init__(
            f"The file {name!r} has no column {', '.join(map(repr, missing))}. Its columns are "
            f"{', '.join(header[:50])}. Correct the fields, timestamps or names of the job."
        )


class EndlessCellError(UserError):
    """A quotation mark is opened and never closed, so that nothing after it can be trusted."""

    code = "endless_csv_cell"

    def __init__(self, *, name: str, line: int, limit: int) -> None:
        super().__init__(
            f"The file {name!r} has a cell of more than {limit:,} characters that begins in line "
            f"{line}: most likely its quotation mark is not closed. The rows before it were "
            "imported. Correct the file and put it there again; rows that are in already do not "
            "count twice where a value only replaces another."
        )


class AllRowsBadError(UserError):
    """No row of a file can be imported, which is the file's fault or the job's."""

    code = "all_rows_bad"

    def __init__(self, *, name: str, rows: int, reason: str) -> None:
        super().__init__(
            f"None of the first {rows:,} rows of {name!r} can be imported, most often because "
            f"{reason}. Nothing of it was. Correct the file, or the delimiter, encoding and "
            "timestamps of the job."
        )


class BadContentError(UserError):
    """A file holds something else than CSV, or more than may be read."""

    code = "bad_file_content"

    def __init__(self, *, name: str, problem: str, cure: str) -> None:
        super().__init__(f"The file {name!r} {problem}. {cure}")


class ImportOvertakenError(TransientError):
    """Two runs of one job read the same file; this one was the older."""

    code = "import_overtaken"

    def __init__(self, *, name: str) -> None:
        super().__init__(
            f"Another run of this job reads {name!r} now, so this one wrote nothing more. "
            "Nothing has to be done."
        )
