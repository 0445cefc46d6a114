"""The process that works on one PGP file: `python -m coterie.connectors.pgp.child`.

The library holds Python's global lock while it works, for minutes with a large file, and only the
operating system can stop it from filling the disk. So it runs in a process of its own, whose files
have a largest size. Reads a `Work` as JSON from standard input; writes a `Done` to standard output.
"""

import resource
import sys
from typing import Literal

import msgspec
from pysequoia import Cert, Tsk, decrypt_file, encrypt_file

# The library's own word for everything, and what the operating system refuses.
FAULTS = (RuntimeError, OSError, ValueError)


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """What to do with two open files; `limit` is the most bytes that may be written."""

    action: Literal["decrypt", "encrypt"]
    source: int
    target: int
    limit: int
    key: str
    passphrase: str = ""
    sender: str = ""
    armor: bool = False


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it: `problem` is the library's own word, "" if all went well."""

    problem: str = ""
    is_key_problem: bool = False


def do(work: Work) -> Done:
    """Decrypt or encrypt."""
    # Python ignores SIGXFSZ, so that the write itself fails.
    resource.setrlimit(resource.RLIMIT_FSIZE, (work.limit, work.limit))
    source, target = f"/dev/fd/{work.source}", f"/dev/fd/{work.target}"
    if work.action == "encrypt":
        return _encrypt(work, source, target)
    try:
        decryptor = Tsk.from_bytes(work.key.encode()).decryptor(work.passphrase or None)
    except FAULTS as error:
        return Done(problem=_first_line(error), is_key_problem=True)
    try:
        if work.sender:
            sender = Cert.from_bytes(work.sender.encode())
            decrypt_file(source, target, decryptor, lambda _: [sender])
        else:
            decrypt_file(source, target, decryptor)
    except FAULTS as error:
        return Done(problem=_first_line(error))
    return Done()


def _encrypt(work: Work, source: str, target: str) -> Done:
    try:
        encrypt_file(source, target, [Cert.from_bytes(work.key.encode())], armor=work.armor)
    except FAULTS as error:
        return Done(problem=_first_line(error))
    return Done()


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


if __name__ == "__main__":
    asked = msgspec.json.decode(sys.stdin.buffer.read(), type=Work)
    sys.stdout.buffer.write(msgspec.json.encode(do(asked)))
