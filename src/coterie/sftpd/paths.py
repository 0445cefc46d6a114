"""What a client's path means inside its folder."""

import posixpath
from pathlib import Path

import asyncssh

from coterie.base.ids import random_token

UNFINISHED = ".part"
NAME_BYTES = 200
DEPTH = 10
BAD_NAME = f"file names must be readable, of {NAME_BYTES} bytes at most"
TOO_DEEP = f"folders may be {DEPTH} deep"


def find_path(folder: Path, asked: bytes) -> Path:
    """Return the place that a client means, which is always inside of `folder`.

    Raises asyncssh.SFTPError for a name that cannot be, or a link that leads out.
    """
    try:
        text = asked.decode()
    except UnicodeDecodeError as error:
        raise asyncssh.SFTPFailure("file names must be UTF-8") from error
    inner = posixpath.normpath(posixpath.join("/", text)).lstrip("/")
    parts = inner.split("/") if inner else []
    if not text.isprintable() or any(len(part.encode()) > NAME_BYTES for part in parts):
        raise asyncssh.SFTPFailure(BAD_NAME)
    if len(parts) > DEPTH:
        raise asyncssh.SFTPFailure(TOO_DEEP)
    path = folder.joinpath(*parts)
    # Clients cannot make links; one that an operator made must not let them out either.
    if not path.resolve().is_relative_to(folder.resolve()):
        raise asyncssh.SFTPNoSuchFile("there is no such file")
    return path


def unfinished_name(path: Path) -> Path:
    """Return where a file is kept until all of it has come."""
    return path.with_name(f".{path.name}.{random_token()[:8]}{UNFINISHED}")


def is_unfinished(name: str) -> bool:
    """Answer whether a name is one of ours for a file that has not all come."""
    return name.startswith(".") and name.endswith(UNFINISHED)
