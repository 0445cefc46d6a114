"""docs/reference/dates.md lists the spellings of times that are read, and each is."""

import re
from datetime import datetime

import pytest
from tests.docs.conftest import ROOT

from coterie.flow.collect.times import read_instant
from coterie.lang.expr.dates import parse_date

READ, NOT_READ = (ROOT / "docs/reference/dates.md").read_text("utf-8").split("\n## Not read\n")
ROWS = re.findall(r"^\| `([^`]+)` \| (2026-\S+Z) \|$", READ, re.MULTILINE)
UNREAD = re.findall(r"^\| `([^`]+)` \| [^|]+ \|$", NOT_READ, re.MULTILINE)


def shape(text: str) -> str:
    """Return what is left of a text when digits and letters are all the same."""
    return re.sub(r"[^\W\d_]+", "A", re.sub(r"\d", "9", text))


@pytest.mark.parametrize(("text", "instant"), ROWS)
def test_a_time_is_read_as_the_page_says(text: str, instant: str) -> None:
    expected = datetime.fromisoformat(instant)

    assert read_instant(text) == expected
    assert read_instant(f" {text} ") == expected


@pytest.mark.parametrize("text", UNREAD)
def test_what_is_not_read_is_not_guessed(text: str) -> None:
    assert read_instant(text) is None
    assert parse_date(text) is None


def test_the_page_lists_more_than_fifty_formats_that_really_differ() -> None:
    assert len(ROWS) >= 90
    assert len({shape(text) for text, _ in ROWS}) > 50
