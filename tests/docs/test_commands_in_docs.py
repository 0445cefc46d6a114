"""Every command that the docs show can be typed."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from tests.docs.conftest import ROOT, Page, read_pages

from coterie.cli.commands import build_app

SHELL = {"sh", "bash", "console"}
# In prose a command stands alone between backticks; … and <placeholders> leave something open.
INLINE = re.compile(r"`(coterie [^`\n]+)`")
OPEN = re.compile(r"…|<[^>]+>|\.\.\.|\b[A-Z]{2,}\b")
MAKE = re.compile(r"\bmake ([a-z]+)\b")


def shell_lines(page: Page) -> Iterator[str]:
    for fence in page.fences():
        if fence.language in SHELL:
            text = fence.text.replace("\\\n", " ")
            yield from (line.removeprefix("$ ").strip() for line in text.splitlines())


def commands(line: str) -> Iterator[list[str]]:
    """Yield the words of each `coterie …` in a line, without what a shell takes for itself."""
    try:
        words = shlex.split(line, comments=True)
    except ValueError:
        words = []
    while "coterie" in words:
        start = words.index("coterie") + 1
        end = next(
            (n for n in range(start, len(words)) if words[n] in {"|", "&&", ";", ">", "<"}),
            len(words),
        )
        yield words[start:end]
        words = words[end:]


def find_command(words: list[str]) -> tuple[Any, list[str]]:
    """Return the command that `words` name, with the words that are left for it."""
    found: Any = typer.main.get_command(build_app())
    while words and not words[0].startswith("-") and hasattr(found, "commands"):
        assert words[0] in found.commands, f"there is no command {words[0]!r}"
        found, words = found.commands[words[0]], words[1:]
    return found, words


def test_the_pages_show_commands(pages: list[Page]) -> None:
    shown = [words for page in pages for line in shell_lines(page) for words in commands(line)]

    assert len(shown) > 10


@pytest.mark.parametrize("page", read_pages(), ids=lambda page: page.name)
def test_commands_in_blocks_parse(page: Page) -> None:
    for line in shell_lines(page):
        for words in commands(line):
            command, rest = find_command(words)
            if "--help" in rest:
                continue

            # Parsing checks names, types and what is required; nothing is run.
            command.make_context("coterie", rest)


@pytest.mark.parametrize("page", read_pages(), ids=lambda page: page.name)
def test_commands_in_prose_exist(page: Page) -> None:
    for text in INLINE.findall(page.prose()):
        words = [word for word in OPEN.sub("", text).split()[1:] if word]
        command, rest = find_command(words)

        options = {
            name for param in command.params for name in [*param.opts, *param.secondary_opts]
        }
        for word in rest:
            if word.startswith("--"):
                assert word.partition("=")[0] in {*options, "--help"}, f"{text}: {word}"


@pytest.mark.parametrize("page", read_pages(), ids=lambda page: page.name)
def test_make_targets_exist(page: Page) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    code = [*shell_lines(page), *re.findall(r"`(make [^`\n]+)`", page.prose())]

    named = {target for line in code for target in MAKE.findall(line.split("#")[0])}

    assert named <= targets


@pytest.mark.parametrize("page", read_pages(), ids=lambda page: page.name)
def test_files_that_prose_names_exist(page: Page) -> None:
    here = (ROOT, ROOT / "src" / "coterie", page.path.parent)
    named = re.findall(
        r"`([a-z_.]+(?:/[a-z_0-9.*]+)+(?:\.(?:py|sql|json|toml|in|txt)))`", page.prose()
    )

    missing = [
        name
        for name in named
        if not any(list(Path(root).glob(name)) for root in here if root.exists())
    ]

    assert not missing
