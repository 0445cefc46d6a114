"""Whatever a line of a batch holds, it is answered: with a result, or with what is wrong."""

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from coterie.cli.lang_batch import LineAnswer, answer_line

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)
NAMES = ("a", "b", "c.d", "_events", "odd name")
PIECES = (
    "a", "b", "c.d", "`odd name`", "5", "-1.5", "1e300", '"now-3d"', '"x*"', "NULL", "true", " ",
    "(", ")", "[", "]", ",", "\n", " AND ", " OR ", "NOT ", "EXISTS ", "INCLUDE x ", " == ", " > ",
    " + ", " * ", " / ", " % ", " LIKE ", " CONTAINS ", " IN ", " INTERSECTS ", " BETWEEN ",
    "AND (", "OR (", "tolower(", "todate(", "toint(", "replace(", "regex.match(", "hourofday()",
    "timewindow(", "did(", "count_of(", '"order"', "last_of(", "ifcase(", " IF ", " ELSE ",
    "FILTER ", "SELECT ", " FROM user ", " AS y", " INTO user BY a ALIAS q", " WITH (rank = 1)",
    "filter(", "-- note\n", '"', "`", "/*", "\x00", "é", "\ud7ff",
)  # fmt: skip

numbers = st.integers() | st.integers(-(10**400), 10**400) | st.floats(allow_nan=False)
words = st.text(max_size=5) | st.sampled_from(
    ("", "5", "now-3d", "2026-03-01", "2026-03-01T00:00:00Z", "0001-01-01T00:00:00Z", "x" * 500)
)
values = st.recursive(
    st.none() | st.booleans() | numbers.filter(lambda number: abs(number) < 1e308) | words,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from((*NAMES, "$time", "_time", "event")), inner, max_size=3)
    ),
    max_leaves=8,
)
texts = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)
questions = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(
            ("eval", "expr", "flip", "explain", "select", "parse", "format", "dance")
        )
    },
    optional={
        "text": texts,
        "ast": values,
        "data": st.dictionaries(st.sampled_from(NAMES), values),
        "now": st.sampled_from(
            ("2026-03-31T12:00:00Z", "0001-01-01", "9999-12-31T23:59:59Z", "soon")
        ),
        "includes": st.dictionaries(st.sampled_from(("x", "y")), texts),
        "language": st.sampled_from(("filter", "expr", "lql")),
        "times": st.sampled_from(("find", "text")),
    },
)


def answered(line: bytes) -> LineAnswer:
    found = answer_line(line, now=NOW)
    # What is answered can be written as a line.
    assert b"\n" not in msgspec.json.Encoder(decimal_format="number").encode(found)
    assert found.ok is (found.error is None)
    assert found.ok or found.result is None
    return found


@settings(max_examples=800, deadline=None)
@given(questions)
def test_every_question_is_answered(question: dict[str, Any]) -> None:
    answered(json.dumps(question).encode())


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=40) | st.text('[]{}":,0e-. \\utrueflsn', max_size=40).map(str.encode))
def test_every_line_of_bytes_is_answered(line: bytes) -> None:
    assert not answered(line).ok
