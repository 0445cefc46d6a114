"""The part of a transaction that concerns the profiles of one account."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime

import msgspec
import structlog

from coterie.base.clock import to_us
from coterie.base.errors import PermanentError
from coterie.flow.changes.record import Place
from coterie.flow.identity.hints import OwnerHints
from coterie.flow.identity.known import Known, know
from coterie.flow.identity.maintenance import note_unsettled
from coterie.flow.identity.newcomers import Newcomers
from coterie.flow.identity.owners import (
    StaleReadError,
    find_carriers,
    find_owners,
    save_owners,
    save_passengers,
)
from coterie.flow.identity.resolve import NeedsNeighbours, resolve, resolve_again
from coterie.flow.profiles.timeline import write_timeline
from coterie.flow.run.conclude import Conclusion, conclude, write
from coterie.flow.run.context import AccountContext
from coterie.flow.run.feeding import NO_BODIES, Bodies, feed
from coterie.flow.run.filling import lock_filled
from coterie.flow.run.names import Names
from coterie.model.changes import Cause
from coterie.model.mapped import Identifier, MappedEvent
from coterie.model.profile import ProfileId, Resolution, StoredProfile
from coterie.store import Connection

log = structlog.get_logger()

Resolve = Callable[[Known], Resolution | NeedsNeighbours]


class EntangledError(PermanentError):
    """Conflicts connect more people than one transaction is to look at."""

    code = "entangled"

    def __init__(self, *, size: int, largest: int) -> None:
        super().__init__(
            f"Conflicts connect {size:,} identifiers, and {largest:,} are looked at in one "
            "transaction. Block the values that many people share: `coterie identity block`."
        )
        self.size = size


class AccountStep:
    """Resolves, folds, evaluates and writes profiles, in the caller's transaction."""

    def __init__(
        self,
        conn: Connection,
        context: AccountContext,
        names: Names,
        hints: OwnerHints | None = None,
        newcomers: Newcomers | None = None,
    ) -> None:
        self._conn = conn
        self._context = context
        self._names = names
        self._hints = hints or OwnerHints()
        self._newcomers = newcomers or Newcomers()
        self.profiles = 0
        self.merged = 0
        self.identifiers = 0

    def run(
        self,
        events: Sequence[MappedEvent],
        place: Place,
        *,
        now: datetime,
        fed: Bodies = NO_BODIES,
    ) -> Place:
        """Process mapped events; return the place in the stream of changes after them.

        `fed` are those that jobs may send on, which happens once: not in a replay.
        """
        account, rules = self._context.number, self._context.rules
        name = self._names.profile(account)
        named = {identifier for event in events for identifier in event.identifiers}

        def answer(known: Known) -> Resolution | NeedsNeighbours:
            return resolve(events, known, rules, name)

        taken = self._take_as_new(named, answer)
        known, resolution = taken or self._take(named, answer)
        place, conclusion = self._write(known, resolution, place, "event")
        if fed:
            feed(self._conn, self._context, fed, resolution.profiles, conclusion, now=now)
        # Who is new was not named before, and most of an import's people are named once.
        names = self._names
        node = names.node(account) if taken else names.nodes(account, named).__getitem__
        write_timeline(self._conn, account, events, node)
        if resolution.unsettled:
            note_unsettled(self._conn, account, resolution.unsettled, now=now)
            log.warning(
                "identity.unsettled", account=account, identifiers=len(resolution.unsettled)
            )
        return place

    def settle(
        self,
        identifiers: Collection[Identifier],
        place: Place,
        *,
        cause: Cause,
        now: datetime,
        largest: int,
    ) -> Place:
        """Cluster all that is connected with `identifiers` again, by the decisions in force.

        Raises EntangledError if that is more than `largest` identifiers; nothing is written then.
        """
        account, rules = self._context.number, self._context.rules
        name, at_us = self._names.profile(account), to_us(now)

        def answer(known: Known) -> Resolution | NeedsNeighbours:
            if len(known.owners) > largest:
                raise EntangledError(size=len(known.owners), largest=largest)
            return resolve_again(identifiers, known, rules, name, at_us=at_us)

        known, resolution = self._take(set(identifiers), answer)
        return self._write(known, resolution, place, cause)[0]

    def _write(
        self, known: Known, resolution: Resolution, place: Place, cause: Cause
    ) -> tuple[Place, Conclusion]:
        context, conn = self._context, self._conn
        account = context.number
        stored = dict(known.stored)
        folded = context.folder.fold(resolution, stored)
        conclusion = conclude(context, folded, stored, cause, resolution)
        if resolution.passengers or resolution.carriers:
            save_passengers(conn, account, resolution, known.owners)
            log.info("identity.passengers", account=account, taken=len(resolution.passengers))
        place = write(conn, context, conclusion, stored, place, resolution)
        self.profiles = len(folded)
        self.merged = len(resolution.dissolved)
        self.identifiers = len(resolution.owners)
        return place, conclusion

    def _take(self, wanted: set[Identifier], answer: Resolve) -> tuple[Known, Resolution]:
        """Resolve, and give identifiers to whom they belong."""
        known = know({}, {})
        while True:
            # Every round loads another neighbour, so this ends.
            known = self._load(wanted, known)
            found = answer(known)
            if not isinstance(found, NeedsNeighbours):
                self._save_owners(known, found)
                return known, found
            wanted = set(found.identifiers)

    def _take_as_new(
        self, wanted: set[Identifier], answer: Resolve
    ) -> tuple[Known, Resolution] | None:
        """Do as `_take` without a look-up of what nobody remembers, where all of that is new.

        None if newcomers are not expected, or were in vain: then nothing is written. That an
        identifier is new is known once it is in the table with its key, so each must get there.
        """
        account = self._context.number
        if not self._newcomers.are_expected(account):
            return None
        known = self._load(wanted, know({}, {}), asks=False)
        found = answer(known)
        if not isinstance(found, NeedsNeighbours):
            unknown = wanted - known.owners.keys()
            try:
                if unknown <= found.owners.keys():
                    with self._conn.transaction():
                        self._save_owners(known, found)
                    return known, found
            except StaleReadError:
                log.info("identity.newcomers.known", account=account)
        self._newcomers.note_mistake(account)
        return None

    def _save_owners(self, known: Known, resolution: Resolution) -> None:
        account = self._context.number
        save_owners(self._conn, account, resolution.owners, known.owners)
        self._hints.note(account, resolution.owners)

    def _load(self, wanted: set[Identifier], known: Known, *, asks: bool = True) -> Known:
        """Add the owners of `wanted` and their profiles, locked, to what is known.

        Without `asks` only those whose owner is remembered have one.
        """
        account = self._context.number
        asked = wanted - known.owners.keys()
        hinted = self._hints.find(account, asked)
        owners = dict(hinted)
        if asks:
            unknown = asked - hinted.keys()
            found_owners = find_owners(self._conn, account, unknown)
            self._newcomers.note_lookup(account, asked=len(unknown), found=len(found_owners))
            owners |= found_owners
        stored = self._lock(owners, known)
        found = know({}, stored, passengers=known.passengers)
        outdated = {item for item, owner in hinted.items() if found.owners.get(item) != owner}
        if outdated:
            for item in outdated:
                del owners[item]
            owners |= find_owners(self._conn, account, outdated)
            stored = self._lock(owners, known, already=stored)
            found = know({}, stored, passengers=known.passengers)
        absent = known.absent
        if self._context.rules.pins.together:
            absent = frozenset(absent) | (asked - owners.keys())
        found = msgspec.structs.replace(found, absent=absent)
        strays = [item for item, owner in owners.items() if found.owners.get(item) != owner]
        if not strays:
            self._hints.note(account, {item: owners[item] for item in owners if item not in hinted})
            return found
        carriers = find_carriers(self._conn, account, strays)
        # Between the look-up and the lock another worker may have regrouped a profile.
        if any(found.owners.get(carriers.get(item, item)) != owners[item] for item in strays):
            raise StaleReadError(what="a profile")
        passengers = {**known.passengers, **carriers}
        return know({}, stored, passengers=passengers, absent=absent)

    def _lock(
        self,
        owners: Mapping[Identifier, ProfileId],
        known: Known,
        already: Mapping[ProfileId, StoredProfile] | None = None,
    ) -> dict[ProfileId, StoredProfile]:
        """Return what is known with the profiles of `owners`; of `already`, only those."""
        wanted = set(owners.values())
        locked = {item: already[item] for item in wanted if item in already} if already else {}
        missing = wanted - known.stored.keys() - locked.keys()
        return {**known.stored, **locked, **lock_filled(self._conn, self._context, missing)}
