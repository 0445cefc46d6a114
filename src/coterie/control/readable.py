"""Which authorizations files can be read with, and which they can be written with."""

from collections.abc import Mapping
from typing import Any

from coterie.base.errors import UserError
from coterie.control.provider_sftp import MANAGED, PGP_PRIVATE
from coterie.control.providers import find_method
from coterie.control.sealed import SealedConfig


class ExportOnlyError(UserError):
    """An authorization that encrypts for others was chosen to read files with."""

    code = "export_only_authorization"

    def __init__(self, *, label: str) -> None:
        super().__init__(
            f"The authorization {label!r} holds a PGP public key, which can only encrypt, so it is "
            "for exports only. Choose one with a PGP private key, or without a PGP key."
        )


class ImportOnlyError(UserError):
    """An authorization that files cannot be handed over with was chosen to write them."""

    code = "import_only_authorization"

    def __init__(self, *, label: str, reason: str, cure: str) -> None:
        super().__init__(f"The authorization {label!r} {reason}, so it is for imports only. {cure}")


def check_is_readable(sealed: SealedConfig) -> None:
    """Raise ExportOnlyError for an authorization that files cannot be read with."""
    if find_method(sealed.provider, sealed.method).is_export_only:
        raise ExportOnlyError(label=sealed.label)


def check_is_writable(*, label: str, method: str, config: Mapping[str, Any]) -> None:
    """Raise ImportOnlyError for an authorization that files cannot be handed over with."""
    if method == PGP_PRIVATE:
        raise ImportOnlyError(
            label=label,
            reason="holds your own PGP key, with which nobody else can open what is written",
            cure="Choose one with the receiver's PGP public key, or without a PGP key.",
        )
    if method == MANAGED and config.get("access") != "read-write":
        raise ImportOnlyError(
            label=label,
            reason="is of a user of Coterie's SFTP server who may upload and not read",
            cure="Edit it and choose read-write access.",
        )


def is_writable(*, method: str, config: Mapping[str, Any]) -> bool:
    """Say whether files can be handed over with an authorization."""
    try:
        check_is_writable(label="", method=method, config=config)
    except ImportOnlyError:
        return False
    return True
