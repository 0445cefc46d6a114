"""Passwords: what a good one is, how it is kept, how one is made up."""

import functools
import secrets

from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError

from coterie.base.errors import UserError

SHORTEST = 10
# Hashing costs time by length too, so a megabyte of password must not reach it.
LONGEST = 200
GENERATED_WORDS = 5
# No letters that are easily taken for others when a password is typed off a screen.
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"

_hasher = PasswordHasher()


class WeakPasswordError(UserError):
    """A password that is too easily guessed."""

    code = "weak_password"

    def __init__(self, *, problem: str) -> None:
        super().__init__(
            f"The password {problem}. Use {SHORTEST} to {LONGEST} characters; a sentence does well."
        )


def check_strength(password: str, *, email: str) -> None:
    """Raise WeakPasswordError for a password that nobody should use."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise WeakPasswordError(problem=f"has {len(password)} characters")
    if len(set(password)) < SHORTEST // 2:
        raise WeakPasswordError(problem="repeats the same few characters")
    if password.lower() in (email, email.partition("@")[0]):
        raise WeakPasswordError(problem="is the e-mail address")


def hash_password(password: str) -> str:
    """Return the argon2id hash to keep."""
    return _hasher.hash(password)


def is_right(password_hash: str | None, password: str) -> bool:
    """Answer whether the password fits; None (nobody's hash) takes as long and never fits."""
    try:
        _hasher.verify(password_hash or _nobody(), password[: LONGEST + 1])
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


def is_outdated(password_hash: str) -> bool:
    """Answer whether the hash was made with weaker parameters than today's."""
    return _hasher.check_needs_rehash(password_hash)


def is_own_hash(text: str) -> bool:
    """Answer whether a text is a hash as `hash_password` makes them, with today's cost."""
    try:
        return extract_parameters(text) == extract_parameters(_nobody())
    except InvalidHashError:
        return False


def generate_password() -> str:
    """Return a random password of five groups of four letters (about 99 bits)."""
    groups = ("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(GENERATED_WORDS))
    return "-".join(groups)


@functools.cache
def _nobody() -> str:
    # What an unknown address is checked against, so that it takes as long as a known one.
    return _hasher.hash(secrets.token_urlsafe())
