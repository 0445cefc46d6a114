"""What an account shows of people without a token: nothing, unless somebody allows it."""

import re
from collections.abc import Sequence
from datetime import datetime

import msgspec

from coterie.base.errors import UserError
from coterie.control.audit import Subject, record
from coterie.control.definitions.audiences import require_audiences
from coterie.control.definitions.schema_versions import current_in
from coterie.control.definitions.showing import MOST_PUBLIC
from coterie.control.existing import require_account
from coterie.control.rows import find_one, run
from coterie.model.control import Actor, Personalization
from coterie.model.schema import Field
from coterie.store import Connection, Store, load_queries

MOST_NAMES = MOST_PUBLIC
ORIGIN = re.compile(r"\*|https?://[A-Za-z0-9.\-]{1,253}(:\d{1,5})?")


class BadPersonalizationError(UserError):
    """Something that cannot be made public as asked."""

    code = "bad_personalization"


class Allowed(msgspec.Struct, frozen=True, kw_only=True):
    """What shall be public: fields and audiences of who is looked up by one of `by_fields`.

    `origins` are the web sites whose pages may ask, as https://www.example.org, or * for all.
    """

    fields: Sequence[str] = ()
    audiences: Sequence[str] = ()
    by_fields: Sequence[str] = ()
    origins: Sequence[str] = ()


def allow_personalization(
    store: Store, *, account: int, allowed: Allowed, actor: Actor, now: datetime
) -> Personalization:
    """Make fields and audiences public, in place of what was.

    Raises BadPersonalizationError, UnknownAudienceError, UnknownAccountError.
    """
    names = msgspec.structs.asdict(allowed)
    values = {name: list(dict.fromkeys(given)) for name, given in names.items()}
    with store.transaction() as conn:
        require_account(conn, account)
        _check(conn, account, values)
        require_audiences(conn, account, values["audiences"])
        query = load_queries("personalization").save_personalization
        run(conn, query, {"account": account, "now": now, **values})
        subject = Subject(account, "personalization", account)
        record(conn, "allowed", subject, actor=actor, now=now, detail=values)
    return Personalization(
        account=account,
        updated_at=now,
        **{name: tuple(given) for name, given in values.items()},
    )


def stop_personalization(store: Store, *, account: int, actor: Actor, now: datetime) -> bool:
    """Make nothing public from now on; say whether anything was."""
    with store.transaction() as conn:
        query = load_queries("personalization").delete_personalization
        was = run(conn, query, {"account": account}) > 0
        if was:
            subject = Subject(account, "personalization", account)
            record(conn, "stopped", subject, actor=actor, now=now)
    return was


def find_personalization(store: Store, account: int) -> Personalization | None:
    """Return what is public of an account's people, None for nothing."""
    with store.transaction() as conn:
        query = load_queries("personalization").find_personalization
        return find_one(conn, query, {"account": account}, row=Personalization)


def _check(conn: Connection, account: int, values: dict[str, list[str]]) -> None:
    if any(len(given) > MOST_NAMES for given in values.values()):
        raise BadPersonalizationError(message=f"At most {MOST_NAMES} of each may be named.")
    known = {field.name: field for field in current_in(conn, account).fields}
    for name in values["fields"]:
        if _get(known, name).is_pii:
            raise BadPersonalizationError(
                message=f"The field {name!r} holds personal data, which is never public."
            )
    for name in values["by_fields"]:
        if _get(known, name).identifier is None:
            raise BadPersonalizationError(
                message=f"The field {name!r} identifies nobody. `coterie field list` shows those "
                "that do."
            )
    if not values["by_fields"]:
        raise BadPersonalizationError("Name at least one field that people are looked up by.")
    for origin in values["origins"]:
        if ORIGIN.fullmatch(origin) is None:
            raise BadPersonalizationError(
                message=f"{origin!r} is no web site. Write it as https://www.example.org, or *."
            )


def _get(known: dict[str, Field], name: str) -> Field:
    field = known.get(name)
    if field is None:
        raise BadPersonalizationError(
            message=f"There is no field {name!r}. `coterie field list` shows the fields."
        )
    return field
