"""What an event costs a worker between two statements to the database, step by step.

The people and events of bench/pipeline.py go through map, unpack, resolve, fold, evaluate and pack
in one process, with the profiles in memory, so that a change to one step shows within seconds and
on a busy machine: microseconds of the processor an event, the median of all batches. With --bulk
batches are large and hold many events of each person.
"""

import random
import statistics
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import msgspec
from _figures import common_options, options_of, print_figures
from _people import BLOCK, LQL, STREAM, audiences, first_event, next_event

from coterie.app.roles import spare_the_collector
from coterie.base.clock import from_us
from coterie.control.definitions.draft import Draft, add_query
from coterie.control.definitions.lql import read_query
from coterie.flow.identity.known import know
from coterie.flow.identity.resolve import NeedsNeighbours, resolve
from coterie.flow.mapping.mapper import RejectedMapping
from coterie.flow.run.conclude import Conclusion, conclude
from coterie.flow.run.context import AccountContext
from coterie.flow.run.names import Names
from coterie.lang.behaviour import Bounds
from coterie.model.config import AccountConfig, AudienceSpec
from coterie.model.events import LoggedEvent
from coterie.model.mapped import Identifier, MappedEvent
from coterie.model.profile import Body, EvaluatedProfile, ProfileId, StoredProfile
from coterie.model.schema import Schema

START = datetime(2026, 1, 1, tzinfo=UTC)
PEOPLE, QUICK_PEOPLE = 20_000, 4_000
LIVE_BATCH, BULK_BATCH = 2_000, 20_000
BATCHES, QUICK_BATCHES = 20, 6
STEPS = ("map", "unpack", "resolve", "fold", "evaluate", "pack")
T = TypeVar("T")

_decode = msgspec.msgpack.Decoder(Body).decode
_encode = msgspec.msgpack.Encoder().encode


class Row(msgspec.Struct, frozen=True):
    """A profile as the database would hold it."""

    at: datetime
    next_flip: datetime | None
    audiences: tuple[int, ...]
    body: bytes


class World:
    """One account, its profiles in memory, and how long each step took, batch by batch."""

    def __init__(self) -> None:
        names = Names(b"k" * 32)
        self._context = AccountContext(make_config(), names, Bounds())
        self._name = names.profile(1)
        self._owners: dict[Identifier, ProfileId] = {}
        self._rows: dict[ProfileId, Row] = {}
        self._seq = 0
        self.seconds: dict[str, list[float]] = {step: [] for step in STEPS}

    def take(self, bodies: Sequence[dict[str, object]]) -> None:
        """Process a batch of events, as a transaction does."""
        context = self._context
        events = [self._log(body) for body in bodies]
        mapped = self._time("map", lambda: [context.mapper.map(event) for event in events])
        kept = [event for event in mapped if not isinstance(event, RejectedMapping)]
        stored = self._time("unpack", lambda: self._load(kept))
        known = know({}, stored)
        resolution = self._time("resolve", lambda: resolve(kept, known, context.rules, self._name))
        if isinstance(resolution, NeedsNeighbours):
            raise TypeError(resolution)
        folded = self._time("fold", lambda: context.folder.fold(resolution, stored))
        concluded = self._time(
            "evaluate", lambda: conclude(context, folded, stored, "event", resolution)
        )
        rows = self._time("pack", lambda: pack(concluded))
        self._owners.update(resolution.owners)
        self._rows.update(rows)

    def _log(self, body: dict[str, object]) -> LoggedEvent:
        self._seq += 1
        return LoggedEvent(
            lane=0,
            seq=self._seq,
            account=1,
            stream=STREAM,
            received_at=START + timedelta(milliseconds=self._seq),
            body=msgspec.json.encode(body).decode(),
        )

    def _load(self, events: Sequence[MappedEvent]) -> dict[ProfileId, StoredProfile]:
        named = {identifier for event in events for identifier in event.identifiers}
        owners = {self._owners[item] for item in named if item in self._owners}
        return {owner: load(owner, self._rows[owner]) for owner in sorted(owners)}

    def _time(self, step: str, run: Callable[[], T]) -> T:
        before = time.thread_time()
        result = run()
        self.seconds[step].append(time.thread_time() - before)
        return result


def load(profile_id: ProfileId, row: Row) -> StoredProfile:
    """Return a row as a profile."""
    return StoredProfile(profile_id, 1, row.at, row.next_flip, row.audiences, _decode(row.body))


def pack(conclusion: Conclusion) -> dict[ProfileId, Row]:
    """Return evaluated profiles as rows."""
    return {profile.folded.profile_id: _pack(profile) for profile in conclusion.profiles}


def _pack(profile: EvaluatedProfile) -> Row:
    one = profile.folded
    body = Body(one.fragments, one.edges, one.refused, profile.since_us, one.standing)
    return Row(from_us(one.now_us), profile.next_flip, profile.audiences, _encode(body))


def make_config() -> AccountConfig:
    """Return an account with the benchmark's schema and audiences."""
    draft = add_query(Draft(), read_query(LQL, fields=()))
    schema = Schema(version=1, published_at=START, fields=draft.fields, mappings=draft.mappings)
    slugs = {f"a{number}": text for number, text in enumerate(audiences())}
    return AccountConfig(
        number=1,
        schemas=(schema,),
        trusted_streams=frozenset(),
        audiences=tuple(
            AudienceSpec(id=number, slug=slug, filter_text=text, version=1)
            for number, (slug, text) in enumerate(slugs.items(), start=1)
        ),
        slugs=slugs,
        exports=(),
    )


def measure(*, people: int, batches: int, is_bulk: bool) -> dict[str, int | float | str]:
    """Let everybody be seen once, then process the measured batches."""
    world = World()
    for start in range(0, people, LIVE_BATCH):
        world.take([first_event(person) for person in range(start, start + LIVE_BATCH)])
    first = report("new_people", world, LIVE_BATCH)
    world.seconds = {step: [] for step in STEPS}
    chance = random.Random(1)
    size = BULK_BATCH if is_bulk else LIVE_BATCH
    for number in range(batches):
        begin, width = (number * BLOCK % people, BLOCK) if is_bulk else (0, people)
        world.take([next_event(chance, begin + chance.randrange(width)) for _ in range(size)])
    return {"people": people, "events_a_batch": size, **first, **report("events", world, size)}


def report(what: str, world: World, size: int) -> dict[str, float]:
    """Return microseconds an event, by step and in all."""
    steps = {step: 1e6 * statistics.median(taken) / size for step, taken in world.seconds.items()}
    whole = {**steps, "all": sum(steps.values())}
    return {f"{what}_{step}_us": round(taken, 1) for step, taken in whole.items()}


def main() -> None:
    """Run the benchmark."""
    parser = common_options(__doc__ or "")
    parser.add_argument("--bulk", action="store_true", help="as an import, with no live traffic")
    given = parser.parse_args()
    options = options_of(given)
    spare_the_collector()
    people, batches = (QUICK_PEOPLE, QUICK_BATCHES) if options.quick else (PEOPLE, BATCHES)
    print_figures("worker", measure(people=people, batches=batches, is_bulk=given.bulk), options)


if __name__ == "__main__":
    main()
