from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from coterie.base.clock import from_us, system_clock, to_us
from coterie.base.ids import keyed_hash, keyed_hashes, new_id, random_token

texts = st.lists(st.text(st.characters(codec=None)), max_size=4)


def test_a_keyed_hash_never_changes() -> None:
    found = keyed_hash(b"k" * 32, "email", "anna@example.org")

    assert found.hex() == "51c62dcbec0246cb9bad556e00c6fc56"


@given(texts, texts)
def test_different_parts_have_different_hashes(one: list[str], other: list[str]) -> None:
    same = keyed_hash(b"k", *one) == keyed_hash(b"k", *other)

    assert same == (one == other)


@given(texts, st.text(st.characters(codec=None)))
def test_a_hash_with_one_more_part_is_that_of_all_parts(head: list[str], last: str) -> None:
    hashes = keyed_hashes(b"k" * 32, *head)

    # Asked twice, since what they share is kept.
    assert hashes(last) == hashes(last) == keyed_hash(b"k" * 32, *head, last)


def test_another_key_gives_another_hash() -> None:
    assert keyed_hash(b"a", "x") != keyed_hash(b"b", "x")


def test_tokens_and_ids_do_not_repeat_and_are_plain() -> None:
    tokens = {random_token() for _ in range(1000)}
    ids = {new_id() for _ in range(1000)}

    assert len(tokens) == len(ids) == 1000
    assert all(
        len(token) == 43 and token.replace("-", "").replace("_", "").isalnum() for token in tokens
    )
    assert all(len(each) == 32 and int(each, 16) for each in ids)


def test_the_system_clock_is_aware_and_in_utc() -> None:
    assert system_clock().utcoffset() == timedelta(0)


@given(st.integers(-62_135_596_800_000_000, 253_402_300_799_999_999))
def test_microseconds_and_instants_convert_exactly(microseconds: int) -> None:
    assert to_us(from_us(microseconds)) == microseconds
