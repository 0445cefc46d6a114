"""A bulk load as it is asked for, and what came of it."""

from typing import Any

import msgspec

from coterie.model.preview import Preview


class BulkRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One request to /collect/bulk after its token was checked; the body follows on its own.

    `headers` are the names of columns where the file has no line of them; `append` is added to
    each row; `drop_errors` takes the good rows where others are bad. `shows_profiles` says that a
    dry run may tell of people.
    """

    account: int
    stream: str
    token_id: int | None
    content_type: str = ""
    timestamp_field: str = ""
    idempotency_key: str = ""
    filename: str = ""
    headers: tuple[str, ...] = ()
    delimiter: str = ","
    append: dict[str, Any] = {}
    drop_errors: bool = False
    is_dryrun: bool = False
    shows_profiles: bool = False


class BadRowNote(msgspec.Struct, frozen=True):
    """A row that was refused."""

    position: str
    code: str
    reason: str


class BulkOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """How many events were taken and rows refused; `refusals` are the first of those."""

    accepted: int
    rejected: int
    refusals: tuple[BadRowNote, ...] = ()
    preview: Preview | None = None


class BulkFailure(msgspec.Struct, frozen=True, kw_only=True):
    """Why nothing came of it; `family` is that of the error: user, transient or permanent."""

    family: str
    code: str
    message: str
    retry_after: float | None = None
