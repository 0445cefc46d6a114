"""The pages that the docs tests read, and a way to rewrite those that are made from the code."""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

ROOT = Path(__file__).parents[2]
UPDATE = os.environ.get("COTERIE_TEST_UPDATE_DOCS") == "1"
FENCE = re.compile(r"^```([a-z]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Fence(msgspec.Struct, frozen=True):
    """A block of code in a page: `line` is that of its first line."""

    language: str
    text: str
    line: int


class Page(msgspec.Struct, frozen=True):
    """A Markdown file: `name` is its path from the project's folder."""

    name: str
    text: str

    @property
    def path(self) -> Path:
        return ROOT / self.name

    def fences(self) -> Iterator[Fence]:
        for found in FENCE.finditer(self.text):
            line = self.text.count("\n", 0, found.start()) + 2
            yield Fence(found[1], found[2], line)

    def prose(self) -> str:
        """Return the page without its blocks of code."""
        return FENCE.sub("", self.text)


def read_pages() -> list[Page]:
    files = [
        *sorted(ROOT.glob("*.md")),
        *sorted((ROOT / "docs").rglob("*.md")),
        *sorted((ROOT / "packages").glob("*/README.md")),
    ]
    return [Page(path.relative_to(ROOT).as_posix(), path.read_text("utf-8")) for path in files]


@pytest.fixture(scope="session")
def pages() -> list[Page]:
    return read_pages()


@pytest.fixture(scope="session")
def compare() -> Callable[[str, str], None]:
    """Return a check that a page holds a text; COTERIE_TEST_UPDATE_DOCS=1 writes it instead."""

    def check(name: str, expected: str) -> None:
        path = ROOT / name
        if UPDATE:
            path.write_text(expected, "utf-8")
        assert path.read_text("utf-8") == expected, (
            f"{name} is not what the code says: rewrite it with COTERIE_TEST_UPDATE_DOCS=1"
        )

    return check
