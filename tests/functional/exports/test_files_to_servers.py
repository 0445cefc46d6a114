"""Files that reach real servers, and open with the real gpg."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.functional.exports.office import Office
from tests.functional.flow.conftest import ACTOR
from tests.gnupg import PASSPHRASE, Gpg, open_gpg
from tests.openssh import Sshd, running_sshd

from coterie.control.authorizations import create_authorization, get_authorization
from coterie.control.readable import ImportOnlyError

SCRIPT = Path(__file__).with_name("export_process.py")
MANAGED = {"username": "partner", "password": "Open-Sesame-1"}


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    with running_sshd(tmp_path_factory.mktemp("sshd")) as server:
        yield server


@pytest.fixture(scope="module")
def gpg() -> Iterator[Gpg]:
    yield from open_gpg()


def authorize(office: Office, config: dict[str, Any], *, method: str = "client_sftp") -> int:
    made = create_authorization(
        office.store,
        office.ring,
        account=office.account.number,
        provider="sftp",
        method=method,
        label="Receiver",
        config=config,
        actor=ACTOR,
        now=office.now,
    )
    return made.id


def test_a_file_reaches_openssh_encrypted_for_the_receiver_alone(
    office: Office, sshd: Sshd, gpg: Gpg
) -> None:
    (sshd.folder / "out").mkdir()
    config = sshd.config(pgp_public_key=gpg.public_key("ecc"))
    authorization = authorize(office, config, method="client_sftp_pgp_public")
    job = office.create(authorization_id=authorization, folder="out", fields=["user_id"], gzip=True)

    office.run_jobs()

    assert office.state(job).state == "completed", office.state(job).last_error
    (path,) = (sshd.folder / "out").iterdir()
    assert path.name == "all_20260301T120000Z.csv.gz.pgp"
    assert b"u1" not in path.read_bytes()
    (path.parent / "plain.gz").write_bytes(
        gpg.run("--passphrase", PASSPHRASE, "--decrypt", str(path))
    )
    opened = subprocess.run(
        ["gunzip", "-c", str(path.parent / "plain.gz")], capture_output=True, check=True
    )
    assert sorted(opened.stdout.decode().split()) == ["u1", "u2", "u3", "user_id"]
    (written,) = office.written(job)
    assert written.size == path.stat().st_size
    # The key that the server showed first is pinned from then on.
    found = get_authorization(office.store, office.account.number, authorization)
    assert found.public_config["known_host"] == sshd.host_key


def test_an_expired_key_fails_the_job_with_its_cure(office: Office, sshd: Sshd, gpg: Gpg) -> None:
    gpg.make_key("old", "rsa2048", at="20200101T000000")
    config = sshd.config(pgp_public_key=gpg.public_key("old"))
    authorization = authorize(office, config, method="client_sftp_pgp_public")
    job = office.create(authorization_id=authorization, fields=["user_id"], filename="old")

    office.run_jobs()

    assert office.state(job).state == "failed"
    assert "expired" in (office.state(job).last_error or "")
    assert not list(sshd.folder.glob("*old*"))


def test_a_folder_that_is_not_there_is_said_with_its_cure(office: Office, sshd: Sshd) -> None:
    authorization = authorize(office, sshd.config())
    job = office.create(authorization_id=authorization, folder="nowhere", fields=["user_id"])

    office.run_jobs()

    assert office.state(job).state == "failed"
    assert "Create the folder" in (office.state(job).last_error or "")


def test_a_user_of_our_own_server_finds_the_file_in_their_folder(office: Office) -> None:
    authorization = authorize(office, {**MANAGED, "access": "read-write"}, method="managed_sftp")
    job = office.create(authorization_id=authorization, fields=["user_id"], filename="users")

    office.run_jobs()

    assert office.state(job).state == "completed", office.state(job).last_error
    folder = office.bench.settings.data_dir / "sftp" / str(authorization)
    assert [path.name for path in folder.iterdir()] == ["users.csv"]


def test_authorizations_that_cannot_hand_over_are_refused_with_the_cure(
    office: Office, sshd: Sshd, gpg: Gpg
) -> None:
    upload_only = authorize(office, MANAGED, method="managed_sftp")
    own_key = {"pgp_private_key": gpg.private_key("rsa")}
    private = authorize(office, sshd.config(**own_key), method="client_sftp_pgp_private")

    with pytest.raises(ImportOnlyError, match="read-write"):
        office.create(authorization_id=upload_only, fields=["user_id"])
    with pytest.raises(ImportOnlyError, match="PGP public key"):
        office.create(authorization_id=private, fields=["user_id"])


def test_a_run_killed_in_the_midst_of_handing_over_leaves_no_half_file_and_begins_again(
    office: Office,
) -> None:
    job = office.create(fields=["user_id"])
    data_dir = office.bench.settings.data_dir

    for _ in range(2):
        dead = subprocess.run(
            [sys.executable, str(SCRIPT), office.store.url, str(data_dir)],
            capture_output=True,
            check=False,
        )
        assert dead.returncode == -signal.SIGKILL, dead.stderr.decode()
        assert [path.name[0] for path in office.out.iterdir()] == ["."]
    begun = office.written(job)
    office.run_jobs()

    assert [file.state for file in begun] == ["writing"]
    (file,) = office.written(job)
    assert (file.state, file.people, file.name) == ("done", 3, begun[0].name)
    assert [path.name for path in office.out.iterdir()] == [file.name]
    assert sorted((office.out / file.name).read_text().split()) == ["u1", "u2", "u3", "user_id"]
    assert not list((data_dir / "exports-in-transit").iterdir())
