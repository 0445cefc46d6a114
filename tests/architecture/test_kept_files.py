"""What is kept under version control names no machine and no registry."""

import re
import tomllib
from pathlib import Path

import pytest

PLACES = re.compile(
    r"""(?<![\w.$}/-])/(?:work|farm|workspace|mnt|root)/"""
    r"""|(?<![\w.$}/-])/(?:home|Users)/(?!user\b|coterie\b)[a-z]"""
)
REGISTRIES = re.compile(
    r"pypi\.org/simple|--(?:extra-)?index-url|--find-links|--trusted-host|files\.pythonhosted"
    r"|index-url\s*=|registry\.npmjs",
)
PINNED = re.compile(r"^[A-Za-z0-9._-]+(?:\[[a-z,]+\])?==[^ \\]+(?: ; [^\\]+)? \\?$")


def texts(files: list[Path]) -> dict[Path, str]:
    found: dict[Path, str] = {}
    for path in files:
        try:
            found[path] = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
    return found


def test_no_file_names_a_place_on_somebodys_machine(kept_files: list[Path], root: Path) -> None:
    found = {
        f"{path.relative_to(root)}: {match[0]}"
        for path, text in texts(kept_files).items()
        if path != Path(__file__)
        for match in PLACES.finditer(text)
    }

    assert not found


def test_no_file_names_a_registry(kept_files: list[Path], root: Path) -> None:
    found = {
        f"{path.relative_to(root)}: {match[0]}"
        for path, text in texts(kept_files).items()
        if path != Path(__file__)
        for match in REGISTRIES.finditer(text)
    }

    assert not found


@pytest.mark.parametrize("name", ["run", "dev", "demo"])
def test_requirements_are_pinned_with_hashes(root: Path, name: str) -> None:
    lines = (root / "requirements" / f"{name}.txt").read_text("utf-8").splitlines()
    entries = "\n".join(line for line in lines if not line.lstrip().startswith("#"))
    packages = re.split(r"\n(?=\S)", entries.strip())

    loose = [
        package.splitlines()[0]
        for package in packages
        if not PINNED.match(package.splitlines()[0]) or "--hash=sha256:" not in package
    ]

    assert packages
    assert not loose


def test_the_changelog_speaks_of_the_version_in_pyproject(root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    versions = re.findall(
        r"^## \[(\d+\.\d+\.\d+)\]", (root / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE
    )

    assert versions[0] == project["version"]


def test_the_ci_script_is_executable(root: Path) -> None:
    script = root / ".ci" / "run"

    assert script.stat().st_mode & 0o111
    assert script.read_text("utf-8").startswith("#!/usr/bin/env bash\n")
