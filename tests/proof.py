"""Writes what `make prove` found as a page of the documentation: `python -m tests.proof`.

Reads the JUnit report of the run and says, test by test, over how many seeds it held.
"""

import os
import platform
import subprocess
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree as ET

from msgspec import Struct

REPORT = Path("test-results/prove.xml")
PAGE = Path("docs/explanation/proof.md")
HEAD = """# What was proven, and when

`make prove` runs what is too long for `make test`: every seed, long runs and full sizes. This page
is its report, written by the run itself.

"""


class Case(Struct, frozen=True):
    """One run of one test. `test` is its name without the seed; `seconds` includes set-up."""

    test: str
    outcome: str
    seconds: float


def read_cases(report: Path) -> list[Case]:
    """Return the runs that a JUnit report tells of; raises FileNotFoundError without one."""
    # The file was written by this project's own run a moment ago.
    suite = ET.parse(report).getroot()  # noqa: S314
    return [_case(element) for element in suite.iter("testcase")]


def render_page(cases: Sequence[Case], *, about: str) -> str:
    """Return the page: a line about the run, then a row a test."""
    rows = [_row(test, [case for case in cases if case.test == test]) for test in _tests(cases)]
    head = "| Test | Runs | Passed | Seconds |\n| --- | --- | --- | --- |\n"
    return f"{HEAD}{about}\n\n{head}{''.join(rows)}"


def _case(element: ET.Element) -> Case:
    name = element.get("name", "").partition("[")[0].removeprefix("test_").replace("_", " ")
    troubles = [child.tag for child in element if child.tag in ("failure", "error", "skipped")]
    outcome = troubles[0] if troubles else "passed"
    return Case(name, outcome, float(element.get("time", "0")))


def _tests(cases: Iterable[Case]) -> list[str]:
    return sorted({case.test for case in cases})


def _row(test: str, cases: Sequence[Case]) -> str:
    passed = sum(case.outcome == "passed" for case in cases)
    seconds = sum(case.seconds for case in cases)
    return f"| {test} | {len(cases)} | {passed} | {seconds:,.0f} |\n"


def _describe_run(now: datetime) -> str:
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    cores = os.cpu_count()
    python = platform.python_version()
    return f"Run on {now:%Y-%m-%d} at commit `{commit}`, {cores} cores, Python {python}."


def main() -> None:
    """Write the page; exit with 1 when a run did not pass."""
    cases = read_cases(REPORT)
    # A page's date is the one thing here that comes from outside.
    PAGE.write_text(render_page(cases, about=_describe_run(datetime.now(UTC))), "utf-8")
    failed = [case.test for case in cases if case.outcome != "passed"]
    sys.stdout.write(f"{PAGE}: {len(cases) - len(failed)} of {len(cases)} runs passed\n")
    sys.exit(1 if failed or not cases else 0)


if __name__ == "__main__":
    main()
