"""SFTP: what authorizations of clients' servers and of our own need to be told."""

import re

from coterie.control.passwords import hash_password, is_own_hash
from coterie.control.provider_forms import (
    BadConfigError,
    Config,
    ConfigField,
    Method,
    Provider,
    check_host,
)

MANAGED = "managed_sftp"
PGP_PUBLIC = "client_sftp_pgp_public"
PGP_PRIVATE = "client_sftp_pgp_private"

# The rules of Lytics' managed SFTP.
USERNAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{2,31}")
PASSWORD_LENGTHS = (8, 32)
PASSWORD_KINDS = (
    ("an upper-case letter", re.compile(r"[A-Z]")),
    ("a lower-case letter", re.compile(r"[a-z]")),
    ("a digit", re.compile(r"[0-9]")),
    ("a special character", re.compile(r"[^A-Za-z0-9\s]")),
)
FOR_IMPORTS = "For imports: files that come encrypted are opened with your private key."
FOR_EXPORTS = "For exports only: files that leave are encrypted with the receiver's public key."

_CLIENT = (
    ConfigField(name="host", label="Host", required=True),
    ConfigField(name="port", label="Port", kind="number", default=22, lowest=1, highest=65535),
    ConfigField(name="username", label="User name", required=True),
    ConfigField(
        name="password", label="Password", kind="secret", help="Either a password or a private key."
    ),
    ConfigField(
        name="private_key",
        label="Private key",
        kind="secret_lines",
        help="In OpenSSH or PEM form.",
    ),
    ConfigField(
        name="passphrase",
        label="Passphrase of the private key",
        kind="secret",
        help="If the key has one.",
    ),
    ConfigField(name="folder", label="Folder", help="Where files are looked for first."),
    ConfigField(
        name="known_host",
        label="Host key",
        kind="lines",
        help="The server's public key as `ssh-keyscan` prints it. Left empty, the key that the "
        "server shows at the first connection is kept and shown here, and no other is taken from "
        "then on.",
    ),
)
_PGP_PRIVATE = (
    ConfigField(
        name="pgp_private_key",
        label="PGP private key",
        kind="secret_lines",
        help="As `gpg --armor --export-secret-keys` prints it; RSA or ECC, Ed25519 and Curve25519 "
        "too.",
    ),
    ConfigField(
        name="pgp_passphrase",
        label="Passphrase of the PGP key",
        kind="secret",
        help="If the key has one.",
    ),
    ConfigField(
        name="pgp_sender_key",
        label="PGP public key of the sender",
        kind="lines",
        help="With it, only files that are signed with this key are imported.",
    ),
)
_MANAGED = (
    ConfigField(
        name="username",
        label="User name",
        required=True,
        help="3 to 32 letters, digits, `_` and `-`, not starting with `-`.",
    ),
    ConfigField(
        name="password",
        label="Password",
        kind="secret",
        help="8 to 32 characters with an upper-case and a lower-case letter, a digit and a special "
        "character. Only its hash is kept.",
    ),
    ConfigField(
        name="public_key",
        label="Public keys",
        kind="lines",
        help="In place of a password or beside it: OpenSSH public keys, one a line.",
    ),
    ConfigField(
        name="access",
        label="Access",
        kind="choice",
        choices=("upload-only", "read-write"),
        is_strict=True,
        default="upload-only",
        help="Upload-only users see what lies in the folder and cannot read or delete it.",
    ),
    ConfigField(
        name="quota_mb",
        label="Size of the folder, in MB",
        kind="number",
        default=20_000,
        lowest=1,
        highest=10_000_000,
    ),
    ConfigField(
        name="file_limit_mb",
        label="Largest file, in MB",
        kind="number",
        default=10_000,
        lowest=1,
        highest=10_000_000,
    ),
    ConfigField(
        name="kilobytes_per_second",
        label="Speed, in KB a second",
        kind="number",
        default=50_000,
        lowest=16,
        highest=10_000_000,
        help="Of all connections of this user together.",
    ),
)

SFTP = Provider(
    slug="sftp",
    label="SFTP server",
    description="Files on a server of yours, or in a folder of Coterie's own SFTP server.",
    methods=(
        Method(slug="client_sftp", label="Client SFTP server", fields=_CLIENT),
        Method(
            slug=PGP_PRIVATE,
            label="Client SFTP server with PGP private key",
            fields=(*_CLIENT, *_PGP_PRIVATE),
            purpose=FOR_IMPORTS,
        ),
        Method(
            slug=PGP_PUBLIC,
            label="Client SFTP server with PGP public key",
            fields=(
                *_CLIENT,
                ConfigField(
                    name="pgp_public_key",
                    label="PGP public key",
                    kind="lines",
                    required=True,
                    help="As `gpg --armor --export` prints it.",
                ),
            ),
            purpose=FOR_EXPORTS,
            is_export_only=True,
        ),
        Method(
            slug=MANAGED,
            label="Managed SFTP",
            fields=(*_MANAGED, *_PGP_PRIVATE),
            purpose="A user of Coterie's own SFTP server, whose files are imported from there.",
        ),
    ),
)


def check_sftp(method: str, config: Config) -> None:
    """Check what belongs together, and hash a new password of ours. Raises BadConfigError."""
    if method == MANAGED:
        _check_managed(config)
    else:
        check_host(config.public["host"])
        if ("password" in config.secret) == ("private_key" in config.secret):
            raise BadConfigError("Give either a password or a private key.")
        if "passphrase" in config.secret and "private_key" not in config.secret:
            raise BadConfigError("A passphrase belongs to a private key. Give the key too.")
    if method == PGP_PRIVATE and "pgp_private_key" not in config.secret:
        raise BadConfigError("PGP private key is missing (pgp_private_key). Fill it in.")


def _check_managed(config: Config) -> None:
    if USERNAME.fullmatch(config.public["username"]) is None:
        raise BadConfigError(
            "The user name needs 3 to 32 letters, digits, _ and -, and must not start with -."
        )
    password = config.secret.get("password")
    if password is None and "public_key" not in config.public:
        raise BadConfigError("Give a password, a public key, or both.")
    if password is not None and not is_own_hash(password):
        _check_password(password)
        config.secret["password"] = hash_password(password)


def _check_password(password: str) -> None:
    shortest, longest = PASSWORD_LENGTHS
    missing = [words for words, pattern in PASSWORD_KINDS if not pattern.search(password)]
    if not shortest <= len(password) <= longest:
        missing.insert(0, f"{shortest} to {longest} characters")
    if missing:
        raise BadConfigError(message=f"The password needs {', '.join(missing)}.")
