"""What can be wrong between us and an SFTP server."""

from coterie.base.errors import PermanentError, TransientError, UserError


class BadSftpConfigError(UserError):
    """An authorization's config lacks something or holds a value of the wrong kind."""

    code = "bad_sftp_config"

    def __init__(self, *, reason: str) -> None:
        super().__init__(f"The SFTP authorization cannot be used: {reason}. Correct and save it.")


class SftpLoginError(PermanentError):
    """The server does not let this user in."""

    code = "sftp_login_refused"

    def __init__(self, *, host: str, username: str, reason: str) -> None:
        super().__init__(
            f"The SFTP server {host} refused the user {username!r} ({reason}). Correct the user "
            "name and the password or private key of the authorization."
        )


class SftpHostKeyError(PermanentError):
    """The server shows another key than the one that was pinned."""

    code = "sftp_host_key_changed"

    def __init__(self, *, host: str, pinned: str, shown: str) -> None:
        super().__init__(
            f"The SFTP server {host} has another host key: {pinned} was pinned, and it shows "
            f"{shown} now, so nothing was sent to it. Ask whoever runs the server whether its key "
            "was changed on purpose. If so, edit the authorization and put the new key in place of "
            "the old one; if not, someone may be between."
        )


class SftpUnavailableError(TransientError):
    """The server cannot be reached now."""

    code = "sftp_unavailable"

    def __init__(self, *, host: str, port: int, reason: str) -> None:
        super().__init__(
            f"The SFTP server {host}, port {port}, does not answer ({reason}). It is tried again "
            "by itself; if this lasts, check host, port and firewall."
        )
        self.trial = (
            f"The SFTP server {host}, port {port}, does not answer ({reason}). Check host, port "
            "and firewall; then try again."
        )


class SftpWriteError(PermanentError):
    """The server does not let this user write there."""

    code = "sftp_write_refused"

    def __init__(self, *, host: str, folder: str, reason: str) -> None:
        super().__init__(
            f"The SFTP server {host} does not take a file in the folder {folder!r} ({reason}). "
            "Create the folder and let the user of the authorization write there."
        )
