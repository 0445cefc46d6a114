"""Keys of servers and users, as people paste them."""

import asyncssh

from coterie.connectors.sftp.errors import BadSftpConfigError

KEY_KINDS = ("ssh-", "ecdsa-", "sk-")


def read_host_keys(text: str) -> list[asyncssh.SSHKey]:
    """Return the public keys in `text`, one a line, each with or without a host's name before it.

    Raises asyncssh.KeyImportError or ValueError.
    """
    return [
        asyncssh.import_public_key(" ".join(words[_key_starts(words) :]))
        for line in text.splitlines()
        if (words := line.split()) and not line.startswith("#")
    ]


def read_private_key(text: str, passphrase: str) -> asyncssh.SSHKey:
    """Return a private key. Raises asyncssh.KeyEncryptionError or asyncssh.KeyImportError."""
    try:
        return asyncssh.import_private_key(text.strip() + "\n", passphrase or None)
    except asyncssh.KeyImportError as error:
        # A missing passphrase is told in words alone, and a wrong one looks like a broken key to
        # some of the formats.
        if passphrase or "assphrase" in str(error):
            raise asyncssh.KeyEncryptionError(str(error)) from error
        raise


def check_public_keys(text: str) -> list[str]:
    """Return the fingerprints of the public keys of a user, one a line of `text`.

    Raises `BadSftpConfigError`.
    """
    try:
        return [key.get_fingerprint() for key in read_host_keys(text)]
    except (asyncssh.KeyImportError, ValueError) as error:
        reason = f"a public key cannot be read ({error}); paste the whole line of the .pub file"
        raise BadSftpConfigError(reason=reason) from error


def show_public_key(key: asyncssh.SSHKey) -> str:
    """Return a public key in one line, without comment."""
    return " ".join(key.export_public_key().decode().split()[:2])


def fingerprints(keys: list[asyncssh.SSHKey]) -> str:
    """Return how `ssh-keygen -l` calls the keys."""
    return " or ".join(key.get_fingerprint() for key in keys)


def _key_starts(words: list[str]) -> int:
    # ssh-keyscan puts the host's name first; a .pub file does not.
    for number, word in enumerate(words):
        if word.startswith(KEY_KINDS):
            return number
    raise ValueError("no public key in the host key")
