"""Which authorizations files can be read with."""

from coterie.base.errors import UserError
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


def check_is_readable(sealed: SealedConfig) -> None:
    """Raise ExportOnlyError for an authorization that files cannot be read with."""
    if find_method(sealed.provider, sealed.method).is_export_only:
        raise ExportOnlyError(label=sealed.label)
