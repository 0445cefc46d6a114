"""A filter made ready to be asked about many profiles."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from coterie.lang.expr.clock import moves_with_time
from coterie.lang.expr.codegen import Writer
from coterie.lang.expr.lookup import keys_read, top_level_names
from coterie.lang.expr.tree import Asked, Name, Node, walk
from coterie.lang.filterql.filter import Filter
from coterie.lang.filterql.flips import asked_turns, next_look, watches_of
from coterie.lang.filterql.include import usable_includes

# After so many instants at which nothing changed, the next one is reported as it is: a wake that
# comes too early is asked again, one that comes too late is a wrong answer.
MAX_LOOKS = 32
# A person may have done a hundred things, each of which leaves a window at an instant of its own.
MAX_LOOKS_AT_HISTORY = 8
NO_INCLUDES: Mapping[str, Filter] = {}


class Predicate(Protocol):
    """The question whether a profile belongs."""

    def __call__(self, profile: Mapping[str, object], now: datetime) -> bool | None:
        """Return True, False, or None when the filter is not evaluable for this profile."""


class CompiledFilter:
    """A filter with all it includes, as generated code.

    `reads` are the top-level fields that can change the answer, `has_datemath` says that time
    alone can; `keys` are those of a map that can, for fields of which nothing else is looked at.
    `matches` answers for one profile; None means not evaluable and counts as no match.
    """

    __slots__ = ("_asked", "_watches", "has_datemath", "keys", "matches", "reads")

    def __init__(self, tree: Node, includes: Mapping[str, Node]) -> None:
        trees = (tree, *includes.values())
        names = [node for each in trees for node in walk(each) if isinstance(node, Name)]
        asked = [node for each in trees for node in walk(each) if isinstance(node, Asked)]
        self.reads: frozenset[str] = frozenset().union(
            *map(top_level_names, names), *(node.question.reads for node in asked)
        )
        self.keys = keys_read(names)
        self.has_datemath = any(moves_with_time(each) for each in trees)
        self.matches: Predicate = _write(tree, includes)
        watches = watches_of(tree, includes) if self.has_datemath else ()
        self._watches = tuple(watch for watch in watches if watch.asked is None)
        self._asked = tuple(watch for watch in watches if watch.asked is not None)

    def next_flip(self, profile: Mapping[str, object], now: datetime) -> datetime | None:
        """Return the earliest instant after `now` at which the answer can change by itself.

        Never later than the true one, sometimes earlier; None for never. A whole second, in UTC.
        """
        if self._asked:
            return self._next_flip_of_history(profile, now)
        if not self._watches:
            return None
        answer = self.matches(profile, now)
        instant = next_look(self._watches, profile, now)
        for _ in range(MAX_LOOKS):
            if instant is None or self.matches(profile, instant) is not answer:
                break
            instant = next_look(self._watches, profile, instant)
        return instant

    def _next_flip_of_history(
        self, profile: Mapping[str, object], now: datetime
    ) -> datetime | None:
        answer = self.matches(profile, now)
        turns = asked_turns(self._asked, profile, now, most=MAX_LOOKS_AT_HISTORY + 1)
        instant = now
        for look in range(MAX_LOOKS_AT_HISTORY + 1):
            instants = [turn for turn in turns if turn > instant][:1]
            if self._watches and (other := next_look(self._watches, profile, instant)) is not None:
                instants.append(other)
            if not instants:
                return None
            instant = min(instants)
            if look == MAX_LOOKS_AT_HISTORY or self.matches(profile, instant) is not answer:
                break
        return instant


def compile_filter(flt: Filter, *, includes: Mapping[str, Filter] = NO_INCLUDES) -> CompiledFilter:
    """Return the filter ready to run, with what it includes taken in.

    `includes` are the filters that may be named, by name. One that is unknown or comes back to
    itself makes its place not evaluable; `check_includes` tells the author before that.
    """
    return CompiledFilter(flt.tree, usable_includes(flt, includes))


def _write(tree: Node, includes: Mapping[str, Node]) -> Predicate:
    writer = Writer(includes)
    answer = writer.truth(tree).code
    lines = ["def matches(profile, now):", "    p = profile", *writer.prologue()]
    guarded = ["    try:", f"        return {answer}", "    except FAULTS:", "        return None"]
    return writer.build([*lines, *guarded], "matches")
