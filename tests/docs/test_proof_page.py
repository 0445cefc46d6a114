"""The report of `make prove` tells what its runs found."""

from pathlib import Path

from tests.proof import HEAD, read_cases, read_page, render_page, rows_of

JUNIT = """<testsuites><testsuite>
<testcase classname="tests.e2e" name="test_nothing_is_lost[0]" time="1012.5"/>
<testcase classname="tests.e2e" name="test_nothing_is_lost[1]" time="11.5"><failure/></testcase>
<testcase classname="tests.e2e" name="test_it_holds" time="1.0"><skipped/></testcase>
</testsuite></testsuites>"""


def test_seeds_of_a_test_are_one_row_and_a_failure_or_a_skip_is_no_pass(tmp_path: Path) -> None:
    report = tmp_path / "prove.xml"
    report.write_text(JUNIT, "utf-8")

    page = render_page([], rows_of(read_cases(report), date="2026-01-02", commit="abc"))

    assert "| nothing is lost | 2 | 1 | 1,024 | 2026-01-02 | `abc` |\n" in page
    assert "| it holds | 1 | 0 | 1 | 2026-01-02 | `abc` |\n" in page


def test_a_part_renews_its_own_rows_and_leaves_the_others(tmp_path: Path) -> None:
    report = tmp_path / "prove.xml"
    report.write_text(JUNIT, "utf-8")
    cases = read_cases(report)
    first = render_page([], rows_of(cases, date="2026-01-02", commit="abc"))

    part = [case for case in cases if case.test == "it holds"]
    second = render_page(read_page(first), rows_of(part, date="2026-01-03", commit="def"))

    assert second == first.replace(
        "| it holds | 1 | 0 | 1 | 2026-01-02 | `abc` |",
        "| it holds | 1 | 0 | 1 | 2026-01-03 | `def` |",
    )


def test_a_run_without_cases_is_an_empty_table() -> None:
    assert render_page([], []) == HEAD
