"""Reads of many profiles what one audience must know, and no more.

Most profiles of a building audience stay as they are. So they are not made into structs of their
own: the database says how each stands with the audience, the body is taken apart down to its
operator states, and a field is unpacked once the filter asks for it.
"""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any, Literal, NamedTuple

import msgspec
from msgspec import Raw

from coterie.flow.profiles.view import Steps
from coterie.model.profile import ProfileId, State, unpack
from coterie.store import BigintArray, Connection, load_queries

SQL = load_queries("profiles")

Standing = Literal[0, 1, 2]
"""Outside of the audience, inside of it, or to be asked whatever its values are."""
INSIDE: Standing = 1
ASK: Standing = 2


class Part(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A fragment as far as audiences see it; the places are those of `model.profile.Fragment`."""

    field: str
    value: str
    first_us: int
    last_us: int
    states: dict[int, State]


class _Parts(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The front of a body; the decoder skips what follows."""

    fragments: tuple[Part, ...]


_decode = msgspec.msgpack.Decoder(_Parts).decode


class Scanned(NamedTuple):
    """A profile in passing; `body` is packed, `next_flip` None unless it was asked for."""

    id_bytes: bytes
    standing: Standing
    next_flip: datetime | None
    body: bytes

    @property
    def profile_id(self) -> ProfileId:
        """The id as it is written."""
        return self.id_bytes.hex()


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """Which profiles (an account's, at most up to an id) and about which audience.

    Who is in an audience that is not `known` any more, was updated after `now` or has a flip that
    is due stands as `ASK`. `is_timed`: the next flip is wanted.
    """

    account: int
    upto: ProfileId
    audience_id: int
    known: Collection[int]
    now: datetime
    is_timed: bool


def scan(conn: Connection, question: Question, *, after: ProfileId, limit: int) -> list[Scanned]:
    """Return the next profiles after an id in id order, at most `limit`, without a lock."""
    asked = {
        "account": question.account,
        "after": after,
        "upto": question.upto,
        "audience_id": question.audience_id,
        "known": BigintArray(sorted(question.known)),
        "now": question.now,
        "is_timed": question.is_timed,
        "limit": limit,
    }
    with conn.cursor(binary=True) as rows:
        return [Scanned(*row) for row in rows.execute(SQL.scan_profiles, asked)]


def parts_of(body: bytes) -> tuple[Part, ...]:
    """Take a packed body apart down to its states."""
    return _decode(body).fragments


class LazyFacts(Mapping[str, Any]):
    """What `Viewer.facts` returns for one profile after the other, each field when it is asked for.

    A filter of several clauses mostly knows its answer after the first.
    """

    __slots__ = ("_now_us", "_parts", "_steps")

    def __init__(self, steps: Steps, now_us: int) -> None:
        self._steps = {step[0]: step[1:] for step in steps}
        self._now_us = now_us
        self._parts: tuple[Part, ...] = ()

    def turn_to(self, parts: tuple[Part, ...]) -> None:
        """Show another profile from now on."""
        self._parts = parts

    def get(self, name: str, default: Any = None) -> Any:
        """Return the value of a field, `default` if it holds none."""
        step = self._steps.get(name)
        if step is None:
            return default
        field_id, combine, keep, show = step
        state = None
        for part in self._parts:
            held = part.states.get(field_id)
            if held is not None:
                if held.__class__ is Raw:
                    held = unpack(held)
                state = held if state is None else combine(state, held)
        if state is not None and keep is not None:
            state = keep(state, self._now_us)
        return default if state is None else show(state)

    def __getitem__(self, name: str) -> Any:
        """Return the value of a field that holds one."""
        found = self.get(name)
        if found is None:
            raise KeyError(name)
        return found

    def __iter__(self) -> Iterator[str]:
        """Go through the fields that hold a value."""
        return (name for name in self._steps if self.get(name) is not None)

    def __len__(self) -> int:
        """Count the fields that hold a value."""
        return sum(1 for _ in self)
