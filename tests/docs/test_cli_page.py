"""docs/reference/cli.md says what the command `coterie` offers."""

from collections.abc import Callable, Iterator
from typing import Any

import typer

from coterie.cli.commands import build_app

INTRODUCTION = """\
# Commands

`coterie COMMAND --help` says the same. Commands that work on data need a running database: the one
that `COTERIE_DATABASE_URL` names, or the one that `coterie up` runs on `COTERIE_DATA_DIR` (see
[settings](settings.md)). They end with 0, with 2 if the input must change, else with 1.

This page is made from the code: see [contributing](../../CONTRIBUTING.md#golden-files).
"""


def commands(found: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield every command and group below `found`, in the order in which help shows them."""
    for name, inner in found.commands.items():
        if not inner.hidden:
            yield (*path, name), inner
            if hasattr(inner, "commands"):
                yield from commands(inner, (*path, name))


def usage(path: tuple[str, ...], command: Any) -> str:
    arguments = [
        param.name.upper() if param.required else f"[{param.name.upper()}]"
        for param in command.params
        if param.param_type_name == "argument"
    ]
    return " ".join([*path, *arguments])


def rows(command: Any) -> Iterator[str]:
    for param in command.params:
        if param.hidden or param.name == "help":
            continue
        is_option = param.param_type_name == "option"
        names = [*param.opts, *param.secondary_opts] if is_option else [param.name.upper()]
        shown = ", ".join(f"`{name}`" for name in names)
        meaning = (param.help or "").replace("|", "\\|")
        yield f"| {shown} | {_default(param)} | {meaning} |\n"


def _default(param: Any) -> str:
    if param.required:
        return "required"
    if isinstance(param.default, bool):
        return (
            ""
            if not param.secondary_opts
            else f"`{(param.opts if param.default else param.secondary_opts)[0]}`"
        )
    return f"`{param.default}`" if param.default not in (None, "", (), []) else ""


def section(path: tuple[str, ...], command: Any) -> str:
    help_text = (command.help or "").strip()
    if hasattr(command, "commands"):
        return f"\n## {' '.join(path)}\n\n{help_text}\n"
    level = "##" if len(path) == 2 else "###"
    table = "".join(rows(command))
    if table:
        table = "\n| | Default | Meaning |\n| --- | --- | --- |\n" + table
    return f"\n{level} {usage(path, command)}\n\n{help_text}\n{table}"


def test_the_page_names_every_command_with_its_options(
    compare: Callable[[str, str], None],
) -> None:
    root = typer.main.get_command(build_app())

    sections = [section(path, command) for path, command in commands(root, ("coterie",))]

    compare("docs/reference/cli.md", INTRODUCTION + "".join(sections))
