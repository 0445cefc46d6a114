"""The clock, chance, the environment and mocks stay in their homes."""

import ast
from collections.abc import Iterator

import pytest
from tests.architecture.conftest import Module

# What is banned, by the dotted name under which it is used, with the files that may.
CLOCK = {"src/coterie/base/clock.py", "packages/braze-sandbox/src/braze_sandbox/clock.py"}
ENVIRONMENT = (
    "src/coterie/app/",
    "src/coterie/cli/",
    "packages/braze-sandbox/src/braze_sandbox/cli.py",
    # PostgreSQL's programs inherit the environment, less what would sway them.
    "src/coterie/store/initialise.py",
)
TELLS_TIME = {
    "datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.time_ns",
    "datetime.datetime.now", "datetime.date.today",
}  # fmt: skip
READS_ENVIRONMENT = {"os.environ", "os.getenv", "os.putenv"}
SHIPPED = ("src/", "packages/braze-sandbox/src/")


@pytest.fixture(scope="session")
def shipped(modules: list[Module]) -> list[Module]:
    return [module for module in modules if module.name.startswith(SHIPPED)]


def dotted_names(tree: ast.AST) -> Iterator[str]:
    """Yield `a.b.c` for every chain of attributes that starts at a name."""
    for node in ast.walk(tree):
        parts: list[str] = []
        inner: ast.AST = node
        while isinstance(inner, ast.Attribute):
            parts.append(inner.attr)
            inner = inner.value
        if parts and isinstance(inner, ast.Name):
            yield ".".join([inner.id, *reversed(parts)])


def test_only_the_clock_tells_the_time(shipped: list[Module]) -> None:
    found = {
        module.name
        for module in shipped
        if TELLS_TIME & set(dotted_names(module.tree())) and module.name not in CLOCK
    }

    assert not found, "take `now` or a Clock as an argument"


def test_only_the_composition_root_and_the_shell_read_the_environment(
    shipped: list[Module],
) -> None:
    found = {
        module.name
        for module in shipped
        if READS_ENVIRONMENT & set(dotted_names(module.tree()))
        and not module.name.startswith(ENVIRONMENT)
    }

    assert not found, "take a mapping or Settings as an argument"


def test_nothing_draws_from_the_shared_random_numbers(shipped: list[Module]) -> None:
    drawn = {"random", "randint", "choice", "choices", "shuffle", "sample", "uniform", "randrange"}
    shared = {f"random.{name}" for name in drawn}

    found = {module.name for module in shipped if shared & set(dotted_names(module.tree()))}

    assert not found, "take a random.Random as an argument"


def test_no_one_uses_mocks(modules: list[Module]) -> None:
    found = {
        module.name
        for module in modules
        for node in ast.walk(module.tree())
        if (isinstance(node, ast.ImportFrom) and (node.module or "").startswith("unittest"))
        or (isinstance(node, ast.Import) and any("mock" in name.name for name in node.names))
    }

    assert not found, "use the real thing, or a fake that passes the contract suite"
