"""docs/reference/lytics-differences.md tells of every difference that the tests know."""

import pytest
from tests.docs.conftest import ROOT
from tests.golden.lang.known_differences import KNOWN_DIFFERENCES


@pytest.mark.parametrize("text", KNOWN_DIFFERENCES)
def test_known_difference_is_on_the_page(text: str) -> None:
    page = (ROOT / "docs/reference/lytics-differences.md").read_text("utf-8")

    assert f"`{text}`" in page
