"""Writes people as copies of those whom the pipeline made, at several times its speed.

People of the pipeline's benchmark differ in their first event by their number alone, and every
sixtieth is alike but for that. So what the pipeline stored of sixty of them is cut where their
identifiers stand, and put together again with those of others: profile, identifiers, memberships
and timeline are written by the product's own functions. The log itself is not: its events are long
gone, as retention takes them, and came a day ago.
"""

import multiprocessing
import re
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta
from functools import partial

import msgspec
from _people import COUNTRIES, PLANS

from coterie.base.clock import system_clock, to_us
from coterie.flow.audiences.membership import save_memberships
from coterie.flow.eventlog.prepare import ensure_days
from coterie.flow.identity.owners import find_owners, save_owners
from coterie.flow.profiles.storage import read_profiles, save_profiles
from coterie.flow.profiles.timeline import write_timeline
from coterie.flow.run.generations import enter_live_generation
from coterie.flow.run.names import Names
from coterie.model.mapped import Identifier, MappedEvent
from coterie.model.profile import EvaluatedProfile, FoldedProfile, Fragment, StoredProfile
from coterie.store import Store

PATTERNS = 60
"""After how many people first events repeat but for the number; ages do after sixty years."""
CHUNK = 10_000
LANE = 0

Cut = tuple[bytes | int, ...]
_pack = msgspec.msgpack.Encoder().encode


class UnlikePatternError(Exception):
    """The pipeline stores people otherwise than this module copies them."""


class Pattern(msgspec.Struct, frozen=True):
    """A stored profile, cut where its identifiers stand; `first` names the profile."""

    profile: StoredProfile
    states: tuple[Cut, ...]
    edges: Cut
    order: tuple[int, ...]
    first: int

    def copy(self, person: int, name: Names, account: int, at_us: int) -> EvaluatedProfile:
        """Return what the pipeline would have stored of another person."""
        own = identifiers(person)
        packed = [_pack(value) for _, value in own]
        stored = self.profile
        folded = FoldedProfile(
            name.profile(account)(own[self.first]),
            None,
            tuple(
                Fragment(*own[which], part.first_us, part.last_us, join(states, packed))
                for which, part, states in zip(
                    self.order, stored.body.fragments, self.states, strict=True
                )
            ),
            join(self.edges, packed),
            (),
            None,
            at_us,
        )
        return EvaluatedProfile(folded, stored.audiences, stored.body.since_us, stored.next_flip)


def identifiers(person: int) -> tuple[Identifier, ...]:
    """Return what a first event names a person by, as it is stored."""
    return (
        ("user_id", f"user-{person}"),
        ("email", f"user{person}@example.com"),
        ("_uids", f"cookie-{person}"),
    )


def read_pattern(store: Store, names: Names, account: int, person: int) -> Pattern:
    """Return the pattern of somebody whom the pipeline made. Raises UnlikePatternError."""
    own = identifiers(person)
    with store.transaction() as conn:
        enter_live_generation(conn)
        owners = set(find_owners(conn, account, own).values())
        found = read_profiles(conn, account, owners)
    if len(found) != 1 or found[0].body.refused or found[0].body.standing:
        raise UnlikePatternError
    [stored] = found
    ids = [names.profile(account)(identifier) for identifier in own]
    packed = [_pack(value) for _, value in own]
    return Pattern(
        stored,
        tuple(cut(part.held_states, packed) for part in stored.body.fragments),
        cut(stored.body.held_edges, packed),
        tuple(own.index(part.identifier) for part in stored.body.fragments),
        ids.index(stored.profile_id),
    )


def cut(held: object, packed: Sequence[bytes]) -> Cut:
    """Return the bytes between values, and which value stands there."""
    pieces = re.split(b"(" + b"|".join(map(re.escape, packed)) + b")", _pack(held))
    return tuple(packed.index(piece) if n % 2 else piece for n, piece in enumerate(pieces))


def join(pieces: Cut, packed: Sequence[bytes]) -> msgspec.Raw:
    """Return the pieces with other values between them."""
    return msgspec.Raw(
        b"".join([packed[piece] if isinstance(piece, int) else piece for piece in pieces])
    )


def check(store: Store, key: bytes, account: int) -> None:
    """See that copies are what the pipeline makes. Raises UnlikePatternError.

    The pipeline has to have made twice as many people as there are patterns.
    """
    if PATTERNS % len(COUNTRIES) or PATTERNS % len(PLANS):
        raise UnlikePatternError
    names = Names(key)
    for person in range(PATTERNS):
        other = person + PATTERNS
        copied = read_pattern(store, names, account, person).copy(other, names, account, 0)
        made = read_pattern(store, names, account, other).profile
        alike = (
            copied.folded.profile_id == made.profile_id
            and copied.audiences == made.audiences
            and [shape(part) for part in copied.folded.fragments]
            == [shape(part) for part in made.body.fragments]
        )
        if not alike:
            raise UnlikePatternError


def shape(part: Fragment) -> tuple[Identifier, list[tuple[int, int]]]:
    """Return what of a fragment does not hang on the instant at which it was made."""
    states = part.begin()
    return part.identifier, sorted((field, len(_pack(state))) for field, state in states.items())


def write_copies(url: str, key: bytes, account: int, people: range, processes: int) -> None:
    """Write people with several processes."""
    starts = range(people.start, people.stop, CHUNK)
    parts = [range(start, min(start + CHUNK, people.stop)) for start in starts]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        for _ in pool.map(partial(write_some, url, key, account), parts):
            pass
    with Store.open(url) as store, store.connect(autocommit=True) as conn:
        # As autovacuum would have done by the time that there are so many.
        conn.execute("VACUUM ANALYZE")


def write_some(url: str, key: bytes, account: int, people: range) -> None:
    """Write people in one transaction."""
    names, then = Names(key), system_clock() - timedelta(days=1)
    at_us = to_us(then)
    with Store.open(url) as store:
        patterns = [read_pattern(store, names, account, person) for person in range(PATTERNS)]
        made = [patterns[n % PATTERNS].copy(n, names, account, at_us) for n in people]
        events = [MappedEvent(LANE, n, "", at_us, at_us, at_us, identifiers(n), ()) for n in people]
        owners = {
            part.identifier: one.folded.profile_id for one in made for part in one.folded.fragments
        }
        with store.transaction() as conn:
            ensure_days(conn, then.date())
            enter_live_generation(conn)
            save_owners(conn, account, owners, {})
            save_profiles(conn, account, made, {})
            save_memberships(conn, account, made, {}, ())
            write_timeline(conn, account, events, names.node(account))
