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
            f"{', '.join(header[:50])}. Correct the fields or timestamps of the job."
        )


class ImportOvertakenError(TransientError):
    """Two runs of one job read the same file; this one was the older."""

    code = "import_overtaken"

    def __init__(self, *, name: str) -> None:
        super().__init__(
            f"Another run of this job reads {name!r} now, so this one wrote nothing more. "
            "Nothing has to be done."
        )
