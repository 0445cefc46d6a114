"""Every link inside the project leads somewhere."""

import re

import pytest
from tests.docs.conftest import Page, read_pages

LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)


def anchors(text: str) -> set[str]:
    """Return the names that a page's headings get on GitHub."""
    kept = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in HEADING.findall(text))
    return {heading.strip().replace(" ", "-") for heading in kept}


@pytest.mark.parametrize("page", read_pages(), ids=lambda page: page.name)
def test_every_relative_link_resolves(page: Page) -> None:
    broken = []
    for target in LINK.findall(page.prose()):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        path = (page.path.parent / name) if name else page.path
        if not path.exists() or (anchor and anchor not in anchors(path.read_text("utf-8"))):
            broken.append(target)

    assert not broken


def test_every_page_can_be_reached_from_the_readme(pages: list[Page]) -> None:
    known = {page.path.resolve(): page for page in pages}
    (start,) = [page for page in pages if page.name == "README.md"]
    seen, waiting = set(), [start]
    while waiting:
        page = waiting.pop()
        if page.name in seen:
            continue
        seen.add(page.name)
        for target in LINK.findall(page.prose()):
            path = (page.path.parent / target.partition("#")[0]).resolve()
            if path in known:
                waiting.append(known[path])

    assert {page.name for page in pages} <= seen
