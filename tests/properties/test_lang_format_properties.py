"""The canonical layout says what the text says, keeps its comments, and is reached at once."""

import re
from collections import Counter
from collections.abc import Iterator

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.properties.test_lang_properties import foreseeable_conditions, operands

from coterie.lang.expr.comments import find_comments
from coterie.lang.expr.render import render
from coterie.lang.expr.tokens import Token, tokenize
from coterie.lang.expr.tree import Node
from coterie.lang.filterql import format_filter, normal_text, parse_filter
from coterie.lang.lql import format_lql, parse_lql, render_lql
from coterie.lang.lql.query import Column, Query

GLUE = (
    *(" ", "\n", "\n\n", "   ", " -- one\n", "\n-- two\n", " /* three */ ", "\n/* fo\nur */\n"),
    *(" // five\n", "\n\n-- six\n-- seven\n\n", " -- eight\n\n", " /* nine */ "),
)
CLAUSES = ("", " FROM user", " LIMIT 3 ALIAS x", ' WITH a = "b", c = 5 FROM user ALIAS `a b`', ";")

glues = st.lists(st.sampled_from(GLUE), min_size=1, max_size=12)


def commented(text: str, glue: list[str]) -> str:
    """Return a text with other blanks and comments where it has blanks, and inside its lists."""
    return "".join(_pieces(text, tokenize(text), glue))


def _pieces(text: str, tokens: list[Token], glue: list[str]) -> Iterator[str]:
    last = 0
    for n, token in enumerate(tokens):
        opens_list = n > 1 and tokens[n - 1].value == "(" and tokens[n - 2].value in ("AND", "OR")
        may_part = n == 0 or last < token.at or opens_list or token.kind == "end"
        yield glue[n % len(glue)] if may_part else ""
        yield text[token.at : token.end]
        last = token.end


def words(text: str) -> Counter[str]:
    """Return the words of all comments of a text."""
    return Counter(
        word
        for each in find_comments(text, tokenize(text))
        for word in re.findall(r"\w+", each.text)
    )


@settings(max_examples=300, deadline=None)
@given(foreseeable_conditions, st.sampled_from(CLAUSES), glues, st.booleans())
def test_layout_keeps_meaning_and_comments_and_is_stable(
    tree: Node, clauses: str, glue: list[str], has_word: bool
) -> None:
    word = "FILTER " if has_word or render(tree).startswith("filter") else ""
    text = commented(f"{word}{render(tree)}{clauses}", glue)
    before = parse_filter(text)

    laid_out = format_filter(text)

    assert normal_text(parse_filter(laid_out)) == normal_text(before)
    assert words(laid_out) == words(text)
    assert format_filter(laid_out) == laid_out


@settings(max_examples=200, deadline=None)
@given(foreseeable_conditions)
def test_layout_without_comments_depends_on_what_is_said_alone(tree: Node) -> None:
    text = f"FILTER {render(tree)}"
    spaced = commented(text, ["  ", "\t", "\n"])

    assert format_filter(spaced) == format_filter(text)


names = st.sampled_from(("a", "from", "user id", "into", "alias", "as", "b.c", "where", "x"))
expressions = operands.map(render).filter(lambda text: "'" not in text)
guards = st.none() | st.sampled_from(("x > 5", 'a == "from"', "alias AND `from` == 3"))
columns = st.builds(
    Column,
    expressions,
    names,
    guards,
    st.none() | st.sampled_from(("string", "map[string]time", "[]string")),
    st.none() | st.sampled_from(("latest", "merge")),
    st.none() | st.just("What it is, in so many words that it can fill a line by itself or two"),
)
queries = st.builds(
    Query,
    st.lists(columns, min_size=1, max_size=4).map(tuple),
    names,
    names,
    st.lists(names, min_size=1, max_size=3).map(tuple),
    guards,
    names,
)


@settings(max_examples=300, deadline=None)
@given(queries, glues, st.sampled_from(("", ";")))
def test_layout_of_a_query_keeps_meaning_and_comments_and_is_stable(
    query: Query, glue: list[str], end: str
) -> None:
    text = commented(f"{render_lql(query)}{end}", glue)
    before = parse_lql(text)

    laid_out = format_lql(text)

    assert parse_lql(laid_out) == before
    assert words(laid_out) == words(text)
    assert format_lql(laid_out) == laid_out
