"""Tags of audiences, and the groups that they name."""

import re
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NamedTuple

import msgspec

from coterie.base.clock import Clock
from coterie.base.errors import UserError
from coterie.control.audit import Subject, record
from coterie.control.existing import require_account
from coterie.control.rows import list_all, run
from coterie.model.control import Actor, AudienceGroup
from coterie.store import Connection, Store, load_queries

MOST_TAGS = 20
# No comma, which separates them in forms, and no slash, which separates parts of an address.
TAG = re.compile(r"\w[\w .:&+\-]{0,39}")


class BadTagError(UserError):
    """A label that an audience cannot bear, or too many of them."""

    code = "bad_tag"


class UnknownGroupError(UserError):
    """No audience of the account bears the tag."""

    code = "unknown_group"

    def __init__(self, *, account: int, tag: str) -> None:
        super().__init__(
            f"No audience of account {account} bears the tag {tag!r}. `coterie audience tag list` "
            "shows the tags."
        )


class BadGroupError(UserError):
    """A group was to be saved with an audience that does not exist, or with none."""

    code = "bad_group"


class _Tagged(msgspec.Struct, frozen=True):
    id: int
    slug: str
    tags: tuple[str, ...]


def plain_tag(text: str) -> str:
    """Return a tag as it is stored: in small letters, without white space around it."""
    return " ".join(text.split()).lower()


def read_tags(given: Iterable[str]) -> list[str]:
    """Return tags as they are stored, each once, in order of the alphabet. Raises BadTagError."""
    tags = sorted({plain_tag(text) for text in given})
    for tag in tags:
        if TAG.fullmatch(tag) is None:
            raise BadTagError(
                message=f"{tag!r} cannot be a tag. Use 1 to 40 letters, digits, spaces or "
                "characters of _ . : & + -, and begin with a letter or digit."
            )
    if len(tags) > MOST_TAGS:
        raise BadTagError(message=f"An audience bears at most {MOST_TAGS} tags.")
    return tags


def list_groups(store: Store, account: int) -> list[AudienceGroup]:
    """Return the tags of an account's audiences, each with those that bear it."""
    with store.transaction() as conn:
        return _groups(_read(conn, account, locks=False))


def get_group(store: Store, account: int, tag: str) -> AudienceGroup:
    """Return one group. Raises UnknownGroupError."""
    wanted = plain_tag(tag)
    for group in list_groups(store, account):
        if group.tag == wanted:
            return group
    raise UnknownGroupError(account=account, tag=wanted)


def save_group(
    store: Store,
    *,
    account: int,
    tag: str,
    audiences: Collection[str],
    actor: Actor,
    clock: Clock,
) -> AudienceGroup:
    """Let these audiences bear a tag, and no others.

    Raises BadTagError, and BadGroupError if there is no such audience, or none is named.
    """
    (wanted,) = read_tags([tag])
    with store.transaction() as conn:
        require_account(conn, account)
        found = _read(conn, account, locks=True)
        _check_named(account, wanted, audiences, found)
        retag = _Retagging(conn, account, actor, clock())
        for one in found:
            retag(one, {wanted} if one.slug in audiences else (), without={wanted})
    return AudienceGroup(tag=wanted, audiences=tuple(sorted(set(audiences))))


def change_group(  # noqa: PLR0913 - a group, what of it changes, and who changes it
    store: Store,
    *,
    account: int,
    tag: str,
    name: str | None = None,
    audiences: Collection[str] | None = None,
    actor: Actor,
    clock: Clock,
) -> AudienceGroup:
    """Put the tag `name` in the place of one, or let other audiences bear it (None: as it was).

    If audiences bear the other tag already, and none are named here, the two groups become one.
    Raises UnknownGroupError, BadTagError, BadGroupError.
    """
    before = plain_tag(tag)
    after = before if name is None else read_tags([name])[0]
    with store.transaction() as conn:
        found = _read(conn, account, locks=True)
        members = {one.slug for one in found if before in one.tags}
        if not members:
            raise UnknownGroupError(account=account, tag=before)
        if audiences is None:
            members |= {one.slug for one in found if after in one.tags}
        else:
            _check_named(account, after, audiences, found)
            members = set(audiences)
        retag = _Retagging(conn, account, actor, clock())
        for one in found:
            retag(one, {after} if one.slug in members else (), without={before, after})
    return AudienceGroup(tag=after, audiences=tuple(sorted(members)))


def delete_group(
    store: Store, *, account: int, tag: str, actor: Actor, clock: Clock
) -> AudienceGroup:
    """Take a tag off all audiences, which stay; return the group as it was.

    Raises UnknownGroupError.
    """
    gone = plain_tag(tag)
    with store.transaction() as conn:
        found = [one for one in _read(conn, account, locks=True) if gone in one.tags]
        if not found:
            raise UnknownGroupError(account=account, tag=gone)
        retag = _Retagging(conn, account, actor, clock())
        for one in found:
            retag(one, (), without={gone})
    return AudienceGroup(tag=gone, audiences=tuple(one.slug for one in found))


def _read(conn: Connection, account: int, *, locks: bool) -> list[_Tagged]:
    queries = load_queries("definitions")
    query = queries.lock_tagged if locks else queries.list_tagged
    return list_all(conn, query, {"account": account}, row=_Tagged)


def _check_named(
    account: int, tag: str, audiences: Collection[str], found: Iterable[_Tagged]
) -> None:
    if not audiences:
        raise BadGroupError(
            message=f"The group {tag!r} names no audience. Name one, or delete the group."
        )
    for slug in sorted(set(audiences) - {one.slug for one in found}):
        raise BadGroupError(
            message=f"Account {account} has no audience {slug!r}. `coterie audience list` shows "
            "them."
        )


def _groups(found: Iterable[_Tagged]) -> list[AudienceGroup]:
    borne: dict[str, list[str]] = {}
    for one in found:
        for tag in one.tags:
            borne.setdefault(tag, []).append(one.slug)
    return [AudienceGroup(tag=tag, audiences=tuple(borne[tag])) for tag in sorted(borne)]


class _Retagging(NamedTuple):
    """Changes tags of audiences in one transaction, on behalf of somebody."""

    conn: Connection
    account: int
    actor: Actor
    now: datetime

    def __call__(self, one: _Tagged, tags: Iterable[str], *, without: set[str]) -> None:
        """Give tags to an audience in place of those `without` which it is to be."""
        after = read_tags((set(one.tags) - without).union(tags))
        if after == list(one.tags):
            return
        values = {"audience_id": one.id, "tags": after, "now": self.now}
        run(self.conn, load_queries("definitions").tag_audience, values)
        subject = Subject(self.account, "audience", one.slug)
        detail = {"tags": after}
        record(self.conn, "tagged", subject, actor=self.actor, now=self.now, detail=detail)
