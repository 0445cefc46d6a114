"""docs/reference/behaviour.md says what the functions do, with examples that run."""

import json
import re
from datetime import datetime

import pytest
from tests.docs.conftest import ROOT, Page

from coterie.base.settings import Settings
from coterie.control.definitions.trackers import MOST_TRACKERS
from coterie.lang.behaviour import BEHAVIOUR, Bounds
from coterie.lang.behaviour.arguments import MOST_STEPS
from coterie.lang.behaviour.history import LONGEST_TEXT
from coterie.lang.behaviour.tracker import EVENT_KEYS
from coterie.lang.questions import Question, answer

NOW = datetime.fromisoformat("2026-03-14T15:09:26Z")
ANSWERS = {"true": True, "false": False, "not evaluable": None}
ROW = re.compile(r"^\| `(?P<text>[^`]+)` \| (?P<answer>true|false|not evaluable) \|$", re.MULTILINE)
PAGE = Page(
    "docs/reference/behaviour.md", (ROOT / "docs/reference/behaviour.md").read_text("utf-8")
)
ROWS = [(found["text"], found["answer"]) for found in ROW.finditer(PAGE.text)]


@pytest.mark.parametrize(("text", "expected"), ROWS)
def test_example_answers_as_the_page_says(text: str, expected: str) -> None:
    [person] = [fence.text for fence in PAGE.fences() if fence.language == "json"]

    found = answer(Question(kind="eval", text=text, data=json.loads(person)), now=NOW)

    assert found is ANSWERS[expected]


def test_every_function_stands_with_its_call_and_an_example() -> None:
    shown = " ".join(text for text, _ in ROWS)

    for function in BEHAVIOUR.values():
        assert f"| `{function.signature}` | {function.doc} |" in PAGE.text
        assert f"{function.name}(" in shown, function.name


def test_every_limit_is_as_in_the_code() -> None:
    bounds, settings = Bounds(), Settings()
    text = " ".join(PAGE.text.split())

    assert (settings.history_occurrences, settings.history_days) == (bounds.kept, bounds.days)
    assert f"the newest {bounds.kept} occurrences one by one" in text
    assert f"for the {bounds.days} newest days" in text
    assert f"at most {MOST_TRACKERS} different things" in text
    assert f"2 to {MOST_STEPS} steps" in text
    assert f"a text of at most {LONGEST_TEXT} characters" in text
    *first, last = (f"`{key}`" for key in EVENT_KEYS)
    assert f"{', '.join(first)} and {last}" in text
