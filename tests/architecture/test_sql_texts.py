"""SQL stands in files under a name with a reason; no text of a user ever becomes part of it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.architecture.conftest import Module

FILES = sorted((Path(__file__).parents[2] / "src" / "coterie" / "store" / "sql").glob("*.sql"))
NAME = re.compile(r"^-- name: (\w+)")
RUNS_SQL = {"execute", "executemany", "copy", "stream"}
STORE = "src/coterie/store/"
DOORS = ("api", "cli", "console", "sender", "sftpd", "worker")


def queries_in(file: Path) -> list[str]:
    return [
        found[1] for line in file.read_text("utf-8").splitlines() if (found := NAME.match(line))
    ]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_query_says_why(file: Path) -> None:
    lines = file.read_text("utf-8").splitlines()

    silent = [
        found[1]
        for line, after in zip(lines, [*lines[1:], ""], strict=True)
        if (found := NAME.match(line)) and not re.match(r"-- \S.{4,}", after)
    ]

    assert not silent, "write a line of why below the name"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_query_is_used(file: Path, product: list[Module]) -> None:
    words = {word for module in product for word in re.findall(r"\.(\w+)", module.text)}

    unused = [name for name in queries_in(file) if name not in words]

    assert not unused, "delete these queries"


def calls(module: Module) -> Iterator[tuple[str, ast.expr, int]]:
    """Yield the name of each called method with its first argument and line."""
    for node in ast.walk(module.tree()):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
            yield node.func.attr, node.args[0], node.lineno


def test_no_sql_is_put_together_from_texts(product: list[Module]) -> None:
    found = [
        f"{module.name}:{line}"
        for module in product
        for method, text, line in calls(module)
        if (method in RUNS_SQL and _is_composed(text))
        or (method in {"SQL", "Composed"} and not isinstance(text, ast.Constant))
    ]

    assert not found, "values are parameters, names go through psycopg.sql.Identifier"


def test_sql_stands_in_the_store_only(product: list[Module]) -> None:
    found = [
        f"{module.name}:{line}"
        for module in product
        for method, text, line in calls(module)
        if method in RUNS_SQL and isinstance(text, ast.Constant)
        if not module.name.startswith(STORE)
    ]

    assert not found, "give the statement a name in store/sql"


def test_doors_run_no_sql(product: list[Module]) -> None:
    doors = tuple(f"src/coterie/{door}/" for door in DOORS)

    found = [
        f"{module.name}:{line}"
        for module in product
        if module.name.startswith(doors)
        for method, _, line in calls(module)
        if method in {"execute", "executemany", "load_queries"}
    ]

    assert not found, "call one function of flow or control"


def test_the_worker_takes_no_more_than_transactions_from_the_store(product: list[Module]) -> None:
    # The one door that may import the store; see docs/decisions/0010.
    allowed = {"Connection", "Store", "StoreUnavailableError", "StoreConflictError"}
    allowed |= {"store_errors", "share_fence", "close_fence", "relax_commit", "relax_commits"}

    taken = {
        name.name
        for module in product
        if module.name.startswith("src/coterie/worker/")
        for node in ast.walk(module.tree())
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("coterie.store")
        for name in node.names
    }

    assert taken <= allowed


def _is_composed(text: ast.expr) -> bool:
    """Say whether an expression builds a text: f"", a + b, a % b, a.format()."""
    if isinstance(text, ast.JoinedStr | ast.BinOp):
        return True
    if isinstance(text, ast.Call) and isinstance(text.func, ast.Attribute):
        inner = text.func.value
        if text.func.attr == "format":
            return isinstance(inner, ast.Constant | ast.JoinedStr)
        return _is_composed(inner)
    return False
