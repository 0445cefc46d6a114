"""Decrypts and encrypts files on disk, whatever their size."""

import subprocess
import sys
from contextlib import suppress
from typing import BinaryIO, cast

import msgspec

from coterie.base.clock import system_clock
from coterie.connectors.files import Watch, shown_size
from coterie.connectors.pgp.child import Done, Work, packed
from coterie.connectors.pgp.errors import PgpBrokenError, PgpFileError
from coterie.connectors.pgp.keys import check_public_key, open_private_key

ARMOR = b"-----BEGIN PGP MESSAGE"
CLEAR_SIGNED = b"-----BEGIN PGP SIGNED MESSAGE"
# Packets that a message can begin with (RFC 9580, section 10.3): encrypted session keys, encrypted
# data, signatures, compressed and literal data, markers.
FIRST_PACKETS = frozenset({1, 2, 3, 4, 8, 9, 10, 11, 18, 20})
AGAIN = "Upload it again, whole."
BLOCK_BYTES = 1 << 20


class PrivateKey(msgspec.Struct, frozen=True, kw_only=True):
    """What opens files; with `sender`, they must be signed with that key too."""

    key: str
    passphrase: str = ""
    sender: str = ""

    def __repr__(self) -> str:
        """Return nothing secret."""
        return "PrivateKey()"


def _unwatched(_done: int) -> None:
    """Nobody wants to hear how far it is."""


def decrypt(
    source: BinaryIO,
    target: BinaryIO,
    key: PrivateKey,
    *,
    name: str,
    limit: int,
    watch: Watch = _unwatched,
) -> None:
    """Write what the file `source` holds to the file `target`, at most `limit` bytes.

    `target` is a file on disk; both are at their start before, and `target` is afterwards. `watch`
    hears how many bytes of `source` were worked on. Nothing of `target` may be used if this raises:
    a message is known to be whole only at its end. Raises `PgpFileError`, `BadPgpKeyError`,
    `PgpBrokenError`, and whatever `watch` raises.
    """
    _check_head(source, name)
    work = Work(
        action="decrypt",
        target=target.fileno(),
        limit=limit,
        key=_lines(key.key),
        passphrase=key.passphrase,
        sender=_lines(key.sender),
    )
    done = _work(work, source, name, watch)
    if done.is_key_problem:
        open_private_key(key.key, key.passphrase, now=system_clock())
        raise PgpBrokenError(name=name, reason=done.problem)
    if done.problem:
        raise _explain(done.problem, name, key, limit)
    target.seek(0)


def encrypt(
    source: BinaryIO,
    target: BinaryIO,
    public_key: str,
    *,
    name: str,
    limit: int,
    watch: Watch = _unwatched,
) -> None:
    """Write `source` encrypted for a public key to `target`; all else is as in `decrypt`."""
    check_public_key(public_key, now=system_clock())
    work = Work(action="encrypt", target=target.fileno(), limit=limit, key=_lines(public_key))
    done = _work(work, source, name, watch)
    if done.problem:
        raise PgpBrokenError(name=name, reason=done.problem)
    target.seek(0)


def is_pgp(head: bytes) -> bool:
    """Answer whether a file that begins so can be a PGP message."""
    if head.lstrip().startswith(ARMOR):
        return True
    first = head[:1]
    if not first or not first[0] & 0x80:
        return False
    # New packets hold their kind in six bits, old ones in four.
    kind = first[0] & 0x3F if first[0] & 0x40 else (first[0] & 0x3C) >> 2
    return kind in FIRST_PACKETS


def _check_head(source: BinaryIO, name: str) -> None:
    source.seek(0)
    head = source.read(256)
    source.seek(0)
    if head.lstrip().startswith(CLEAR_SIGNED):
        raise PgpFileError(
            name=name,
            problem="is signed in clear text, which changes lines of a CSV file",
            cure="Sign it with `gpg --sign` (or encrypt it too) in place of --clearsign.",
        )
    if not is_pgp(head):
        raise PgpFileError(
            name=name,
            problem="is no PGP message, and this authorization is for encrypted files",
            cure="Encrypt it with `gpg --encrypt`, or use an authorization without a PGP key.",
        )


def _work(work: Work, source: BinaryIO, name: str, watch: Watch) -> Done:
    child = subprocess.Popen(
        [sys.executable, "-m", "coterie.connectors.pgp.child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        pass_fds=(work.target,),
    )
    with child:
        try:
            _feed(cast("BinaryIO", child.stdin), work, source, watch)
            said = cast("BinaryIO", child.stdout).read()
        except BaseException:
            # Whoever watches has ended it.
            child.kill()
            raise
    try:
        return msgspec.json.decode(said, type=Done)
    except msgspec.DecodeError as error:
        # What it wrote to standard error may hold anything, so only the code is told.
        raise PgpBrokenError(name=name, reason=f"exit code {child.returncode}") from error


def _feed(pipe: BinaryIO, work: Work, source: BinaryIO, watch: Watch) -> None:
    """Hand over the work and the bytes of a file, up to where the process has heard enough."""
    done = 0
    with suppress(BrokenPipeError):
        pipe.write(packed(work))
        while block := source.read(BLOCK_BYTES):
            pipe.write(block)
            pipe.flush()
            done += len(block)
            watch(done)
    with suppress(BrokenPipeError):
        pipe.close()


def _explain(problem: str, name: str, key: PrivateKey, limit: int) -> PgpFileError:
    low = problem.lower()
    if "no key to decrypt" in low:
        return PgpFileError(
            name=name,
            problem="was not encrypted for the key of the authorization",
            cure="Give whoever makes the file the public half of that key, or edit the "
            "authorization and paste the private key that the file was encrypted for.",
        )
    if key.sender and "message structure" in low:
        # The library checks no signature inside of a compressed packet, which is what gpg makes
        # unless told otherwise (pysequoia 0.1.35).
        return PgpFileError(
            name=name,
            problem="is not signed, or is compressed between signature and encryption so that its "
            "signature cannot be checked",
            cure="Let the sender use `gpg --compress-algo none --sign --encrypt`; compress the "
            "CSV file itself if it is large.",
        )
    if key.sender and "signature" in low:
        return PgpFileError(
            name=name,
            problem="has no valid signature of the sender's key",
            cure="Let the sender sign it, or correct the sender's key in the authorization.",
        )
    if "file too large" in low:
        return PgpFileError(
            name=name,
            problem=f"unpacks to more than {shown_size(limit)}",
            cure="Split it, or raise COTERIE_IMPORT_FILE_LIMIT_BYTES.",
        )
    if "no space" in low:
        return PgpFileError(
            name=name,
            problem="does not fit on this machine's disk once it is decrypted",
            cure="Make room in the data folder and resume the job.",
        )
    return PgpFileError(
        name=name, problem=f"is cut off or damaged ({problem.rstrip('.')})", cure=AGAIN
    )


def _lines(key: str) -> str:
    return key.strip() + "\n" if key else ""
