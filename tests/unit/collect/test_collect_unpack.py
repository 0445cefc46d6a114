"""Compressed bodies."""

import gzip
import random

import pytest

from coterie.flow.collect.unpack import (
    MOST_MEMBERS,
    RequestTooLargeError,
    TooManyMembersError,
    UnsupportedEncodingError,
    unpack,
)


def test_a_body_without_encoding_stays_as_it_is() -> None:
    assert unpack(b"abc", encoding="", limit=3) == b"abc"


def test_gzip_is_undone_up_to_the_limit_and_not_beyond() -> None:
    packed = gzip.compress(b"x" * 1_000)

    assert unpack(packed, encoding="gzip", limit=1_000) == b"x" * 1_000
    with pytest.raises(RequestTooLargeError):
        unpack(packed, encoding="gzip", limit=999)


def test_gzip_in_several_members_is_one_body() -> None:
    packed = gzip.compress(b"ab") + gzip.compress(b"cd")

    assert unpack(packed, encoding="gzip", limit=4) == b"abcd"
    with pytest.raises(RequestTooLargeError):
        unpack(packed, encoding="gzip", limit=3)


@pytest.mark.parametrize(
    ("body", "encoding"),
    [(b"{}", "gzip"), (gzip.compress(b"abc", mtime=0)[:-6], "gzip"), (b"abc", "br")],
)
def test_what_cannot_be_undone_is_refused(body: bytes, encoding: str) -> None:
    with pytest.raises(UnsupportedEncodingError):
        unpack(body, encoding=encoding, limit=100)


def test_as_many_members_as_allowed_are_one_body_and_no_more() -> None:
    packed = gzip.compress(b"a") * MOST_MEMBERS

    assert unpack(packed, encoding="gzip", limit=MOST_MEMBERS) == b"a" * MOST_MEMBERS
    with pytest.raises(TooManyMembersError):
        unpack(packed + gzip.compress(b""), encoding="gzip", limit=MOST_MEMBERS)


def test_hundreds_of_thousands_of_empty_members_are_refused() -> None:
    with pytest.raises(TooManyMembersError):
        unpack(gzip.compress(b"") * 200_000, encoding="gzip", limit=10_000_000)


def test_large_members_after_one_another_are_undone_exactly() -> None:
    parts = [random.Random(seed).randbytes(150_000) for seed in range(3)]

    packed = b"".join(gzip.compress(part) for part in parts)

    assert unpack(packed, encoding="gzip", limit=450_000) == b"".join(parts)
    with pytest.raises(RequestTooLargeError):
        unpack(packed, encoding="gzip", limit=449_999)
