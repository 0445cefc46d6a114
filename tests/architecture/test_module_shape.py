"""Modules stay small, say what they are for, and have names that say it too."""

import ast
from collections import Counter
from pathlib import Path

import pytest
from tests.architecture.conftest import Module

MOST_LINES = 400
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "misc"}
# What a person calls catching everything: the four loops that must go on, and the two doors that
# must answer.
CATCH_ALL = {
    "src/coterie/worker/loop.py",
    "src/coterie/worker/jobs.py",
    "src/coterie/worker/housekeeping.py",
    "src/coterie/sender/loop.py",
    "src/coterie/api/collect.py",
    "src/coterie/api/reads.py",
}


def test_no_module_is_longer_than_400_lines(modules: list[Module]) -> None:
    lengths = {module.name: module.text.count("\n") for module in modules}

    too_long = {name: lines for name, lines in lengths.items() if lines > MOST_LINES}

    assert not too_long, "divide these modules by what they do"


def test_every_module_says_what_it_is_for(modules: list[Module]) -> None:
    # A test's name is its promise, so the sandbox's own tests need no more.
    said = [module for module in modules if "/tests/" not in f"/{module.name}"]

    silent = [module.name for module in said if not ast.get_docstring(module.tree())]

    assert not silent, "write the module's job as its docstring"


def test_no_module_has_a_name_that_says_nothing(modules: list[Module]) -> None:
    parts = {module.name: Path(module.name).with_suffix("").parts for module in modules}

    found = [
        name
        for name, words in parts.items()
        if EMPTY_NAMES & {word.strip("_").removeprefix("test_") for word in words}
    ]

    assert not found, "name a module after what it does"


@pytest.mark.parametrize("source", ["src", "packages/braze-sandbox/src"])
def test_every_folder_of_modules_is_a_package(root: Path, source: str) -> None:
    folders = {path.parent for path in (root / source).rglob("*.py")} - {root / source}

    bare = sorted(
        folder.relative_to(root).as_posix()
        for folder in folders
        if not (folder / "__init__.py").exists()
    )

    assert not bare, "without __init__.py the import contracts do not see these folders"


def test_test_folders_are_no_packages_and_test_files_have_names_of_their_own(
    modules: list[Module],
) -> None:
    tests = [Path(module.name) for module in modules if "/tests/" in f"/{module.name}"]

    packages = sorted(str(path) for path in tests if path.name == "__init__.py")
    names = Counter(path.name for path in tests if path.name.startswith("test_"))

    assert not packages
    assert not {name for name, count in names.items() if count > 1}


def test_only_loops_and_doors_catch_every_error(product: list[Module]) -> None:
    found = {
        module.name
        for module in product
        for node in ast.walk(module.tree())
        if isinstance(node, ast.ExceptHandler) and _catches_all(node) and not _reraises(node)
    }

    assert found <= CATCH_ALL, "catch what you expect; the rest must be seen"


def _catches_all(handler: ast.ExceptHandler) -> bool:
    kind = handler.type
    return kind is None or (
        isinstance(kind, ast.Name) and kind.id in {"Exception", "BaseException"}
    )


def _reraises(handler: ast.ExceptHandler) -> bool:
    """Say whether the handler only tidies up and lets the error go on."""
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None
