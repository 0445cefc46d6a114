"""Keys of authorizations: what each is good for today.

The library raises RuntimeError for everything, with its reason in the first line.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pysequoia import Cert, Tsk, encrypt

from coterie.base.clock import Clock, system_clock
from coterie.connectors.pgp.errors import BadPgpKeyError

PRIVATE = "PGP private key"
PUBLIC = "PGP public key"
SENDER = "PGP key of the sender"
EXPORT_SECRET = "Export it with `gpg --armor --export-secret-keys` and paste all of it."  # noqa: S105 - advice
EXPORT_PUBLIC = "Export it with `gpg --armor --export` and paste all of it."
SHOWN = 16
FAULTS = (RuntimeError, OSError, ValueError)


def check_pgp_keys(config: Mapping[str, Any], *, clock: Clock = system_clock) -> list[str]:
    """Return what there is to say of the PGP keys of a configuration, in words.

    Raises `BadPgpKeyError` for one that cannot be used today.
    """
    now = clock()
    said: list[str] = []
    if private := config.get("pgp_private_key"):
        open_private_key(str(private), str(config.get("pgp_passphrase") or ""), now=now)
        said.append(f"{PRIVATE} {_short(_read_private(str(private)).extract_certificate())} opens")
    if sender := config.get("pgp_sender_key"):
        said.append(f"signatures must be of {_short(_read_public(str(sender), SENDER))}")
    if public := config.get("pgp_public_key"):
        said.append(f"exports are encrypted for {_short(check_public_key(str(public), now=now))}")
    return said


def open_private_key(text: str, passphrase: str, *, now: datetime) -> None:
    """See that a private key can decrypt with its passphrase. Raises `BadPgpKeyError`."""
    key = _read_private(text)
    try:
        key.decryptor(passphrase or None)
    except FAULTS as error:
        if "subkey" in _first_line(error):
            raise _not_valid(key.extract_certificate(), PRIVATE, now) from None
        problem = "cannot be opened with this passphrase" if passphrase else "needs its passphrase"
        raise BadPgpKeyError(
            what=PRIVATE, problem=problem, cure="Enter the passphrase again."
        ) from None


def check_public_key(text: str, *, now: datetime) -> Cert:
    """Return a key that something can be encrypted for today. Raises `BadPgpKeyError`."""
    cert = _read_public(text, PUBLIC)
    if cert.is_revoked or (cert.expiration is not None and cert.expiration <= now):
        raise _not_valid(cert, PUBLIC, now)
    try:
        encrypt(b"x", [cert])
    except FAULTS:
        raise _not_valid(cert, PUBLIC, now) from None
    return cert


def _read_private(text: str) -> Tsk:
    try:
        return Tsk.from_bytes(text.strip().encode() + b"\n")
    except FAULTS:
        raise BadPgpKeyError(what=PRIVATE, problem="cannot be read", cure=EXPORT_SECRET) from None


def _read_public(text: str, what: str) -> Cert:
    if "PRIVATE KEY" in text:
        raise BadPgpKeyError(
            what=what, problem="is a private key, which nobody else should have", cure=EXPORT_PUBLIC
        )
    try:
        return Cert.from_bytes(text.strip().encode() + b"\n")
    except FAULTS:
        raise BadPgpKeyError(what=what, problem="cannot be read", cure=EXPORT_PUBLIC) from None


def _not_valid(cert: Cert, what: str, now: datetime) -> BadPgpKeyError:
    cure = "Extend it (`gpg --quick-set-expire`) or make a new one, and paste it here."
    name = _short(cert)
    if cert.is_revoked:
        return BadPgpKeyError(what=what, problem=f"{name} was revoked", cure=cure)
    if cert.expiration is not None and cert.expiration <= now:
        problem = f"{name} expired on {cert.expiration:%Y-%m-%d}"
        return BadPgpKeyError(what=what, problem=problem, cure=cure)
    problem = f"{name} holds no key for encryption that is valid today"
    return BadPgpKeyError(what=what, problem=problem, cure=cure)


def _short(cert: Cert) -> str:
    return cert.fingerprint[-SHOWN:].upper()


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0]
