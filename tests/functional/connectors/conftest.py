"""A real SFTP server in a temporary folder."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncssh
import msgspec
import pytest

USER = "shop"
PASSWORD = "open-sesame"


class Server(msgspec.Struct):
    """Where the server listens, what it serves, and how to get in."""

    port: int
    folder: Path
    host_key: str
    private_key: str
    on_close: list[Callable[[], object]] = []

    def config(self, **changes: Any) -> dict[str, Any]:
        plain = {
            "host": "127.0.0.1",
            "port": self.port,
            "username": USER,
            "password": PASSWORD,
            "known_host": f"127.0.0.1 {self.host_key}",
        }
        return {**plain, **changes}


class Files(asyncssh.SFTPServer):
    def __init__(
        self,
        channel: asyncssh.SSHServerChannel[bytes],
        folder: Path,
        on_close: list[Callable[[], object]],
    ) -> None:
        super().__init__(channel, chroot=bytes(folder))
        self._on_close = on_close

    def close(self, file_obj: object) -> None:
        super().close(file_obj)
        for call in self._on_close:
            call()


class Door(asyncssh.SSHServer):
    def __init__(self, client_key: asyncssh.SSHKey) -> None:
        self._client_key = client_key

    def begin_auth(self, username: str) -> bool:
        return username != ""

    def password_auth_supported(self) -> bool:
        return True

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == (USER, PASSWORD)

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return username == USER and key == self._client_key


@pytest.fixture
async def sftp_server(tmp_path: Path) -> AsyncIterator[Server]:
    folder = tmp_path / "files"
    folder.mkdir()
    async with serving(folder) as server:
        yield server


@asynccontextmanager
async def serving(folder: Path) -> AsyncIterator[Server]:
    """Serve a folder to USER, by PASSWORD or by the private key that the server comes with."""
    on_close: list[Callable[[], object]] = []
    host_key = asyncssh.generate_private_key("ssh-ed25519")
    client_key = asyncssh.generate_private_key("ssh-ed25519")

    def serve(channel: asyncssh.SSHServerChannel[bytes]) -> asyncssh.SFTPServer:
        return Files(channel, folder, on_close)

    listening = await asyncssh.listen(
        "127.0.0.1",
        0,
        server_host_keys=[host_key],
        server_factory=lambda: Door(client_key.convert_to_public()),
        sftp_factory=serve,
    )
    async with listening:
        yield Server(
            port=listening.get_port(),
            folder=folder,
            host_key=host_key.export_public_key().decode().strip(),
            private_key=client_key.export_private_key().decode(),
            on_close=on_close,
        )
