import asyncio
import io
import os
import socket
from typing import Any

import asyncssh
import pytest
from tests.functional.connectors.conftest import Server

from coterie.connectors.addresses import ForbiddenAddressError
from coterie.connectors.files import MissingFileError, MissingFolderError, SourceFile
from coterie.connectors.sftp.config import read_sftp_config
from coterie.connectors.sftp.errors import (
    BadSftpConfigError,
    SftpHostKeyError,
    SftpLoginError,
    SftpUnavailableError,
)
from coterie.connectors.sftp.folder import SftpFolder
from coterie.connectors.sftp.probe import probe_sftp


async def list_files(config: dict[str, Any], folder: str = "") -> list[SourceFile]:
    place = SftpFolder(read_sftp_config(config), folder, allow_private_addresses=True)
    return await asyncio.to_thread(place.list_files)


async def fetch(config: dict[str, Any], name: str) -> tuple[bytes, SourceFile]:
    place = SftpFolder(read_sftp_config(config), allow_private_addresses=True)
    into = io.BytesIO()
    file = await asyncio.to_thread(place.fetch, name, into)
    return into.getvalue(), file


async def test_files_are_listed_with_size_and_time(sftp_server: Server) -> None:
    path = sftp_server.folder / "users.csv"
    path.write_text("id\n1\n")
    os.utime(path, (1_700_000_000, 1_700_000_000))
    (sftp_server.folder / "old").mkdir()

    (file,) = await list_files(sftp_server.config())

    assert (file.name, file.size) == ("users.csv", 5)
    assert file.modified_at is not None
    assert file.modified_at.timestamp() == 1_700_000_000


async def test_a_folder_is_found_inside_that_of_the_authorization(sftp_server: Server) -> None:
    (sftp_server.folder / "out" / "daily").mkdir(parents=True)
    (sftp_server.folder / "out" / "daily" / "a.csv").write_text("id\n")

    files = await list_files(sftp_server.config(folder="out"), "daily")

    assert [file.name for file in files] == ["a.csv"]


async def test_a_large_file_arrives_byte_for_byte(sftp_server: Server) -> None:
    data = os.urandom(9_000_000)
    (sftp_server.folder / "big.csv").write_bytes(data)

    got, file = await fetch(sftp_server.config(), "big.csv")

    assert got == data
    assert file.size == len(data)


async def test_a_private_key_lets_in_too(sftp_server: Server) -> None:
    config = sftp_server.config(password="", private_key=sftp_server.private_key)

    assert await list_files(config) == []


async def test_a_wrong_password_is_refused_with_its_cure(sftp_server: Server) -> None:
    with pytest.raises(SftpLoginError, match="Correct the user name"):
        await list_files(sftp_server.config(password="wrong"))


async def test_another_host_key_than_the_pinned_one_is_refused(sftp_server: Server) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()

    with pytest.raises(SftpHostKeyError):
        await list_files(sftp_server.config(known_host=other))


async def test_a_missing_folder_or_file_is_named(sftp_server: Server) -> None:
    with pytest.raises(MissingFolderError, match="nowhere"):
        await list_files(sftp_server.config(), "nowhere")
    with pytest.raises(MissingFileError, match=r"gone\.csv"):
        await fetch(sftp_server.config(), "gone.csv")


async def test_a_private_address_is_not_reached_unless_allowed(sftp_server: Server) -> None:
    place = SftpFolder(read_sftp_config(sftp_server.config()))

    with pytest.raises(ForbiddenAddressError):
        await asyncio.to_thread(place.list_files)


async def test_a_closed_port_is_not_available() -> None:
    server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()

    with pytest.raises(SftpUnavailableError):
        await list_files({"host": "127.0.0.1", "port": port, "username": "x", "password": "y"})


def test_a_key_that_cannot_be_read_is_refused() -> None:
    config = {"host": "h", "username": "u", "private_key": "nonsense"}

    with pytest.raises(BadSftpConfigError, match="key cannot be read"):
        read_sftp_config(config)


async def test_a_trial_that_nobody_answers_does_not_say_that_it_is_tried_again(
    sftp_server: Server,
) -> None:
    # A port that is taken and where nobody listens refuses every connection.
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        config = sftp_server.config(port=taken.getsockname()[1])
        result = await asyncio.to_thread(probe_sftp, config, allow_private_addresses=True)

    assert not result.ok
    assert "Check host, port and firewall" in result.detail
    assert "by itself" not in result.detail


async def test_the_probe_says_what_it_found_or_the_cure(sftp_server: Server) -> None:
    (sftp_server.folder / "a.csv").write_text("id\n")

    good = await asyncio.to_thread(probe_sftp, sftp_server.config(), allow_private_addresses=True)
    bad = await asyncio.to_thread(
        probe_sftp, sftp_server.config(password="wrong"), allow_private_addresses=True
    )

    assert good.ok
    assert "1 file" in good.detail
    assert not bad.ok
    assert "password" in bad.detail
