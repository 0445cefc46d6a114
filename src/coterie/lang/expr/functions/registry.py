"""What is known of a function: how it is called, what it promises, and the code that runs."""

import inspect
from collections.abc import Callable
from typing import TypeVar

from msgspec import Struct

from coterie.lang.expr.tree import Call

Check = Callable[[Call], str | None]
Run = TypeVar("Run", bound=Callable[..., object])
Row = object
# The default of an argument that may be left out, as against one that is missing in the data.
ABSENT: object = object()


class Function(Struct, frozen=True):
    """A function of the language.

    `run` takes the arguments' values, None for a missing one, and returns a value or None; it
    raises nothing. With `of_world` it takes the row of data and the instant before them.
    `clock` says how the answer may move with time: "" not at all, "dates" by date math in an
    argument, and where the date argument is left out "instant": it is the present, "calendar":
    it changes on full hours only, "other": in other ways.
    `check` looks at a call in a text and returns what is wrong with it.
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


class Catalogue(dict[str, Function]):
    """The functions of one module, by name."""

    def add(
        self,
        signature: str,
        *aliases: str,
        of_world: bool = False,
        clock: str = "",
        check: Check | None = None,
    ) -> Callable[[Run], Run]:
        """Return a decorator that enters a Python function under its name and its aliases."""

        def enter(run: Run) -> Run:
            name = signature.partition("(")[0]
            least, most = _count_parameters(run, skip=2 if of_world else 0)
            doc = inspect.cleandoc(run.__doc__ or "")
            for known_as in (name, *aliases):
                shown = signature.replace(name, known_as, 1)
                self[known_as] = Function(
                    known_as, run, shown, doc, least, most, of_world, clock, check
                )
            return run

        return enter


def _count_parameters(run: Callable[..., object], *, skip: int) -> tuple[int, int | None]:
    parameters = list(inspect.signature(run).parameters.values())[skip:]
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return sum(p.kind is not p.VAR_POSITIONAL for p in parameters), None
    return sum(p.default is p.empty for p in parameters), len(parameters)
