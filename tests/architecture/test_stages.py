"""Folders, import contracts and docs/architecture.md name the same parts of the product."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

NOT_THERE_YET = {"sftpd"}


@pytest.fixture(scope="session")
def contracts(root: Path) -> list[dict[str, Any]]:
    tables = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
    found: list[dict[str, Any]] = tables["tool"]["importlinter"]["contracts"]
    return found


def layers(contracts: list[dict[str, Any]], container: str) -> list[str]:
    """Return all names in the layers of one container, top first."""
    (contract,) = [one for one in contracts if container in one.get("containers", ())]
    return [name.strip(" ()") for layer in contract["layers"] for name in layer.split("|")]


def folders(path: Path) -> set[str]:
    return {item.name for item in path.iterdir() if (item / "__init__.py").exists()}


def told(root: Path, heading: str) -> list[str]:
    """Return the parts that a table of docs/architecture.md names in its first column."""
    text = (root / "docs" / "architecture.md").read_text("utf-8")
    section = text.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return re.findall(r"^\| `([a-z_/]+?)/?` \|", section, re.MULTILINE)


def test_stages_are_the_same_in_folders_contracts_and_docs(
    root: Path, contracts: list[dict[str, Any]]
) -> None:
    there = folders(root / "src" / "coterie" / "flow")

    assert set(layers(contracts, "coterie.flow")) == there
    assert sorted(told(root, "The way of an event")) == sorted(f"flow/{name}" for name in there)


def test_packages_are_the_same_in_folders_contracts_and_docs(
    root: Path, contracts: list[dict[str, Any]]
) -> None:
    there = folders(root / "src" / "coterie")
    listed = set(layers(contracts, "coterie")) - {"__main__"}

    assert listed - there <= NOT_THERE_YET
    assert there <= listed
    assert set(told(root, "Folders")) == there


def test_the_contracts_have_no_exceptions(contracts: list[dict[str, Any]]) -> None:
    assert not [one["name"] for one in contracts if "ignore_imports" in one]
