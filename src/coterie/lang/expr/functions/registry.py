"""What is known of a function: how it is called, what it promises, and the code that runs."""

import inspect
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TypedDict, TypeVar, Unpack

from msgspec import Struct

from coterie.lang.expr.tree import Call

Check = Callable[[Call], str | None]
Run = TypeVar("Run", bound=Callable[..., object])
Row = object
# The default of an argument that may be left out, as against one that is missing in the data.
ABSENT: object = object()
# The present of every example.
EXAMPLE_NOW = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)
NO_EVENT: Mapping[str, object] = {}


class Example(Struct, frozen=True):
    """A call with the value that it gives for an event; the reference page shows it.

    None is "no value". The present is `EXAMPLE_NOW`.
    """

    text: str
    value: object
    event: Mapping[str, object] = NO_EVENT


class Function(Struct, frozen=True):
    """A function of the language.

    `run` takes the arguments' values, None for a missing one, and returns a value or None; it
    raises nothing. With `of_world` it takes the row of data and the instant before them.
    `clock` says how the answer may move with time: "" not at all, "dates" by date math in an
    argument, and where the date argument is left out "instant": it is the present, "calendar":
    it changes on full hours only, "other": in other ways.
    `check` looks at a call in a text and returns what is wrong with it.
    `flip` is there where the answer moves with time in a way of its own: it takes the present
    before the arguments, and returns the next instant at which `run` answers otherwise.
    `of_text` gives what `run` answers to one argument if that is a text, whatever the row and the
    present; without that argument the answer is None then.
    `is_choice` says that the arguments are pairs of a condition and a value, then the value
    for none of them; only the value that is chosen is ever looked at, and `run` is never called.
    """

    name: str
    run: Callable[..., object]
    signature: str
    doc: str
    least: int
    most: int | None
    of_world: bool = False
    clock: str = ""
    check: Check | None = None
    flip: Callable[..., datetime | None] | None = None
    of_text: Callable[[str], object] | None = None
    is_choice: bool = False
    example: Example | None = None

    def find_fault(self, call: Call) -> str | None:
        """Return what is wrong with the arguments of a call, or None."""
        count = len(call.args)
        if count < self.least or (self.most is not None and count > self.most):
            return f"{self.signature} takes {self._counts()}, not {count}"
        return self.check(call) if self.check else None

    def _counts(self) -> str:
        if self.most is None:
            return f"at least {self.least} arguments"
        if self.most == self.least:
            return "1 argument" if self.least == 1 else f"{self.least} arguments"
        return f"{self.least} to {self.most} arguments"


class Traits(TypedDict, total=False):
    """What `Function` says of a function beyond its signature."""

    of_world: bool
    clock: str
    check: Check | None
    flip: Callable[..., datetime | None] | None
    of_text: Callable[[str], object] | None
    is_choice: bool
    example: Example


class Catalogue(dict[str, Function]):
    """The functions of one module, by name."""

    def add(self, signature: str, *aliases: str, **traits: Unpack[Traits]) -> Callable[[Run], Run]:
        """Return a decorator that enters a Python function under its name and its aliases."""

        def enter(run: Run) -> Run:
            name = signature.partition("(")[0]
            least, most = _count_parameters(run, skip=2 if traits.get("of_world") else 0)
            doc = inspect.cleandoc(run.__doc__ or "")
            for known_as in (name, *aliases):
                self[known_as] = Function(
                    name=known_as,
                    run=run,
                    signature=signature.replace(name, known_as, 1),
                    doc=doc,
                    least=least,
                    most=most,
                    **traits,
                )
            return run

        return enter


def _count_parameters(run: Callable[..., object], *, skip: int) -> tuple[int, int | None]:
    parameters = list(inspect.signature(run).parameters.values())[skip:]
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return sum(p.kind is not p.VAR_POSITIONAL for p in parameters), None
    return sum(p.default is p.empty for p in parameters), len(parameters)
