import asyncio
import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.openssh import Sshd, make_key, running_sshd

from coterie.connectors.files import unfinished_name
from coterie.connectors.sftp.config import read_sftp_config
from coterie.connectors.sftp.errors import BadSftpConfigError, SftpHostKeyError, SftpWriteError
from coterie.connectors.sftp.folder import SftpFolder
from coterie.connectors.sftp.probe import probe_sftp


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    with running_sshd(tmp_path_factory.mktemp("sshd")) as server:
        yield server


def folder(config: dict[str, Any], inner: str = "") -> SftpFolder:
    return SftpFolder(read_sftp_config(config), inner, allow_private_addresses=True)


def probe(config: dict[str, Any]) -> tuple[bool, str, dict[str, str]]:
    answer = probe_sftp(config, allow_private_addresses=True)
    return answer.ok, answer.detail, answer.learned


def test_the_first_connection_teaches_the_host_key_and_tells_what_is_there(sshd: Sshd) -> None:
    for age, name in ((20, "users_2026-10-01.csv"), (10, "users_2026-11-01.csv")):
        path = sshd.folder / name
        path.write_bytes(bytes(41_300_000 if age == 10 else 10))
        os.utime(path, (1_700_000_000 - age, 1_700_000_000 - age))

    is_ok, detail, learned = probe(sshd.config())

    assert is_ok
    assert "2 files there; newest users_2026-11-01.csv, 41 MB" in detail
    assert "host key pinned now: SHA256:" in detail
    assert learned == {"known_host": sshd.host_key}
    again = probe(sshd.config(**learned))
    assert again[0]
    assert again[2] == {}


def test_a_changed_host_key_names_both_keys_and_the_cure(sshd: Sshd, tmp_path: Path) -> None:
    for kind in ("ed25519", "ecdsa"):
        make_key(tmp_path / kind, kind=kind)
        pinned = (tmp_path / kind).with_suffix(".pub").read_text()

        with pytest.raises(SftpHostKeyError) as caught:
            folder(sshd.config(known_host=pinned)).list_files()

        assert caught.value.message.count("SHA256:") == 2
        assert "edit the authorization" in caught.value.message


def test_a_private_key_opens_with_its_passphrase_only(sshd: Sshd, tmp_path: Path) -> None:
    for kind in ("ed25519", "rsa"):
        path = tmp_path / kind
        make_key(path, passphrase="open sesame", kind=kind)
        with (sshd.folder.parent / "authorized_keys").open("a") as allowed:
            allowed.write(path.with_suffix(".pub").read_text())
        config = sshd.config(private_key=path.read_text(), passphrase="open sesame")

        assert folder(config).list_files() is not None
        with pytest.raises(BadSftpConfigError, match="needs its passphrase"):
            folder({**config, "passphrase": ""})
        with pytest.raises(BadSftpConfigError, match="passphrase is wrong"):
            folder({**config, "passphrase": "guess"})


def test_a_file_is_put_whole_in_place_of_an_older_one(sshd: Sshd) -> None:
    (sshd.folder / "out").mkdir()
    place = folder(sshd.config(), "out")
    data = os.urandom(6_000_000)
    heard: list[int] = []

    place.put("audience.csv", io.BytesIO(b"old"))
    put = place.put("audience.csv", io.BytesIO(data), watch=heard.append)

    assert put.size == len(data)
    assert (sshd.folder / "out" / "audience.csv").read_bytes() == data
    assert [path.name for path in (sshd.folder / "out").iterdir()] == ["audience.csv"]
    assert heard[-1] == len(data)


def test_what_is_there_is_told_and_what_was_left_half_done_is_removed(sshd: Sshd) -> None:
    where = sshd.folder / "tidy"
    where.mkdir()
    (where / "a.csv").write_text("theirs")
    (where / unfinished_name("a.csv", "mark")).write_text("half")
    place = folder(sshd.config(), "tidy")

    place.discard("a.csv", "mark")
    place.discard("a.csv", "mark")

    assert [path.name for path in where.iterdir()] == ["a.csv"]
    assert [place.holds(name) for name in ("a.csv", "b.csv")] == [True, False]
    assert not folder(sshd.config(), "nowhere").holds("a.csv")


def test_a_folder_that_takes_nothing_is_named(sshd: Sshd) -> None:
    with pytest.raises(SftpWriteError, match="nowhere"):
        folder(sshd.config(), "nowhere").put("a.csv", io.BytesIO(b"x"))


async def test_names_that_lead_out_are_never_fetched(sshd: Sshd) -> None:
    place = folder(sshd.config())

    for name in ("../id_user", "/etc/passwd", "..", "a\\b", "a\nb"):
        with pytest.raises(Exception, match="not the name of a file"):
            await asyncio.to_thread(place.fetch, name, io.BytesIO())
