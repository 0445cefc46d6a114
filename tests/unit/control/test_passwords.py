import pytest

from coterie.control.passwords import (
    WeakPasswordError,
    check_strength,
    generate_password,
    hash_password,
    is_outdated,
    is_right,
)


def test_a_password_fits_its_own_hash_only() -> None:
    kept = hash_password("correct horse battery")

    assert is_right(kept, "correct horse battery")
    assert not is_right(kept, "correct horse batterz")


def test_nobody_has_a_password() -> None:
    assert not is_right(None, "correct horse battery")


def test_a_broken_hash_fits_nothing() -> None:
    assert not is_right("no hash at all", "correct horse battery")


def test_a_fresh_hash_is_not_outdated() -> None:
    assert not is_outdated(hash_password("correct horse battery"))


@pytest.mark.parametrize(
    "password", ["short", "x" * 201, "aaaaaaaaaaaa", "someone@example.org", "Someone@Example.org"]
)
def test_a_weak_password_is_refused_without_being_repeated(password: str) -> None:
    with pytest.raises(WeakPasswordError) as refusal:
        check_strength(password, email="someone@example.org")

    assert password not in refusal.value.message


def test_generated_passwords_are_strong_and_differ() -> None:
    made = {generate_password() for _ in range(50)}

    assert len(made) == 50
    for password in made:
        check_strength(password, email="someone@example.org")
