"""What the architecture tests look at: the sources as they are kept under version control."""

import ast
import subprocess
from pathlib import Path

import msgspec
import pytest

ROOT = Path(__file__).parents[2]
SOURCES = ("src", "packages", "tests", "bench", "demo")
NOTED_LINES = 300


class Module(msgspec.Struct, frozen=True):
    """A Python file: `name` is its path from the project's folder, with forward slashes."""

    name: str
    text: str

    def tree(self) -> ast.Module:
        return ast.parse(self.text, filename=self.name)


def read_modules() -> list[Module]:
    return [
        Module(path.relative_to(ROOT).as_posix(), path.read_text("utf-8"))
        for folder in SOURCES
        for path in sorted((ROOT / folder).rglob("*.py"))
    ]


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def modules() -> list[Module]:
    """Every Python file of ours, tests included."""
    return read_modules()


@pytest.fixture(scope="session")
def product(modules: list[Module]) -> list[Module]:
    """The Python files of the product."""
    return [module for module in modules if module.name.startswith("src/coterie/")]


@pytest.fixture(scope="session")
def kept_files() -> list[Path]:
    """All files that are, or would be, under version control."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"git does not list the files here: {error}")
    names = [name for name in listed.stdout.decode().split("\0") if name]
    return [path for name in names if (path := ROOT / name).is_file()]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the modules that grow towards the limit, while it is still easy to divide them."""
    for module in read_modules():
        lines = module.text.count("\n")
        if lines > NOTED_LINES:
            terminalreporter.write_line(f"over {NOTED_LINES} lines: {module.name} ({lines})")
