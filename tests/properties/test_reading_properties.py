"""Asking after each batch what may have changed gives what asking everything at the end does."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from coterie.base.clock import to_us
from coterie.flow.profiles.view import Viewer
from coterie.flow.run.conclude import evaluate
from coterie.flow.run.context import AccountContext
from coterie.flow.run.names import Names
from coterie.lang.behaviour import Bounds
from coterie.lang.filterql import compile_filter, parse_filter
from coterie.model.config import AccountConfig, AudienceSpec
from coterie.model.mapped import Identifier, MappedEvent
from coterie.model.profile import (
    Body,
    EvaluatedProfile,
    Resolution,
    ResolvedProfile,
    StoredProfile,
)
from coterie.model.schema import Field, Schema

START = datetime(2026, 1, 1, tzinfo=UTC)
START_US = to_us(START)
FILTERS = [
    "FILTER sums.a > 1",
    "FILTER AND (EXISTS sums.b, NOT sums.a = 3)",
    'FILTER newest.a = "x"',
    "FILTER few.b > 1",
    "FILTER kept.a > 1",
    "FILTER EXISTS whole",
    "FILTER whole.a > 1",
    'FILTER tags INTERSECTS ("x", "y")',
    'FILTER OR (word = "x", INCLUDE other)',
]
FIELDS = (
    Field(id=1, name="sums", kind="map[string]intsum", op="mapsum"),
    Field(id=2, name="newest", kind="map[string]string", op="latestmap"),
    Field(id=3, name="few", kind="map[string]int", op="mapmax", capacity=1),
    Field(id=4, name="kept", kind="map[string]intsum", op="mapsum", keep_days=1_000),
    Field(id=5, name="whole", kind="map[string]intsum", op="mapsum"),
    Field(id=6, name="tags", kind="[]string", op="merge"),
    Field(id=7, name="word", kind="string", op="latest"),
    Field(id=8, name="unread", kind="string", op="oldest"),
)
SCHEMA = Schema(version=1, published_at=START, fields=FIELDS, mappings=())
SLUGS = {"other": "FILTER newest.c.d = 1"}
CONTEXT = AccountContext(
    AccountConfig(
        number=1,
        schemas=(SCHEMA,),
        trusted_streams=frozenset(),
        audiences=tuple(
            AudienceSpec(id=number, slug=f"a{number}", filter_text=text, version=1)
            for number, text in enumerate(FILTERS)
        ),
        slugs=SLUGS,
        exports=(),
    ),
    Names(b"k" * 32),
    Bounds(),
)
NODES: list[Identifier] = [("user_id", "u"), ("email", "e")]
words = st.sampled_from(["x", "y", "z"])
counts = st.dictionaries(st.sampled_from(["a", "b", "c"]), st.integers(-1, 3), min_size=1)
VALUES: dict[int, st.SearchStrategy[Any]] = {
    **dict.fromkeys((1, 3, 4, 5), counts),
    2: st.dictionaries(st.sampled_from(["a", "b", "c"]), words, min_size=1),
    6: st.lists(words, min_size=1, max_size=2),
    7: words,
    8: words,
}
values = st.sampled_from(sorted(VALUES)).flatmap(
    lambda field_id: st.tuples(st.just(field_id), VALUES[field_id])
)
events = st.tuples(st.sampled_from(NODES), st.integers(0, 5), st.lists(values, max_size=4))
batches = st.lists(st.lists(events, min_size=1, max_size=3), min_size=1, max_size=5)


def after(batch: list[MappedEvent], prior: StoredProfile | None) -> EvaluatedProfile:
    """Return the profile after a batch, asked what the worker asks."""
    last = dict.fromkeys(NODES, (START_US, START_US))
    named = {event.identifiers[0] for event in batch}
    resolved = ResolvedProfile(
        "p",
        last if prior is None else {node: last[node] for node in named},
        (),
        (),
        () if prior is None else ("p",),
        tuple(batch),
        regrouped=False,
        is_known=prior is not None,
    )
    stored = {} if prior is None else {"p": prior}
    [folded] = CONTEXT.folder.fold(Resolution((resolved,), {}, {}, {}), stored)
    return evaluate(CONTEXT, folded)


def as_loaded(profile: EvaluatedProfile) -> StoredProfile:
    folded = profile.folded
    body = Body(folded.fragments, folded.edges, (), profile.since_us)
    packed = msgspec.msgpack.decode(msgspec.msgpack.encode(body), type=Body)
    at = START + timedelta(microseconds=folded.now_us - START_US)
    return StoredProfile("p", 1, at, profile.next_flip, profile.audiences, packed)


@settings(max_examples=300, deadline=None)
@given(batches)
def test_audiences_after_every_batch_are_those_of_the_whole_profile(
    said: list[list[tuple[Identifier, int, list[tuple[int, Any]]]]],
) -> None:
    prior: StoredProfile | None = None
    now_us = START_US
    includes = {slug: parse_filter(text) for slug, text in SLUGS.items()}
    for batch in said:
        now_us += 10
        evaluated = after(
            [
                MappedEvent(0, 1, "s", now_us, START_US + at, START_US, (node,), tuple(found))
                for node, at, found in batch
            ],
            prior,
        )
        prior = as_loaded(evaluated)

        view = Viewer(SCHEMA).view(prior.body.fragments, now_us)
        now = START + timedelta(microseconds=now_us - START_US)
        expected = [
            number
            for number, text in enumerate(FILTERS)
            if compile_filter(parse_filter(text), includes=includes).matches(view, now) is True
        ]
        assert list(evaluated.audiences) == expected
