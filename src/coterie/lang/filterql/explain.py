"""Explaining the answer of a filter for one profile.

The tree of the filter comes back with each condition's answer, what it looked at, why it cannot be
told, and when its answer changes with no new data. The answers are those of the interpreter, the
instants those of the compiled filter.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Literal

from msgspec import Struct

from coterie.lang.expr.clock import moves_with_time
from coterie.lang.expr.interpret import World, evaluate_truth
from coterie.lang.expr.render import quote_name, render
from coterie.lang.expr.tree import Group, Include, Infix, Node, Not, walk
from coterie.lang.filterql.compiled import NO_INCLUDES, CompiledFilter
from coterie.lang.filterql.filter import Filter
from coterie.lang.filterql.include import usable_includes
from coterie.lang.filterql.reasons import Seen, find_reason, find_seen

# Audiences that include one audience twice, level upon level, double with each of them.
MOST_PARTS = 2_000

Form = Literal["and", "or", "not", "include", "condition"]


class Explained(Struct, frozen=True, kw_only=True):
    """A condition, or a list of conditions, and what it answered.

    `answer` None is "cannot be told". `decides`: the answer of the whole rests on it.
    `changes_at` is the instant, after that of the question, at which the answer can change with no
    new data, and `then` the answer from that instant on; None for never.
    """

    form: Form
    text: str
    answer: bool | None
    decides: bool = True
    reason: str = ""
    seen: tuple[Seen, ...] = ()
    changes_at: datetime | None = None
    then: bool | None = None
    parts: tuple["Explained", ...] = ()


def explain(
    flt: Filter,
    profile: Mapping[str, object],
    now: datetime,
    *,
    includes: Mapping[str, Filter] = NO_INCLUDES,
) -> Explained:
    """Return the answer of a filter for a profile at an instant, with all that led to it."""
    world = World(profile, now, usable_includes(flt, includes))
    return _Explainer(world, frozenset(includes)).explain(flt.tree)


class _Explainer:
    """Explains the parts of one filter; `known` are the filters that exist at all."""

    def __init__(self, world: World, known: frozenset[str]) -> None:
        self.world = world
        self.known = known
        self.room = MOST_PARTS
        self.moving = any(moves_with_time(tree) for tree in world.includes.values())

    def explain(self, node: Node, *, decides: bool = True) -> Explained:
        self.room -= 1
        answer = evaluate_truth(node, self.world)
        changes_at = self._next_change(node)
        then = None if changes_at is None else self._answer_at(node, changes_at)
        form, text, inner = _read(node)
        reason = ""
        seen: tuple[Seen, ...] = ()
        if form == "condition":
            bare = node.arg if isinstance(node, Not) else node
            reason, seen = find_reason(bare, answer, self.world), find_seen(bare, self.world)
        elif isinstance(node, Include):
            reason, inner = self._open(node.name)
        return Explained(
            form=form,
            text=text,
            answer=answer,
            decides=decides,
            reason=reason,
            seen=seen,
            changes_at=changes_at,
            then=then,
            parts=tuple(self._parts(node, inner, answer, decides=decides)),
        )

    def _parts(
        self, node: Node, inner: Sequence[Node], answer: bool | None, *, decides: bool
    ) -> Iterator[Explained]:
        answers = [evaluate_truth(part, self.world) for part in inner]
        deciding = _deciding(node, answers, answer)
        for part, matters in zip(inner, deciding, strict=True):
            yield self.explain(part, decides=decides and matters)

    def _open(self, name: str) -> tuple[str, tuple[Node, ...]]:
        """Return what is amiss with an included filter, and its tree where it can be shown."""
        tree = self.world.includes.get(name)
        if tree is None:
            if name in self.known:
                return (
                    f"The audience {name!r} includes what does not exist, leads back to itself, or "
                    "asks too much",
                    (),
                )
            return f"There is no audience {name!r}", ()
        if self.room <= 0:
            return "Too much is included to be shown here", ()
        return "", (tree,)

    def _next_change(self, node: Node) -> datetime | None:
        takes_in = self.moving and any(isinstance(part, Include) for part in walk(node))
        if not takes_in and not moves_with_time(node):
            return None
        compiled = CompiledFilter(node, self.world.includes)
        return compiled.next_flip(self.world.row, self.world.now)

    def _answer_at(self, node: Node, instant: datetime) -> bool | None:
        return evaluate_truth(node, World(self.world.row, instant, self.world.includes))


def _read(node: Node) -> tuple[Form, str, tuple[Node, ...]]:
    """Return the form of a node, how it is written, and the conditions it is made of."""
    match node:
        case Group(op=op, items=items) | Infix(op=op, items=items):
            return ("and" if op == "and" else "or"), op.upper(), items
        case Include(name=name):
            return "include", f"INCLUDE {quote_name(name)}", ()
        case Not(arg=Group() | Infix() | Include() | Not() as arg):
            return "not", "NOT", (arg,)
        case _:
            return "condition", render(node), ()


def _deciding(node: Node, answers: Sequence[bool | None], answer: bool | None) -> list[bool]:
    """Say of each part whether the answer of the whole rests on it."""
    match node:
        case Group(op="and") if answer is not True:
            # It stops at the first that does not hold.
            first = next(n for n, each in enumerate(answers) if each is not True)
            return [n == first for n in range(len(answers))]
        case Infix(op="and") if answer is not True:
            return [each is not True for each in answers]
        case Group(op="or") | Infix(op="or") if answer is True:
            return [each is True for each in answers]
        case _:
            return [True] * len(answers)
