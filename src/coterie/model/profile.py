"""Profiles as they are stored, and as they travel from stage to stage of a batch.

None of them can be part of a cycle, so the garbage collector need not look at them (gc=False).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from msgspec import Raw

from coterie.model.mapped import Identifier, MappedEvent

if TYPE_CHECKING:
    State = Any
    HeldStates = dict[int, State] | Raw
    HeldEdges = tuple["Edge", ...] | Raw
else:
    # What msgspec is told: what was loaded stays packed until somebody asks for it. Most of a
    # profile is written back as it was read, and taking all of it apart cost a tenth of a worker's
    # time with twelve fields, more with more.
    State = HeldStates = HeldEdges = Raw

ProfileId = str
"""32 hexadecimal digits: the keyed hash of the profile's first-seen identifier."""


class Edge(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Two identifiers that events named together, the stronger one as `a`; times in µs."""

    a_field: str
    a_value: str
    b_field: str
    b_value: str
    first_us: int
    last_us: int
    count: int
    stream: str

    @property
    def a(self) -> Identifier:
        """The stronger end."""
        return self.a_field, self.a_value

    @property
    def b(self) -> Identifier:
        """The weaker end."""
        return self.b_field, self.b_value


RefusalRule = Literal["unique", "apart", "hub", "blocked", "pending"]


class RefusedEdge(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An edge that joins nobody, and why: `witness` are the identifiers that the rule is about.

    unique: two values of one unique field, which the edge would have put into one profile; apart:
    the two that an operator pinned apart; hub, blocked: the end that joins nobody; pending: none,
    the edge waits for maintenance.
    """

    edge: Edge
    rule: RefusalRule
    witness: tuple[Identifier, ...]


class Standing(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What is out of the ordinary with a profile's identifiers.

    `hubs` join nobody until a replay; `carriers` are those whose passengers resolve to the profile;
    `is_unsettled`: maintenance has yet to say exactly which identifiers belong together.
    """

    hubs: tuple[Identifier, ...] = ()
    carriers: tuple[Identifier, ...] = ()
    is_unsettled: bool = False


class Fragment(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """All that events said under one strongest identifier: operator states by field id."""

    field: str
    value: str
    first_us: int
    last_us: int
    held_states: HeldStates

    @property
    def states(self) -> dict[int, State]:
        """The states, to be read through `unpack`; taken apart at each call."""
        held = self.held_states
        return _unpack_states(held) if isinstance(held, Raw) else held

    def begin(self) -> dict[int, State]:
        """Return the states in the form that their operators know, free to be changed."""
        held = self.held_states
        if isinstance(held, Raw):
            return _unpack(held)  # type: ignore[no-any-return]
        return {field_id: unpack(state) for field_id, state in held.items()}

    @property
    def identifier(self) -> Identifier:
        """The node of the identity graph that this fragment is."""
        return self.field, self.value


_unpack = msgspec.msgpack.Decoder().decode
_unpack_states = msgspec.msgpack.Decoder(dict[int, State]).decode
_unpack_edges = msgspec.msgpack.Decoder(tuple[Edge, ...]).decode


def find_place(fragments: Sequence[Fragment], identifier: Identifier) -> int | None:
    """Return where the fragment of an identifier stands; None if there is none."""
    field, value = identifier
    for place, part in enumerate(fragments):
        if part.value == value and part.field == field:
            return place
    return None


def unpack(state: State) -> Any:
    """Return an operator state in the form that its operator knows, packed or not as it is now."""
    return _unpack(state) if state.__class__ is Raw else state


class Body(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The stored part of a profile. `since_us` follows the order of the profile's audiences."""

    fragments: tuple[Fragment, ...]
    held_edges: HeldEdges
    refused: tuple[RefusedEdge, ...]
    since_us: tuple[int, ...]
    standing: Standing | None = None

    @property
    def edges(self) -> tuple[Edge, ...]:
        """The edges that hold the profile together; taken apart at each call."""
        held = self.held_edges
        return _unpack_edges(held) if isinstance(held, Raw) else held


class StoredProfile(msgspec.Struct, frozen=True, gc=False):
    """A profile as loaded. `audiences` are ids in rising order.

    `place` is where its row is, which holds as long as the row is locked.
    """

    profile_id: ProfileId
    version: int
    updated_at: datetime
    next_flip: datetime | None
    audiences: tuple[int, ...]
    body: Body
    place: bytes = b""


class ResolvedProfile(msgspec.Struct, frozen=True, gc=False):
    """What identity resolution decided about one profile of a batch.

    `sources` are the stored profiles whose fragments it may hold (the one it continues first);
    `regrouped` says that its set of identifiers is not what it was; `nodes` gives first and last
    seen; `events` are those whose data it gets, and `at_us` is the latest arrival of an event that
    names it. `is_known`: all is as stored but that some identifiers were seen again, and `nodes`
    gives those alone.
    """

    profile_id: ProfileId
    nodes: dict[Identifier, tuple[int, int]]
    edges: HeldEdges
    refused: tuple[RefusedEdge, ...]
    sources: tuple[ProfileId, ...]
    events: tuple[MappedEvent, ...]
    regrouped: bool
    standing: Standing | None = None
    at_us: int = 0
    is_known: bool = False


class Resolution(msgspec.Struct, frozen=True):
    """The outcome of identity resolution for the events of one account.

    `dissolved` maps a stored profile that is no more to the one that holds its first identifier;
    `split_from` maps a new profile to the stored one that it was part of; `owners` are the
    identifiers that are new or changed hands; `passengers` maps each new passenger to the
    identifier that carries it, `carriers` those that changed hands to their new profile.
    `unsettled` names one identifier of each group that maintenance must settle.
    """

    profiles: tuple[ResolvedProfile, ...]
    dissolved: dict[ProfileId, ProfileId]
    split_from: dict[ProfileId, ProfileId]
    owners: dict[Identifier, ProfileId]
    passengers: dict[Identifier, Identifier] = {}
    carriers: dict[Identifier, ProfileId] = {}
    unsettled: frozenset[Identifier] = frozenset()


class FoldedProfile(msgspec.Struct, frozen=True, gc=False):
    """A profile with its events folded in. `changed` are field ids, None: any may have changed.

    `prior` is the stored profile that it continues (None: it is new), `beside` are the others that
    parts of it come from; `now_us` is the instant at which its audiences are asked about;
    `cause_seq` is the number of its last event.
    """

    profile_id: ProfileId
    prior: StoredProfile | None
    fragments: tuple[Fragment, ...]
    edges: HeldEdges
    refused: tuple[RefusedEdge, ...]
    changed: frozenset[int] | None
    now_us: int
    cause_seq: int | None = None
    beside: tuple[StoredProfile, ...] = ()
    standing: Standing | None = None


class EvaluatedProfile(msgspec.Struct, frozen=True, gc=False):
    """A folded profile with its audiences. `since_us` follows the order of `audiences`."""

    folded: FoldedProfile
    audiences: tuple[int, ...]
    since_us: tuple[int, ...]
    next_flip: datetime | None
