"""One SFTP session, which knows whether its client is still there."""

from typing import cast

import asyncssh
from asyncssh.channel import SSHChannel
from asyncssh.stream import SSHServerStreamSession

from coterie.model.sftp import ManagedUser
from coterie.sftpd.dependencies import SftpDependencies
from coterie.sftpd.folder import UserFolder
from coterie.sftpd.usage import Usage

# OpenSSH's clients speak 3, and nobody needs more.
SFTP_VERSION = 3


class Session(SSHServerStreamSession[bytes]):
    """A session of a user; it serves files and nothing else.

    The library closes the files of a client that has hung up as if the client had closed them, so
    this notes when there is nobody any more who could say that an upload is whole.
    """

    def __init__(self, deps: SftpDependencies, user: ManagedUser, usage: Usage) -> None:
        self._is_gone = False

        def serve(channel: SSHChannel[bytes]) -> asyncssh.SFTPServer:
            server = cast("asyncssh.SSHServerChannel[bytes]", channel)
            return UserFolder(server, deps, user, usage, lambda: self._is_gone)

        super().__init__(None, serve, SFTP_VERSION, allow_scp=False)

    def eof_received(self) -> bool:
        """Note that the client sends nothing more."""
        self._is_gone = True
        return super().eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that the client is gone."""
        self._is_gone = True
        super().connection_lost(exc)
