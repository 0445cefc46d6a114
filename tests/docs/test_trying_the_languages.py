"""The page about trying the languages shows what really comes back."""

import json

import pytest
from tests.docs.conftest import Page, read_pages

from coterie.base.clock import system_clock
from coterie.cli.lang_batch import answer_line
from coterie.cli.lang_explain import explained_lines
from coterie.lang.questions import Question, explain_answer, format_text


@pytest.fixture
def page() -> Page:
    return next(each for each in read_pages() if each.name == "docs/howto/try-the-languages.md")


def test_the_shown_batch_has_the_shown_answers(page: Page) -> None:
    asked, answered = (fence.text for fence in page.fences() if fence.language == "jsonl")

    found = [answer_line(line.encode(), now=system_clock()) for line in asked.splitlines()]

    expected = [json.loads(line) for line in answered.splitlines()]
    assert len(expected) > 3
    assert [{"ok": each.ok, "result": each.result, "error": each.error} for each in found] == (
        expected
    )


def test_the_shown_explanation_is_what_comes_back(page: Page) -> None:
    (shown,) = (fence.text for fence in page.fences() if fence.language == "text")
    question = Question(
        kind="explain",
        text='AND (orders > 3, last_order > "now-7d")',
        data={"orders": 4, "last_order": "2026-03-20T10:00:00Z"},
        now="2026-03-31T12:00:00Z",
    )

    found = explain_answer(question, now=system_clock())

    assert list(explained_lines(found)) == shown.splitlines()


def test_the_shown_filter_is_in_the_one_layout(page: Page) -> None:
    (shown,) = (fence.text for fence in page.fences() if fence.language == "filterql")

    assert format_text(shown) == shown
