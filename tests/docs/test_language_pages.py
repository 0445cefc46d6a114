"""The reference pages of LQL and FilterQL say what the languages do."""

import json
import re
from datetime import datetime

import pytest
from tests.docs.conftest import ROOT, Page

from coterie.lang.filterql import compile_filter, parse_filter
from coterie.model.merging import OPS

NOW = datetime.fromisoformat("2026-03-14T15:09:26Z")
ANSWERS = {"true": True, "false": False, "not evaluable": None}
ROW = re.compile(r"^\| [^|]*\| `(?P<text>[^`]+)` \| (?P<answer>[a-z ]+) \|$", re.MULTILINE)
KIND = re.compile(r"^\| `(?P<kind>[^`]+)` \| [^|]+ \| (?P<ops>`[^|]+`) \|$", re.MULTILINE)


def page(name: str) -> Page:
    return Page(name, (ROOT / name).read_text("utf-8"))


FILTERQL, LQL = page("docs/reference/filterql.md"), page("docs/reference/lql.md")
ROWS = [(found["text"], found["answer"]) for found in ROW.finditer(FILTERQL.text)]


def profile() -> dict[str, object]:
    [text] = [fence.text for fence in FILTERQL.fences() if fence.language == "json"]
    found: dict[str, object] = json.loads(text)
    return found


@pytest.mark.parametrize(("text", "answer"), ROWS)
def test_example_of_the_table_answers_as_it_says(text: str, answer: str) -> None:
    found = compile_filter(parse_filter(f"FILTER {text}")).matches(profile(), NOW)

    assert found is ANSWERS[answer]


def test_the_table_covers_what_may_be_missing() -> None:
    assert len(ROWS) > 30
    assert {answer for _, answer in ROWS} == set(ANSWERS)


def test_every_kind_stands_with_its_operators() -> None:
    found = {
        row["kind"]: tuple(re.findall("`([^`]+)`", row["ops"])) for row in KIND.finditer(LQL.text)
    }

    assert found == OPS
