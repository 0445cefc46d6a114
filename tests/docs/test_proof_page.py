"""The report of `make prove` tells what a run found."""

from pathlib import Path

from tests.proof import Case, read_cases, render_page

JUNIT = """<testsuites><testsuite>
<testcase classname="tests.e2e" name="test_nothing_is_lost[0]" time="12.5"/>
<testcase classname="tests.e2e" name="test_nothing_is_lost[1]" time="11.5"><failure/></testcase>
<testcase classname="tests.e2e" name="test_it_holds" time="1.0"><skipped/></testcase>
</testsuite></testsuites>"""


def test_seeds_of_a_test_are_one_row_and_a_failure_or_a_skip_is_no_pass(tmp_path: Path) -> None:
    report = tmp_path / "prove.xml"
    report.write_text(JUNIT, "utf-8")

    page = render_page(read_cases(report), about="Run today.")

    assert "Run today.\n" in page
    assert "| nothing is lost | 2 | 1 | 24 |" in page
    assert "| it holds | 1 | 0 | 1 |" in page


def test_run_without_cases_is_an_empty_table() -> None:
    cases: list[Case] = []

    assert render_page(cases, about="").endswith("| --- | --- | --- | --- |\n")
