"""The life of an audience beside its definition: activated, built again, ended."""

from datetime import datetime

import msgspec

from coterie.base.clock import Clock
from coterie.control.definitions.audiences import (
    BadAudienceError,
    check_expiry,
    find_audience,
    record_audience,
)
from coterie.control.definitions.change import Change, definition_change
from coterie.control.definitions.filters import list_dependents
from coterie.control.definitions.saved_filters import (
    KEPT_CURRENT,
    check_saved,
    list_filters,
    read_filters,
    read_kept,
)
from coterie.control.definitions.trackers import renew_trackers
from coterie.control.rows import list_all, run
from coterie.model.control import Actor, Audience
from coterie.store import Store, load_queries

TIMER = Actor(name="timer")


class _Overdue(msgspec.Struct, frozen=True):
    id: int
    account: int
    slug: str


def activate_audience(
    store: Store, *, account: int, slug: str, actor: Actor, clock: Clock
) -> Audience:
    """Let a draft, or an expired audience whose end has been taken off, find its members.

    Raises UnknownAudienceError, FilterError, and BadAudienceError if its end lies behind.
    """
    with definition_change(store, clock) as change:
        found = find_audience(change.conn, account, slug)
        if found.state not in KEPT_CURRENT:
            check_expiry(found.expires_at, now=change.now)
            check_saved(change.conn, account, slug, read_filters(change.conn, account))
            _start(change, found)
            record_audience(change, found, "activated", actor)
        return find_audience(change.conn, account, slug)


def build_again(store: Store, *, account: int, slug: str, actor: Actor, clock: Clock) -> Audience:
    """Let every profile be asked again about an audience, which stays current meanwhile.

    Raises UnknownAudienceError, and BadAudienceError for one that holds nobody.
    """
    with definition_change(store, clock) as change:
        found = find_audience(change.conn, account, slug)
        if found.state not in KEPT_CURRENT:
            raise BadAudienceError(
                message=f"The audience {slug!r} is {found.state}, so nobody is asked about it. "
                "Activate it first."
            )
        values = {"audience_id": found.id, "now": change.now}
        run(change.conn, load_queries("definitions").start_building, values)
        record_audience(change, found, "rebuilt", actor)
        return find_audience(change.conn, account, slug)


def set_expiry(
    store: Store,
    *,
    account: int,
    slug: str,
    expires_at: datetime | None,
    actor: Actor,
    clock: Clock,
) -> Audience:
    """Set the instant from which an audience holds nobody (None: it has no end).

    An expired audience with a later end, or none, is built again. Raises UnknownAudienceError,
    BadAudienceError.
    """
    with definition_change(store, clock) as change:
        found = find_audience(change.conn, account, slug)
        values = {
            "audience_id": found.id,
            "expires_at": check_expiry(expires_at, now=change.now),
            "now": change.now,
        }
        run(change.conn, load_queries("definitions").set_expiry, values)
        if found.state == "expired":
            _start(change, found)
        record_audience(change, found, "updated", actor)
        return find_audience(change.conn, account, slug)


def expire_overdue(store: Store, clock: Clock) -> int:
    """End the audiences whose time is over; return how many. Their members leave afterwards."""
    query = load_queries("definitions").list_overdue
    with store.transaction() as conn:
        # Asked without the fence, which makes every worker wait for a moment.
        if not list_all(conn, query, {"now": clock()}, row=_Overdue):
            return 0
    with definition_change(store, clock) as change:
        overdue = list_all(change.conn, query, {"now": change.now}, row=_Overdue)
        for row in overdue:
            found = find_audience(change.conn, row.account, row.slug)
            values = {"audience_id": row.id, "now": change.now}
            run(change.conn, load_queries("definitions").expire_audience, values)
            _rebuild_dependents(change, found)
            renew_trackers(change, row.account, read_kept(change.conn, row.account))
            record_audience(change, found, "expired", TIMER)
    return len(overdue)


def _start(change: Change, audience: Audience) -> None:
    values = {"audience_id": audience.id, "now": change.now}
    run(change.conn, load_queries("definitions").start_building, values)
    renew_trackers(change, audience.account, read_kept(change.conn, audience.account))
    # Whoever includes an expired audience included nobody so far.
    if audience.state == "expired":
        _rebuild_dependents(change, audience)


def _rebuild_dependents(change: Change, audience: Audience) -> None:
    filters = read_filters(change.conn, audience.account)
    dependents = list_dependents(audience.slug, filters)
    for row in list_filters(change.conn, audience.account):
        if row.slug in dependents:
            again = {"audience_id": row.id, "now": change.now}
            run(change.conn, load_queries("definitions").rebuild_audience, again)
