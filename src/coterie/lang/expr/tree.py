"""The tree that a text of the expression language becomes.

`at` is the offset of the node in its text, for messages; it says nothing about meaning.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Protocol, TypeAlias

from msgspec import Struct


class Text(Struct, frozen=True):
    """A string literal."""

    value: str
    at: int = 0


class Number(Struct, frozen=True):
    """A whole or broken number."""

    value: int | float
    at: int = 0


class Truth(Struct, frozen=True):
    """`true` or `false`."""

    value: bool
    at: int = 0


class Null(Struct, frozen=True):
    """`NULL`: a value that is there and is nothing, unlike a missing field."""

    at: int = 0


class Name(Struct, frozen=True):
    """A field: one part, or several when the text quotes the parts of a path separately.

    A part may hold dots: `hits.foo` is one part that means a key `hits.foo`, or the key `foo`
    of the map `hits`.
    """

    path: tuple[str, ...]
    at: int = 0


class Items(Struct, frozen=True):
    """A list in parentheses or brackets."""

    items: tuple["Node", ...]
    at: int = 0


class Call(Struct, frozen=True):
    """A function with its arguments; the name is in lower case."""

    name: str
    args: tuple["Node", ...]
    at: int = 0

    @property
    def cases(self) -> tuple[tuple[tuple["Node", "Node"], ...], "Node | None"]:
        """The arguments of a choice: conditions with their values, and the value for none."""
        pairs = tuple(zip(self.args[::2], self.args[1::2], strict=False))
        return pairs, self.args[-1] if len(self.args) % 2 else None


class Not(Struct, frozen=True):
    """Negation; of an `Include` it has a meaning of its own."""

    arg: "Node"
    at: int = 0


class Minus(Struct, frozen=True):
    """A number with the sign turned."""

    arg: "Node"
    at: int = 0


class Exists(Struct, frozen=True):
    """Whether there is a value at all."""

    arg: "Node"
    at: int = 0


class Compare(Struct, frozen=True):
    """A comparison; `op` is one of `COMPARISONS`."""

    op: str
    left: "Node"
    right: "Node"
    at: int = 0


class Arithmetic(Struct, frozen=True):
    """A calculation; `op` is one of `+ - * / %`."""

    op: str
    left: "Node"
    right: "Node"
    at: int = 0


class Infix(Struct, frozen=True):
    """`a AND b AND c` or `a OR b`, which treats a missing side otherwise than a `Group` does."""

    op: str
    items: tuple["Node", ...]
    at: int = 0


class Between(Struct, frozen=True):
    """`value BETWEEN low AND high`, both ends excluded."""

    value: "Node"
    low: "Node"
    high: "Node"
    at: int = 0


class Group(Struct, frozen=True):
    """`AND (…)` or `OR (…)` over at least two items; `op` is `and` or `or`."""

    op: str
    items: tuple["Node", ...]
    at: int = 0


class Include(Struct, frozen=True):
    """Another filter, by name."""

    name: str
    at: int = 0


class Everything(Struct, frozen=True):
    """`*` or `match_all`: always true."""

    at: int = 0


class Question(Protocol):
    """What `Asked` asks; equal questions have equal hashes."""

    @property
    def reads(self) -> tuple[str, ...]:
        """The keys of the row that decide the answer."""

    @property
    def kinds(self) -> frozenset[str] | None:
        """The kinds that the answer may have, as fields have them; None for any."""

    def answer(self, row: Mapping[str, object], now: datetime, *edges: object) -> object:
        """Return the answer at `now`, None for no value; `edges` are since when and until when."""

    def is_exact(self, row: Mapping[str, object], now: datetime, *edges: object) -> bool:
        """Say whether the answer takes in all that happened, as against what is kept of it."""

    def turning_points(
        self,
        row: Mapping[str, object],
        after: int,
        *,
        of_start: bool,
        most: int | None = None,
    ) -> list[int]:
        """Return the seconds since 1970 after `after` at which an edge changes what counts, rising.

        It may change as the edge, the start of the window or else its end, reaches such a second.
        `most`: only so many of the earliest are asked for.
        """


class Asked(Struct, frozen=True):
    """A call that asks a row about its history: `edges` are since when and until when.

    `written` is the call in the text; its other arguments say what the events hold, not the row.
    """

    written: Call
    question: Question
    edges: tuple["Node", ...] = ()
    at: int = 0


Node: TypeAlias = (
    Text
    | Number
    | Truth
    | Null
    | Name
    | Items
    | Call
    | Not
    | Minus
    | Exists
    | Compare
    | Arithmetic
    | Infix
    | Between
    | Group
    | Include
    | Everything
    | Asked
)

EQUALITIES = ("==", "!=")
ORDERINGS = (">", ">=", "<", "<=")
MEMBERSHIPS = ("in", "intersects")
COMPARISONS = (*EQUALITIES, *ORDERINGS, "like", "contains", *MEMBERSHIPS)


def children(node: Node) -> tuple[Node, ...]:
    """Return the nodes directly under `node`, left to right."""
    match node:
        case Items(items=items) | Group(items=items) | Infix(items=items):
            return items
        case Call(args=args) | Asked(edges=args):
            return args
        case Not(arg=arg) | Minus(arg=arg) | Exists(arg=arg):
            return (arg,)
        case Compare(left=left, right=right) | Arithmetic(left=left, right=right):
            return (left, right)
        case Between(value=value, low=low, high=high):
            return (value, low, high)
        case _:
            return ()


def walk(node: Node) -> Iterator[Node]:
    """Yield `node` and all that is under it, parents first, left to right."""
    waiting = [node]
    while waiting:
        current = waiting.pop()
        yield current
        waiting.extend(reversed(children(current)))
