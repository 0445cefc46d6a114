"""Our own SFTP server on a real database, used by OpenSSH's own client."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from tests.openssh import SftpClient

from coterie.app.services import Services
from coterie.app.sftp import sftp_dependencies
from coterie.base.seal import new_ring
from coterie.base.settings import Settings
from coterie.control.audit import list_audit
from coterie.control.authorizations import create_authorization, update_authorization
from coterie.control.managed_sftp import managed_folder
from coterie.model.control import Actor, AuditEntry, Authorization
from coterie.sftpd.server import open_server
from coterie.store import Store

ACCOUNT = 3012
ACTOR = Actor(name="cli")
PASSWORD = "Sesame-42"


class SftpWorld:
    """Users that are made, the server they sign in to, and what it leaves behind."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.now = datetime.now(UTC)
        self.folder = folder
        self.services = Services(
            Settings(data_dir=folder / "data", sftp_port=2022),
            lambda: self.now,
            new_ring(),
            store,
        )
        self.port = 0

    def add_user(self, username: str = "agency", **config: Any) -> Authorization:
        given = {"username": username, "password": PASSWORD, "access": "read-write", **config}
        return create_authorization(
            self.services.store,
            self.services.ring,
            account=ACCOUNT,
            provider="sftp",
            method="managed_sftp",
            label=username,
            config=given,
            actor=ACTOR,
            now=self.now,
        )

    def change(self, user: Authorization, **config: Any) -> None:
        update_authorization(
            self.services.store,
            self.services.ring,
            account=ACCOUNT,
            authorization_id=user.id,
            config={**user.public_config, **config},
            actor=ACTOR,
            now=self.now,
        )

    def folder_of(self, user: Authorization) -> Path:
        return managed_folder(self.services.settings, user.id)

    def names(self, user: Authorization) -> list[str]:
        return sorted(path.name for path in self.folder_of(user).iterdir())

    def client(self, username: str = "agency", password: str = PASSWORD) -> SftpClient:
        client = SftpClient(self.folder, port=self.port, username=username)
        client.password = password
        return client

    def audit(self) -> list[AuditEntry]:
        found = list_audit(self.services.store, ACCOUNT)
        return [each for each in reversed(found) if each.actor.startswith("sftp:")]

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Run the server until the block ends; it remembers nothing of the one before."""
        server: asyncssh.SSHAcceptor = await open_server(
            sftp_dependencies(self.services), host="127.0.0.1", port=0
        )
        self.port = server.get_port()
        async with server:
            yield

    def later(self, **delta: float) -> None:
        self.now += timedelta(**delta)


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with Store.open(database_url) as opened:
        yield opened


@pytest.fixture
async def world(store: Store, tmp_path: Path) -> AsyncIterator[SftpWorld]:
    with store.transaction() as conn:
        conn.execute(
            "INSERT INTO account (number, name, created_at) VALUES (%s, 'Shop', now())", (ACCOUNT,)
        )
    made = SftpWorld(store, tmp_path)
    async with made.serving():
        yield made
