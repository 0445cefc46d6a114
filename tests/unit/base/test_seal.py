import pytest
from hypothesis import given
from hypothesis import strategies as st

from coterie.base.seal import BrokenSealError, KeyRing, SealKey, UnknownSealKeyError, new_ring

RING = KeyRing(root=b"r" * 32, keys=(SealKey(id="2026", key=b"k" * 32),))


@given(st.binary(), st.text())
def test_what_was_sealed_opens_in_its_context(plaintext: bytes, context: str) -> None:
    assert RING.unseal(RING.seal(plaintext, context=context), context=context) == plaintext


def test_a_sealed_value_of_an_earlier_release_still_opens() -> None:
    sealed = bytes.fromhex(
        "01043230323698762964975578c5cab656767c2211cadecdc5f598ecfa804309c6708aa83136b7ffd49c98e7"
    )

    assert RING.unseal(sealed, context="authorization 12") == b"a REST key"


def test_sealing_twice_gives_two_values() -> None:
    assert RING.seal(b"x", context="c") != RING.seal(b"x", context="c")


def test_a_sealed_value_does_not_open_elsewhere() -> None:
    sealed = RING.seal(b"x", context="authorization 12")

    with pytest.raises(BrokenSealError, match="authorization 13"):
        RING.unseal(sealed, context="authorization 13")


def test_every_altered_byte_is_noticed() -> None:
    sealed = RING.seal(b"secret", context="c")

    for place in range(len(sealed)):
        altered = bytearray(sealed)
        altered[place] ^= 1
        with pytest.raises((BrokenSealError, UnknownSealKeyError)):
            RING.unseal(bytes(altered), context="c")


@given(st.binary())
def test_any_other_bytes_are_refused(blob: bytes) -> None:
    with pytest.raises((BrokenSealError, UnknownSealKeyError)):
        RING.unseal(blob, context="c")


def test_a_missing_key_is_named() -> None:
    sealed = RING.seal(b"x", context="authorization 12")

    with pytest.raises(UnknownSealKeyError, match="'2026', which is missing"):
        new_ring().unseal(sealed, context="authorization 12")


def test_another_key_of_the_same_name_is_noticed() -> None:
    other = KeyRing(root=RING.root, keys=(SealKey(id="2026", key=b"z" * 32),))

    with pytest.raises(BrokenSealError):
        other.unseal(RING.seal(b"x", context="c"), context="c")


def test_a_rotated_ring_opens_old_values_and_seals_with_the_new_key() -> None:
    old = RING.seal(b"x", context="c")

    rotated = RING.rotated()
    new = rotated.reseal(old, context="c")

    assert rotated.unseal(old, context="c") == b"x"
    assert rotated.unseal(new, context="c") == b"x"
    assert new != old
    assert rotated.reseal(new, context="c") == new
    with pytest.raises(UnknownSealKeyError):
        RING.unseal(new, context="c")


def test_rotation_keeps_the_keys_of_hashes() -> None:
    assert RING.rotated().hash_key("node") == RING.hash_key("node")


def test_each_purpose_has_its_own_hash_key_that_never_changes() -> None:
    assert RING.hash_key("node") != RING.hash_key("profile")
    assert (
        RING.hash_key("node").hex()
        == "6d9bbe2806227dcbe111cef39709bab404e57929634238111b2db460fc036719"
    )


def test_keys_are_not_shown_when_a_ring_is_printed() -> None:
    assert repr(RING) == "KeyRing(keys=['2026'])"
    assert repr(RING.keys[0]) == "SealKey(id='2026')"
