"""What can be wrong with keys and encrypted files."""

from coterie.base.errors import TransientError, UserError


class BadPgpKeyError(UserError):
    """A key of an authorization cannot be used."""

    code = "bad_pgp_key"

    def __init__(self, *, what: str, problem: str, cure: str) -> None:
        super().__init__(f"The {what} {problem}. {cure}")


class PgpFileError(UserError):
    """A file cannot be decrypted as it is."""

    code = "pgp_file"

    def __init__(self, *, name: str, problem: str, cure: str) -> None:
        super().__init__(f"The file {name!r} {problem}. {cure}")


class PgpBrokenError(TransientError):
    """The process that works on a file ended without an answer."""

    code = "pgp_broken"

    def __init__(self, *, name: str, reason: str) -> None:
        super().__init__(
            f"The file {name!r} could not be worked on: the PGP process ended with {reason}. It is "
            "tried again by itself; if this lasts, look whether memory and disk of this machine "
            "suffice."
        )
