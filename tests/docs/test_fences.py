"""Blocks of code in the docs are code."""

import ast
import json
import re

import pytest
from tests.docs.conftest import Page, read_pages

from coterie.lang.filterql import parse_filter
from coterie.lang.lql import parse_lql

# Blocks without a language are pictures.
KNOWN = {
    "",
    "sh",
    "json",
    "jsonl",
    "python",
    "lql",
    "filterql",
    "toml",
    "http",
    "csv",
    "text",
    "js",
    "html",
}

# A filter begins a line, after the lines of comment that belong to it.
FILTERS = re.compile(r"(?:^--[^\n]*\n)*^FILTER.*?(?=^--|^FILTER|\Z)", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", read_pages(), ids=lambda page: page.name)
def test_blocks_of_code_parse(page: Page) -> None:
    for fence in page.fences():
        where = f"{page.name}:{fence.line}"
        assert fence.language in KNOWN, where
        match fence.language:
            case "python":
                ast.parse(fence.text, filename=where)
            case "json":
                json.loads(fence.text)
            case "jsonl":
                for line in fence.text.splitlines():
                    json.loads(line)
            case "lql":
                parse_lql(fence.text)
            case "filterql":
                for text in FILTERS.findall(fence.text):
                    parse_filter(text)
            case _:
                pass
