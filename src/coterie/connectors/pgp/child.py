"""The process that works on one PGP file: `python -m coterie.connectors.pgp.child`.

The library holds Python's global lock while it works, for minutes with a large file, and only the
operating system can stop it from filling the disk. So it runs in a process of its own, whose files
have a largest size. Reads a packed `Work` and then the file to work on from standard input, so that
whoever hands it over knows how far it is; writes a `Done` to standard output.
"""

import os
import resource
import sys
from typing import Literal

import msgspec
from pysequoia import Cert, Tsk, decrypt_file, encrypt_file

# The library's own word for everything, and what the operating system refuses.
FAULTS = (RuntimeError, OSError, ValueError)
SOURCE = "/dev/fd/0"
LENGTH_BYTES = 4


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """What to do; `target` is an open file, `limit` the most bytes that may be written to it."""

    action: Literal["decrypt", "encrypt"]
    target: int
    limit: int
    key: str
    passphrase: str = ""
    sender: str = ""


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it: `problem` is the library's own word, "" if all went well."""

    problem: str = ""
    is_key_problem: bool = False


def packed(work: Work) -> bytes:
    """Return a work as the process reads it: its length, then JSON."""
    body = msgspec.json.encode(work)
    return len(body).to_bytes(LENGTH_BYTES, "big") + body


def do(work: Work) -> Done:
    """Decrypt or encrypt what else standard input holds."""
    # Python ignores SIGXFSZ, so that the write itself fails.
    resource.setrlimit(resource.RLIMIT_FSIZE, (work.limit, work.limit))
    target = f"/dev/fd/{work.target}"
    if work.action == "encrypt":
        return _encrypt(work, target)
    try:
        decryptor = Tsk.from_bytes(work.key.encode()).decryptor(work.passphrase or None)
    except FAULTS as error:
        return Done(problem=_first_line(error), is_key_problem=True)
    try:
        if work.sender:
            sender = Cert.from_bytes(work.sender.encode())
            decrypt_file(SOURCE, target, decryptor, lambda _: [sender])
        else:
            decrypt_file(SOURCE, target, decryptor)
    except FAULTS as error:
        return Done(problem=_first_line(error))
    return Done()


def _encrypt(work: Work, target: str) -> Done:
    try:
        encrypt_file(SOURCE, target, [Cert.from_bytes(work.key.encode())], armor=False)
    except FAULTS as error:
        return Done(problem=_first_line(error))
    return Done()


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def _read_work() -> Work:
    # Unbuffered, since the bytes behind it are read by the library.
    length = int.from_bytes(_read(LENGTH_BYTES), "big")
    return msgspec.json.decode(_read(length), type=Work)


def _read(size: int) -> bytes:
    read = b""
    while len(read) < size and (block := os.read(0, size - len(read))):
        read += block
    return read


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(do(_read_work())))
