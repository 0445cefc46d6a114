"""docs/reference/functions.md names every function, with an example that runs."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from types import NoneType, UnionType
from typing import Union, get_args, get_origin, get_type_hints

import pytest

from coterie.lang.expr.bounds import (
    LARGEST_PATTERN,
    LONGEST_AGENT,
    LONGEST_DOCUMENT,
    LONGEST_RESULT,
    MOST_CASES,
    MOST_PATTERNS,
)
from coterie.lang.expr.check import check_calls
from coterie.lang.expr.functions import CATALOGUES, FUNCTIONS
from coterie.lang.expr.functions.registry import EXAMPLE_NOW, Example, Function
from coterie.lang.expr.interpret import World, evaluate
from coterie.lang.expr.limits import MAX_PATTERN
from coterie.lang.expr.parser import parse_expression
from coterie.lang.lql import MappingRule, compile_mapping

INTRODUCTION = f"""\
# Functions

The functions of LQL and FilterQL. In a mapping they read the fields of an event, in a filter
those of a profile. Names are read in any case; an argument in brackets may be left out, and `...`
says that more arguments of the kind may follow.

**No value.** A function that is given nothing, or what it cannot use, has no value: the profile's
field is not set, and a comparison with it is answered as one with a missing field. It is never an
error. Where a function answers something else for a missing argument, its text says so.

**Time.** "Now" is the time at which the event was received in a mapping, and the present in a
filter. A function changes with time only where its text has a line *Clock*.

**Limits.** A text that a function puts together has at most {LONGEST_RESULT:,} characters, a JSON
text that it reads {LONGEST_DOCUMENT:,}, a user agent {LONGEST_AGENT:,}, and it is held against
{MOST_PATTERNS:,} patterns: beyond that there is no value. A pattern has at most {MAX_PATTERN:,}
characters and becomes a machine of at most {LARGEST_PATTERN:,} steps, an `ifcase` has at most
{MOST_CASES} conditions: beyond that the text is refused when it is saved. Regular expressions are
those of [RE2](https://github.com/google/re2/wiki/Syntax), whose time grows with the text and no
faster.

Examples are evaluated at `{EXAMPLE_NOW:%Y-%m-%dT%H:%M:%SZ}`. This page is made from the code, and
a test runs every example: see [contributing](../../CONTRIBUTING.md#golden-files). What differs
from Lytics is on a [page of its own](lytics-differences.md).
"""
CLOCKS = {
    "dates": 'date math in an argument, such as `"now-3d"`, counts from now.',
    "instant": "it is now.",
    "calendar": "without an argument, or with date math, it changes on a full hour.",
    "other": "without its last argument it takes now; a filter has to give that argument.",
}
GIVES: dict[object, str] = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    datetime: "a date",
    list[str]: "a list of texts",
    list[datetime]: "a list of dates",
    dict[str, int]: "a map of whole numbers",
    dict[str, str]: "a map of texts",
}
OWN_CLOCK = "it changes by itself, at instants that are foretold exactly."


def entries() -> Iterator[tuple[str, Function, list[str]]]:
    """Yield group, function and its other names, in the order of the page."""
    for group, modules in CATALOGUES.items():
        for module in modules:
            names: dict[Callable[..., object], list[str]] = {}
            for name, function in module.CATALOGUE.items():
                names.setdefault(function.run, []).append(name)
            for first, *others in names.values():
                yield group, FUNCTIONS[first], others


def example_of(function: Function) -> Example:
    assert function.example is not None, f"{function.name} needs an example"
    return function.example


def show(value: object) -> str:
    """Return a value as JSON, a date as its ISO text."""
    if value is None:
        return "no value"
    return json.dumps(value, ensure_ascii=False, default=_show_date)


def _show_date(value: object) -> str:
    assert isinstance(value, datetime)
    return value.isoformat().replace("+00:00", "Z")


def gives(function: Function) -> str:
    """Return what a function promises by the type of what its code returns."""
    promised = get_type_hints(function.run)["return"]
    parts = get_args(promised) if get_origin(promised) in (Union, UnionType) else (promised,)
    told = [GIVES.get(part, "") for part in parts if part is not NoneType]
    return f" gives {' or '.join(told)}" if all(told) else ""


def section(function: Function, others: list[str]) -> str:
    example = example_of(function)
    also = f"Also `{'`, `'.join(others)}`. " if others else ""
    clock = OWN_CLOCK if function.flip is not None else CLOCKS.get(function.clock)
    lines = [
        f"### {function.name}",
        "",
        f"`{function.signature}`{gives(function)}",
        "",
        f"{also}{function.doc}",
    ]
    if clock is not None:
        lines += ["", f"*Clock:* {clock}"]
    shown = [example.text, f"→ {show(example.value)}"]
    if example.event:
        shown.insert(0, show(dict(example.event)))
    return "\n".join([*lines, "", "```text", *shown, "```", ""])


@pytest.mark.parametrize(
    "function", [function for _, function, _ in entries()], ids=lambda function: function.name
)
def test_the_example_has_the_value_that_it_shows(function: Function) -> None:
    example = example_of(function)
    tree = parse_expression(example.text)
    check_calls(tree, example.text)

    defined = evaluate(tree, World(example.event, EXAMPLE_NOW))
    mapped = compile_mapping([MappingRule("x", example.text)]).apply(example.event, EXAMPLE_NOW)

    assert (defined, type(defined)) == (example.value, type(example.value))
    assert mapped == ([] if example.value is None else [(0, example.value)])


def test_the_page_tells_of_every_function(compare: Callable[[str, str], None]) -> None:
    page, group = [INTRODUCTION], ""
    for name, function, others in entries():
        if name != group:
            group = name
            page.append(f"## {group}\n")
        page.append(section(function, others))

    compare("docs/reference/functions.md", "\n".join(page).rstrip("\n") + "\n")
