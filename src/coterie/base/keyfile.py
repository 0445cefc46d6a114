"""Where a key ring comes from: a file that only its owner can read, or a setting."""

import base64
import binascii
import contextlib
import os
import re
import secrets
from pathlib import Path

import msgspec

from coterie.base.errors import PermanentError, UserError
from coterie.base.seal import KEY_BYTES, KeyRing, SealKey, new_ring
from coterie.base.settings import Settings

FILE = Path("keys") / "ring.json"
ROOT = "root"
KEY_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}")


class BadKeyFileError(PermanentError):
    """The key file cannot be used as it is."""

    code = "bad_key_file"

    def __init__(self, *, path: Path, reason: str, cure: str) -> None:
        super().__init__(f"The key file {path} {reason}. {cure}")


class MissingKeysError(PermanentError):
    """There is no key file where one is needed."""

    code = "missing_keys"

    def __init__(self, *, path: Path) -> None:
        super().__init__(
            f"There are no keys at {path}. Put the file back from a backup of the data folder, or "
            "set COTERIE_DATA_DIR to the folder that holds it; without its keys no stored secret "
            "opens. A new installation gets its keys from `coterie up`."
        )


class BadSecretKeysError(UserError):
    """COTERIE_SECRET_KEYS does not hold a usable list of keys."""

    code = "bad_secret_keys"

    def __init__(self, *, reason: str) -> None:
        super().__init__(
            f"COTERIE_SECRET_KEYS {reason}. It is a comma list such as "
            "2026:<key>,root:<key>: at least one key that seals and the one named root, each key "
            "made by `openssl rand -base64 32`."
        )


def open_key_ring(settings: Settings) -> KeyRing:
    """Return the ring that the settings name.

    Raises BadSecretKeysError, MissingKeysError or BadKeyFileError.
    """
    if settings.secret_keys is not None:
        return read_key_list(settings.secret_keys)
    return _load(settings.data_dir / FILE)


def ensure_key_ring(settings: Settings) -> KeyRing:
    """Return the ring that the settings name; make the key file if there is none.

    For a database that was made with no keys yet. Raises BadSecretKeysError or BadKeyFileError.
    """
    if settings.secret_keys is not None:
        return read_key_list(settings.secret_keys)
    return load_or_create(settings.data_dir / FILE)


def read_key_list(text: str) -> KeyRing:
    """Return the ring that the list `id:key,…` describes. Raises BadSecretKeysError."""
    keys = [_read_key(entry) for entry in text.split(",") if entry.strip()]
    names = [key.id for key in keys]
    for name in names:
        if names.count(name) > 1:
            raise BadSecretKeysError(reason=f"names {name!r} twice")
    root = next((key.key for key in keys if key.id == ROOT), None)
    sealing = tuple(key for key in keys if key.id != ROOT)
    if root is None:
        raise BadSecretKeysError(reason="lacks the key named root")
    if not sealing:
        raise BadSecretKeysError(reason="holds no key that seals")
    return KeyRing(root=root, keys=sealing)


def load_or_create(path: Path) -> KeyRing:
    """Return the ring in the file `path`, made with random keys if there is none.

    Two processes that make it at once end up with the same ring. Raises BadKeyFileError.
    """
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = _write_beside(path, new_ring())
        with contextlib.suppress(FileExistsError):
            os.link(fresh, path)
        fresh.unlink()
        _sync(path.parent)
    return _load(path)


def rotate(path: Path) -> KeyRing:
    """Put a new sealing key first in the file `path` and return that ring."""
    ring = _load(path).rotated()
    _write_beside(path, ring).rename(path)
    _sync(path.parent)
    return ring


def _load(path: Path) -> KeyRing:
    try:
        mode = path.stat().st_mode & 0o777
        if mode & 0o077:
            reason = f"can be read by others (mode {mode:o})"
            cure = f"Run `chmod 600 {path}`, and replace its secrets if others could read it."
            raise BadKeyFileError(path=path, reason=reason, cure=cure)
        ring = msgspec.json.decode(path.read_bytes(), type=KeyRing)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise MissingKeysError(path=path) from error
    except PermissionError as error:
        cure = "Start Coterie as the user that owns it."
        raise BadKeyFileError(path=path, reason="belongs to another user", cure=cure) from error
    except msgspec.DecodeError as error:
        cure = "Restore it from a backup; without it, stored secrets cannot be opened."
        raise BadKeyFileError(path=path, reason="is damaged", cure=cure) from error
    lengths = {len(ring.root), *(len(key.key) for key in ring.keys)}
    if lengths != {KEY_BYTES} or not ring.keys:
        cure = "Restore it from a backup; without it, stored secrets cannot be opened."
        raise BadKeyFileError(path=path, reason="holds keys of a wrong length", cure=cure)
    return ring


def _write_beside(path: Path, ring: KeyRing) -> Path:
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.encode(ring))
        file.flush()
        os.fsync(file.fileno())
    return fresh


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read_key(entry: str) -> SealKey:
    name, _, encoded = entry.strip().partition(":")
    if KEY_ID.fullmatch(name) is None:
        raise BadSecretKeysError(reason="holds an entry without a name of letters and digits")
    try:
        key = base64.b64decode(encoded, validate=True)
    except binascii.Error as error:
        raise BadSecretKeysError(reason=f"holds a key {name!r} that is not base64") from error
    if len(key) != KEY_BYTES:
        raise BadSecretKeysError(reason=f"holds a key {name!r} of {len(key)} bytes, not 32")
    return SealKey(id=name, key=key)
