"""Say which audiences hold a profile, and when that changes with no new data."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
import structlog

from coterie.base.clock import from_us
from coterie.lang.filterql import (
    CompiledFilter,
    Filter,
    FilterError,
    Predicate,
    compile_filter,
    parse_filter,
    read_stored,
)
from coterie.model.config import AccountConfig, AudienceSpec

log = structlog.get_logger()

ANY_INSTANT = datetime(1970, 1, 1, tzinfo=UTC)
MOST_COMBINATIONS = 10_000
"""Of changed fields, whose audiences are remembered."""


class CompiledAudience(msgspec.Struct, frozen=True):
    """An audience ready to be asked about profiles."""

    id: int
    slug: str
    version: int
    filter: CompiledFilter


class Affected(msgspec.Struct, frozen=True):
    """The audiences that read one of the changed fields, with all the fields they read.

    `timed` are those of them whose answer may change by itself; `questions` gives each by its id.
    """

    audiences: tuple[CompiledAudience, ...]
    reads: frozenset[str]
    timed: tuple[CompiledAudience, ...] = ()
    questions: tuple[tuple[int, Predicate], ...] = ()


class Held(msgspec.Struct, frozen=True, gc=False):
    """Audiences (ids, rising) with since when (microseconds)."""

    audiences: tuple[int, ...] = ()
    since_us: tuple[int, ...] = ()


class Evaluator:
    """Evaluates all audiences of one account; build one for each `AccountConfig`."""

    def __init__(self, config: AccountConfig, field_ids: Mapping[str, int]) -> None:
        self._audiences = tuple(_compile(config))
        # Those that were set aside are not asked about and keep their members.
        self._ids = frozenset(spec.id for spec in config.audiences)
        self._versions = {spec.id: spec.version for spec in config.audiences}
        self._names = {field_id: name for name, field_id in field_ids.items()}
        self._all = _affected(self._audiences)
        self._affected: dict[frozenset[int], Affected] = {}

    @property
    def reads(self) -> frozenset[str]:
        """The fields that any audience reads."""
        return self._all.reads

    @property
    def keys(self) -> Mapping[str, frozenset[str]]:
        """The keys that audiences read of fields of which none reads anything else."""
        filters = [audience.filter for audience in self._audiences]
        found: dict[str, frozenset[str]] = {}
        for field in self.reads:
            read = [each.keys.get(field) for each in filters if field in each.reads]
            if None not in read:
                found[field] = frozenset().union(*(keys for keys in read if keys is not None))
        return found

    @property
    def versions(self) -> Mapping[int, int]:
        """Audience id to definition version."""
        return self._versions

    def only(self, audience_id: int) -> Affected:
        """Return one audience alone, for its backfill."""
        return _affected(tuple(item for item in self._audiences if item.id == audience_id))

    def affected(self, changed: frozenset[int] | None) -> Affected:
        """Return the audiences that must be asked after `changed` fields (None: all of them)."""
        if changed is None:
            return self._all
        known = self._affected.get(changed)
        if known is None:
            names = {self._names[field_id] for field_id in changed}
            known = _affected(tuple(item for item in self._audiences if item.filter.reads & names))
            if len(self._affected) >= MOST_COMBINATIONS:
                self._affected.clear()
            self._affected[changed] = known
        return known

    def evaluate(
        self,
        view: Mapping[str, Any],
        affected: Affected,
        held: Held,
        next_flip: datetime | None,
        at_us: int,
    ) -> tuple[Held, datetime | None]:
        """Ask `affected` about `view` at an instant (microseconds since 1970).

        Return the audiences and the next instant to ask again. Of those so far (`held`) the ones
        that are not asked stay, unless they are no longer kept current. `next_flip` moves only to
        an earlier instant: an early wake asks again.
        """
        # Most audiences answer the same at any instant, and making one takes as long as asking two.
        is_timed = bool(affected.timed) or next_flip is not None
        at = from_us(at_us) if is_timed else ANY_INSTANT
        inside = frozenset(held.audiences)
        turned = [
            audience_id
            for audience_id, matches in affected.questions
            if (matches(view, at) is True) is not (audience_id in inside)
        ]
        if turned or not inside <= self._ids:
            held = self._turn(held, turned, at_us)
        flip = next_flip if next_flip is not None and next_flip > at else None
        for audience in affected.timed:
            candidate = audience.filter.next_flip(view, at)
            if candidate is not None and (flip is None or candidate < flip):
                flip = candidate
        return held, flip

    def _turn(self, held: Held, turned: Iterable[int], at_us: int) -> Held:
        """Take what turned out of the audiences or into them, and what is not kept current out."""
        members = {
            audience_id: since
            for audience_id, since in zip(held.audiences, held.since_us, strict=True)
            if audience_id in self._ids
        }
        for audience_id in turned:
            if members.pop(audience_id, None) is None:
                members[audience_id] = at_us
        ordered = sorted(members)
        return Held(tuple(ordered), tuple([members[item] for item in ordered]))


def _compile(config: AccountConfig) -> Iterator[CompiledAudience]:
    """Yield the audiences that can be asked about; one that cannot must not stop the others."""
    stored = read_stored(config.slugs)
    for spec in config.audiences:
        flt = _read(spec)
        if flt is None or stored.fault_of(flt) is not None:
            log.warning("audience.set_aside", account=config.number, audience=spec.id)
            continue
        compiled = compile_filter(flt, includes=stored.filters)
        yield CompiledAudience(spec.id, spec.slug, spec.version, compiled)


def _read(spec: AudienceSpec) -> Filter | None:
    try:
        return parse_filter(spec.filter_text)
    except FilterError:
        return None


def _affected(audiences: tuple[CompiledAudience, ...]) -> Affected:
    reads: frozenset[str] = frozenset().union(*(item.filter.reads for item in audiences))
    timed = tuple(item for item in audiences if item.filter.has_datemath)
    questions = tuple((item.id, item.filter.matches) for item in audiences)
    return Affected(audiences, reads, timed, questions)
