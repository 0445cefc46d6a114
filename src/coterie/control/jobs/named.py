"""Whether the fields and audiences that a job names exist."""

from collections.abc import Iterable

from coterie.store import Connection


def require_named(
    conn: Connection,
    account: int,
    *,
    identifiers: Iterable[str] = (),
    fields: Iterable[str],
    audiences: Iterable[str],
) -> None:
    """Raise UnknownFieldError or UnknownAudienceError unless all exist.

    Fields that identify hold one value.
    """
    # Most commands about jobs make none, and what reads schemas and filters is long to import.
    from coterie.control.definitions.audiences import require_audiences
    from coterie.control.definitions.schema_versions import require_field, require_scalar_field

    for name in identifiers:
        require_scalar_field(conn, account, name)
    for name in fields:
        require_field(conn, account, name)
    require_audiences(conn, account, audiences)
