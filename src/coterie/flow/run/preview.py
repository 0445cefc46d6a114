"""Show what events would do to profiles, without doing it."""

from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from coterie.base.clock import Clock, to_us
from coterie.flow.changes.record import Place
from coterie.flow.eventlog.prepare import ensure_days
from coterie.flow.identity.owners import find_owners
from coterie.flow.mapping.mapper import RejectedMapping
from coterie.flow.profiles.storage import get_profile
from coterie.flow.run.context import AccountContext, ConfigAt, Contexts
from coterie.flow.run.generations import enter_live_generation
from coterie.flow.run.names import Names
from coterie.flow.run.step import AccountStep
from coterie.lang.behaviour import Bounds
from coterie.model.events import IncomingEvent, LoggedEvent
from coterie.model.mapped import Identifier, MappedEvent
from coterie.model.preview import EventPreview, Preview, ProfilePreview, ValueChange
from coterie.model.profile import ProfileId, StoredProfile
from coterie.store import Connection, Store, load_queries
from coterie.store.fences import share_fence

# No lane of the log, whose events these are not.
PREVIEW_LANE = -1
MOST_EVENTS = 20

SQL = load_queries("lookup")
Profiles = dict[ProfileId, StoredProfile]


class _Undo(Exception):  # noqa: N818 - it is no error, it ends the transaction
    """Rolls the transaction back."""


class Previewer:
    """Runs events through the very steps of a worker, in a transaction that is rolled back.

    Compiled configurations belong to one thread, so each preview has its own.
    """

    def __init__(
        self, store: Store, config_at: ConfigAt, hash_key: bytes, bounds: Bounds, clock: Clock
    ) -> None:
        self._store = store
        self._config_at = config_at
        self._hash_key = hash_key
        self._bounds = bounds
        self._clock = clock

    def preview(
        self,
        account: int,
        events: Sequence[IncomingEvent],
        *,
        with_profiles: bool,
        most: int = MOST_EVENTS,
    ) -> Preview:
        """Return what the first `most` of `events` would do.

        Without `with_profiles` nothing is said of the people there are, as befits who may only
        send. Raises StoreConflictError if a worker is in the way.
        """
        now = self._clock()
        found: list[Preview] = []
        with self._store.transaction() as conn:
            # Whoever asks may be the first after days on which nothing ran.
            ensure_days(conn, now.date())
        with suppress(_Undo), self._store.transaction() as conn:
            enter_live_generation(conn)
            share_fence(conn)
            conn.execute(SQL.wait_briefly.encode())
            contexts = Contexts(self._config_at, Names(self._hash_key), self._bounds)
            contexts.refresh(conn)
            context = contexts.get(account)
            said, mapped = _map(context, events[:most])
            profiles: tuple[ProfilePreview, ...] = ()
            if with_profiles and mapped:
                profiles = _run(conn, context, contexts.names, mapped, now)
            found.append(Preview(events=said, profiles=profiles))
            raise _Undo
        return found[0]


def _map(
    context: AccountContext, events: Sequence[IncomingEvent]
) -> tuple[tuple[EventPreview, ...], list[MappedEvent]]:
    names = {field.id: field.name for field in context.schema.fields}
    said: list[EventPreview] = []
    mapped: list[MappedEvent] = []
    for number, event in enumerate(events, 1):
        outcome = context.mapper.map(_logged(event, number))
        if isinstance(outcome, RejectedMapping):
            said.append(EventPreview(reason=outcome.reason))
            continue
        mapped.append(outcome)
        values = tuple((names[field], value) for field, value in outcome.values if field in names)
        identifiers = tuple(context.called.shown(item) for item in outcome.identifiers)
        said.append(EventPreview(identifiers=identifiers, values=values))
    return tuple(said), mapped


def _logged(event: IncomingEvent, number: int) -> LoggedEvent:
    return LoggedEvent(
        lane=PREVIEW_LANE,
        seq=number,
        account=event.account,
        stream=event.stream,
        received_at=event.received_at,
        body=event.body,
        occurred_at=event.occurred_at,
    )


def _run(
    conn: Connection,
    context: AccountContext,
    names: Names,
    mapped: Sequence[MappedEvent],
    now: datetime,
) -> tuple[ProfilePreview, ...]:
    named = {identifier for event in mapped for identifier in event.identifiers}
    before = _profiles(conn, context.number, named)
    AccountStep(conn, context, names).run(mapped, Place(PREVIEW_LANE, len(mapped)), now=now)
    after = _profiles(conn, context.number, named)
    gone = before.keys() - after.keys()
    return tuple(_compare(context, before, profile, gone, now) for profile in after.values())


def _profiles(conn: Connection, account: int, named: Collection[Identifier]) -> Profiles:
    owners = find_owners(conn, account, named)
    found = (get_profile(conn, account, owner) for owner in sorted(set(owners.values())))
    return {profile.profile_id: profile for profile in found if profile is not None}


def _compare(
    context: AccountContext,
    before: Profiles,
    profile: StoredProfile,
    gone: Collection[ProfileId],
    now: datetime,
) -> ProfilePreview:
    earlier = before.get(profile.profile_id)
    held = {part.identifier for part in profile.body.fragments}
    absorbed = tuple(
        sorted(
            profile_id
            for profile_id in gone
            if held & {part.identifier for part in before[profile_id].body.fragments}
        )
    )
    old = {} if earlier is None else _values(context, earlier, now)
    new = _values(context, profile, now)
    was = set() if earlier is None else set(earlier.audiences)
    slugs = context.slugs
    return ProfilePreview(
        profile_id=profile.profile_id,
        is_new=earlier is None and not absorbed,
        absorbed=absorbed,
        identifiers=tuple(context.called.shown(part.identifier) for part in profile.body.fragments),
        values=tuple(sorted(new.items())),
        changes=tuple(
            ValueChange(field=name, before=old.get(name), after=new.get(name))
            for name in sorted(old.keys() | new.keys())
            if old.get(name) != new.get(name)
        ),
        entered=tuple(slugs[one] for one in profile.audiences if one not in was and one in slugs),
        left=tuple(slugs[one] for one in sorted(was - set(profile.audiences)) if one in slugs),
    )


def _values(context: AccountContext, profile: StoredProfile, now: datetime) -> dict[str, Any]:
    values = context.viewer.view(profile.body.fragments, to_us(now))
    shown = {field.name for field in context.schema.fields}
    return {name: value for name, value in values.items() if name in shown}
