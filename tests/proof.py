"""Writes what `make prove` found as a page of the documentation: `python -m tests.proof`.

Reads the JUnit report of the run and says, test by test, over how many seeds it held. A run of a
part (`make prove PART=...`) renews the rows of its tests and leaves those of other tests, each of
which says at which commit it was run.
"""

import os
import platform
import subprocess
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree as ET

from msgspec import Struct

REPORT = Path("test-results/prove.xml")
PAGE = Path("docs/explanation/proof.md")
HEAD = """# What was proven, and when

`make prove` runs what is too long for `make test`: every seed, long runs and full sizes. This page
is its report, written by the runs themselves. A run may take a part of the tests
(`make prove PART=tests/e2e/test_crash.py`), so each row says when and at which commit it was run.

| Test | Runs | Passed | Seconds | Date | Commit |
| --- | --- | --- | --- | --- | --- |
"""


class Case(Struct, frozen=True):
    """One run of one test. `test` is its name without the seed; `seconds` includes set-up."""

    test: str
    outcome: str
    seconds: float


class Row(Struct, frozen=True):
    """What the page says of one test; `date` and `commit` as they are written there."""

    test: str
    runs: int
    passed: int
    seconds: int
    date: str
    commit: str


def read_cases(report: Path) -> list[Case]:
    """Return the runs that a JUnit report tells of; raises FileNotFoundError without one."""
    # The file was written by this project's own run a moment ago.
    suite = ET.parse(report).getroot()  # noqa: S314
    return [_case(element) for element in suite.iter("testcase")]


def rows_of(cases: Iterable[Case], *, date: str, commit: str) -> list[Row]:
    """Return a row for each test; its seeds count together."""
    of_test: dict[str, list[Case]] = {}
    for case in cases:
        of_test.setdefault(case.test, []).append(case)
    return [
        Row(
            test,
            len(runs),
            sum(run.outcome == "passed" for run in runs),
            round(sum(run.seconds for run in runs)),
            date,
            commit,
        )
        for test, runs in of_test.items()
    ]


def read_page(text: str) -> list[Row]:
    """Return the rows of a page that `render_page` wrote."""
    rows: list[Row] = []
    for line in text.removeprefix(HEAD).splitlines():
        test, runs, passed, seconds, date, commit = line.strip("| ").split(" | ")
        counted = int(seconds.replace(",", ""))
        rows.append(Row(test, int(runs), int(passed), counted, date, commit.strip("`")))
    return rows


def render_page(before: Iterable[Row], found: Iterable[Row]) -> str:
    """Return the page: of tests that were run now, what was found; of others, what was before."""
    rows = {row.test: row for row in (*before, *found)}
    return HEAD + "".join(_line(row) for _, row in sorted(rows.items()))


def _line(row: Row) -> str:
    counts = f"{row.runs} | {row.passed} | {row.seconds:,}"
    return f"| {row.test} | {counts} | {row.date} | `{row.commit}` |\n"


def _case(element: ET.Element) -> Case:
    name = element.get("name", "").partition("[")[0].removeprefix("test_").replace("_", " ")
    troubles = [child.tag for child in element if child.tag in ("failure", "error", "skipped")]
    outcome = troubles[0] if troubles else "passed"
    return Case(name, outcome, float(element.get("time", "0")))


def _commit() -> str:
    return subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True
    ).stdout.strip()


def main() -> None:
    """Write the page; exit with 1 when a run did not pass."""
    cases = read_cases(REPORT)
    before = read_page(PAGE.read_text("utf-8")) if PAGE.exists() else []
    # The date is the one thing here that comes from outside.
    found = rows_of(cases, date=f"{datetime.now(UTC):%Y-%m-%d}", commit=_commit())
    PAGE.write_text(render_page(before, found), "utf-8")
    passed = sum(row.passed for row in found)
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}"
    sys.stdout.write(f"{PAGE}: {passed} of {len(cases)} runs passed ({machine})\n")
    sys.exit(0 if 0 < passed == len(cases) else 1)


if __name__ == "__main__":
    main()
