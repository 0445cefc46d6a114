"""Lets several commands take the same options, which are written down once."""

import functools
import inspect
from collections.abc import Callable, Collection
from typing import Any, get_type_hints

Command = Callable[..., None]


def takes(
    read: Callable[..., Any], *, into: str, but: Collection[str] = ()
) -> Callable[[Command], Command]:
    """Let a command have the parameters of `read`, `but` some, in place of its parameter `into`.

    The command gets what `read` returns for them. Parameters keep their order and their help;
    those that are left out have their defaults.
    """
    added = [each for each in _parameters(read) if each.name not in but]

    def decorate(command: Command) -> Command:
        own = _parameters(command)
        names = [each.name for each in added]
        parameters = [one for each in own for one in (added if each.name == into else [each])]

        @functools.wraps(command)
        def run(**given: Any) -> None:
            shared = {name: given.pop(name) for name in names}
            command(**given, **{into: read(**shared)})

        signature = inspect.Signature(parameters)
        # What the command line is made from, in place of the function's own.
        run.__dict__["__signature__"] = signature
        run.__annotations__ = {each.name: each.annotation for each in parameters}
        return run

    return decorate


def _parameters(function: Callable[..., Any]) -> list[inspect.Parameter]:
    hints = get_type_hints(function, include_extras=True)
    return [
        each.replace(kind=inspect.Parameter.KEYWORD_ONLY, annotation=hints[each.name])
        for each in inspect.signature(function).parameters.values()
    ]
