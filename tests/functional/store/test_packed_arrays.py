"""Arrays that we pack ourselves arrive as the values that they hold."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from uuid import UUID

import pytest

from coterie.store import (
    BigintArray,
    BytesArray,
    IntArray,
    MicrosArray,
    Store,
    TextArray,
    TimeArray,
    UuidArray,
)
from coterie.store.arrays import PackedArray

AT = datetime(2026, 1, 2, 3, 4, 5, 678_901, tzinfo=UTC)
EARLY = datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)
ONE, OTHER = "0" * 31 + "1", "f" * 32
UUIDS = [UUID(ONE), UUID(OTHER)]
Given = Sequence[object]
# An array's own syntax, a word that means no value, and all that JSON escapes.
TEXTS = ["", "é", "𝄞", "a,b", "{}", "NULL", "null", 'say "no"', "c:\\n", "\\\\", "\x7f", "\u2028"]
CONTROLS = [f"<{chr(code)}>" for code in range(1, 32)]
KINDS: dict[str, tuple[type[PackedArray], Given, Given]] = {
    "text": (TextArray, TEXTS, TEXTS),
    "uuid": (UuidArray, [ONE, OTHER], UUIDS),
    "bytea": (BytesArray, [b"", b"\0\xff"], [b"", b"\0\xff"]),
    "bigint": (BigintArray, [-(2**63), 0, 2**63 - 1], [-(2**63), 0, 2**63 - 1]),
    "integer": (IntArray, [-1, 2**31 - 1], [-1, 2**31 - 1]),
    "timestamptz": (TimeArray, [EARLY, AT], [EARLY, AT]),
}


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with Store.open(database_url) as opened:
        yield opened


@pytest.mark.parametrize("nulls", [[], [None]], ids=["full", "with a null"])
@pytest.mark.parametrize("kind", KINDS)
def test_an_array_arrives_as_it_was_given(store: Store, kind: str, nulls: list[None]) -> None:
    packed, given, arriving = KINDS[kind]

    assert sent(store, kind, packed([*given, *nulls])) == [*arriving, *nulls]


@pytest.mark.parametrize("text", [*CONTROLS, '\\\n"', '"\t\\n'])
def test_a_text_with_a_control_character_arrives_as_it_was_given(store: Store, text: str) -> None:
    assert sent(store, "text", TextArray([text, "plain", None])) == [text, "plain", None]


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_array_arrives_empty(store: Store, kind: str) -> None:
    packed, _, _ = KINDS[kind]

    assert sent(store, kind, packed([])) == []


def test_microseconds_arrive_as_instants(store: Store) -> None:
    assert sent(store, "timestamptz", MicrosArray([0, -1_000_000])) == [
        datetime(1970, 1, 1, tzinfo=UTC),
        EARLY,
    ]


def sent(store: Store, kind: str, array: PackedArray) -> list[object]:
    """Return the elements of an array as the database understood them."""
    query = (
        f"SELECT item FROM unnest(CAST(%s AS {kind}[])) WITH ORDINALITY AS a (item, n) ORDER BY n"
    )
    with store.transaction() as conn:
        return [row[0] for row in conn.execute(query.encode(), (array,))]
