"""Which audiences web pages may be told of without a token."""

from coterie.base.errors import UserError
from coterie.control.audit import Subject, record
from coterie.control.definitions.change import Change
from coterie.control.rows import find_one, run
from coterie.model.control import Actor, Personalization
from coterie.store import load_queries

MOST_PUBLIC = 100


class NothingPublicError(UserError):
    """An audience was to be public where nobody has allowed that anything is."""

    code = "nothing_public"

    def __init__(self, *, account: int) -> None:
        super().__init__(
            f"Nothing may be public of account {account} yet. `coterie personalization allow` says "
            "by which fields people may be looked up; then audiences can be made public."
        )


class TooManyPublicError(UserError):
    """More audiences were to be public than may be."""

    code = "too_many_public"

    def __init__(self) -> None:
        super().__init__(
            f"{MOST_PUBLIC} audiences are public, which is the limit. Make another one private "
            "first."
        )


def show_audience(change: Change, account: int, slug: str, actor: Actor) -> None:
    """Make an audience public. Raises NothingPublicError, TooManyPublicError."""
    public = _lock(change, account)
    if public is None:
        raise NothingPublicError(account=account)
    if slug in public.audiences:
        return
    if len(public.audiences) >= MOST_PUBLIC:
        raise TooManyPublicError
    _save(change, public, [*public.audiences, slug], actor)


def hide_audience(change: Change, account: int, slug: str, actor: Actor) -> None:
    """Make an audience private; nothing happens if it is."""
    public = _lock(change, account)
    if public is not None and slug in public.audiences:
        _save(change, public, [name for name in public.audiences if name != slug], actor)


def _lock(change: Change, account: int) -> Personalization | None:
    query = load_queries("personalization").lock_personalization
    return find_one(change.conn, query, {"account": account}, row=Personalization)


def _save(change: Change, public: Personalization, audiences: list[str], actor: Actor) -> None:
    values = {"account": public.account, "audiences": audiences, "now": change.now}
    run(change.conn, load_queries("personalization").show_audiences, values)
    subject = Subject(public.account, "personalization", public.account)
    detail = {"audiences": audiences}
    record(change.conn, "updated", subject, actor=actor, now=change.now, detail=detail)
