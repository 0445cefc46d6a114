"""People whom nobody knew are stored by a shorter way, to the byte as by the way of all others."""

from typing import Any

import msgspec
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.properties.identity_world import NARROW, RULES, name
from tests.properties.test_operator_properties import EPOCH, VALUES

from coterie.flow.identity.graph import add_group, stored_graph
from coterie.flow.identity.groups import Group
from coterie.flow.identity.known import know
from coterie.flow.identity.outcome import Outcome
from coterie.flow.identity.resolve import resolve
from coterie.flow.identity.rules import IdentityRules
from coterie.flow.profiles.fold import Folder
from coterie.model.mapped import Identifier, MappedEvent
from coterie.model.profile import Body, FoldedProfile, Resolution
from coterie.model.schema import Field, Schema

FIELDS = tuple(
    Field(id=number, name=f"f{number}", kind=kind, op=op, capacity=2)  # type: ignore[arg-type]
    for number, (op, kind) in enumerate(VALUES, start=1)
)
FOLDER = Folder(Schema(version=1, published_at=EPOCH, fields=FIELDS, mappings=()))
NOBODY = know({}, {})

# Of any field, in any order: the ranks in force may be others than when the event was mapped.
named = st.lists(
    st.tuples(
        st.sampled_from(["user_id", "card", "email", "cookie", "forgotten"]),
        st.sampled_from(["1", "2", "é"]),
    ),
    min_size=1,
    max_size=5,
    unique=True,
)
said = st.lists(
    st.sampled_from(FIELDS).flatmap(
        lambda field: st.tuples(st.just(field.id), VALUES[field.op, field.kind])
    ),
    max_size=8,
)
instants = st.integers(1, 3)


def by_the_usual_way(event: MappedEvent, rules: IdentityRules) -> tuple[Resolution, FoldedProfile]:
    """Resolve by a graph, and fold one value after the other."""
    outcome, group = Outcome(NOBODY, rules, name), Group([event], [])
    graph = stored_graph((), NOBODY, rules)
    add_group(graph, group, rules)
    outcome.begin(group, graph)
    resolution = outcome.resolution()
    # As one whose identifiers stay as they were: nothing else keeps it from the shorter way.
    kept = msgspec.structs.replace(resolution.profiles[0], regrouped=False)
    (folded,) = FOLDER.fold(msgspec.structs.replace(resolution, profiles=(kept,)), {})
    return resolution, folded


def packed(folded: FoldedProfile) -> bytes:
    parts = folded.fragments, folded.edges, folded.refused, (), folded.standing
    return msgspec.msgpack.encode(Body(*parts))


@given(
    who=named,
    values=said,
    times=st.tuples(instants, instants, instants),
    rules=st.sampled_from([RULES, NARROW]),
)
@settings(max_examples=100, deadline=None)
def test_somebody_new_is_stored_as_by_the_usual_way(
    who: list[Identifier],
    values: list[tuple[int, Any]],
    times: tuple[int, int, int],
    rules: IdentityRules,
) -> None:
    unique = [field for field, _ in who if field in rules.unique]
    assume(len(unique) == len(set(unique)))
    assume(len(who) - 1 <= rules.least_limit)
    event = MappedEvent(0, 7, "s", *times, tuple(who), tuple(values))

    resolution = resolve([event], NOBODY, rules, name)
    assert isinstance(resolution, Resolution)
    (folded,) = FOLDER.fold(resolution, {})

    usual, usually_folded = by_the_usual_way(event, rules)
    assert resolution == usual
    assert packed(folded) == packed(usually_folded)
    assert (folded.now_us, folded.cause_seq) == (usually_folded.now_us, usually_folded.cause_seq)
