import gzip
import zipfile
from collections.abc import Iterator

import pytest
from tests.functional.imports.conftest import ImportWorld
from tests.gnupg import Gpg, open_gpg
from tests.openssh import Sshd, running_sshd

from coterie.control.jobs import job_logs
from coterie.flow.imports.files import list_files, list_rejects

ACCOUNT = 3012


@pytest.fixture(scope="module")
def gpg() -> Iterator[Gpg]:
    yield from open_gpg()


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    with running_sshd(tmp_path_factory.mktemp("sshd")) as server:
        yield server


def test_zipped_files_are_one_file_of_the_ledger(world: ImportWorld) -> None:
    path = world.root / "users.zip"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("b.csv", "id\n3\n")
        packed.writestr("a.csv", "id,city\n1,Oslo\n2\n")
    world.age(path)
    job = world.add_job(filename="users.zip")

    world.run()

    assert sorted(event["id"] for event in world.events()) == ["1", "3"]
    assert world.files() == [("users.zip", 3, 1, "done")]
    with world.store.transaction() as conn:
        ((bad,), _) = list_rejects(conn, job)
    assert (bad.name, bad.line, bad.column, bad.raw) == ("users.zip/a.csv", 3, "city", "2")


def test_an_encrypted_file_of_openssh_is_opened_and_its_host_key_kept(
    world: ImportWorld, gpg: Gpg, sshd: Sshd
) -> None:
    packed = gzip.compress(b"external_id,phone\nu1,'+15045550100\n")
    path = sshd.folder / "users.csv.gz.gpg"
    path.write_bytes(gpg.run("-r", "rsa", "--encrypt", given=packed))
    world.age(path)
    config = sshd.config(pgp_private_key=gpg.private_key("rsa"))
    authorization = world.add_authorization(config, method="client_sftp_pgp_private")
    job = world.add_job(
        authorization_id=authorization, filename="users.csv.gz.gpg", braze_format=True
    )

    world.run()

    assert world.job(job)["last_error"] is None
    assert world.events() == [{"external_id": "u1", "phone": "+15045550100"}]
    assert world.config_of(authorization)["known_host"] == sshd.host_key


def test_a_file_that_cannot_be_opened_fails_the_job_with_its_cure(
    world: ImportWorld, gpg: Gpg, sshd: Sshd
) -> None:
    message = gpg.run("-r", "rsa", "--encrypt", given=b"id\n1\n")
    path = sshd.folder / "cut.csv.gpg"
    path.write_bytes(message[:-20])
    world.age(path)
    config = sshd.config(pgp_private_key=gpg.private_key("rsa"))
    authorization = world.add_authorization(config, method="client_sftp_pgp_private")
    job = world.add_job(authorization_id=authorization, filename="cut.csv.gpg")

    world.run()

    assert world.job(job)["state"] == "failed"
    assert "cut off or damaged" in world.job(job)["last_error"]
    assert world.events() == []
    assert any("Upload it again" in line.message for line in job_logs(world.store, ACCOUNT, job))


def test_a_file_still_being_uploaded_is_left_alone_until_it_is_whole(world: ImportWorld) -> None:
    path = world.write("users-1.csv", "id\n1\n")
    world.age(path, seconds=0)
    job = world.add_job(prefix="users-")

    world.run()
    waited = world.job(job)["state"]
    world.age(world.write("users-1.csv", "id\n1\n2\n"), seconds=-3_600)
    world.later(seconds=11)
    world.run()
    still = world.events()
    world.later(seconds=11)
    world.run()

    assert waited == "sleeping"
    assert still == []
    assert [event["id"] for event in world.events()] == ["1", "2"]
    assert world.job(job)["state"] == "completed"


def test_with_diff_only_rows_that_changed_are_imported(world: ImportWorld) -> None:
    world.write("users-1.csv", "id,city\n1,Oslo\n2,Rome\n")
    job = world.add_job(prefix="users-", continuous_update=True, diff=True)
    world.run()
    world.write("users-2.csv", "id,city\n1,Oslo\n2,Bari\n3,Bonn\n")
    world.later(minutes=2)

    world.run()

    found = sorted((event["id"], event["city"]) for event in world.events())
    assert found == [("1", "Oslo"), ("2", "Bari"), ("2", "Rome"), ("3", "Bonn")]
    with world.store.transaction() as conn:
        newest = list_files(conn, job)[0]
    assert (newest.rows_done, newest.rows_skipped) == (3, 1)


def test_a_file_of_which_nothing_fits_fails_before_anything_is_taken(world: ImportWorld) -> None:
    world.write("users.csv", "id,at\n" + "1,never\n" * 1_500)
    job = world.add_job(filename="users.csv", timestamps=["at"])

    world.run()

    assert world.job(job)["state"] == "failed"
    assert "None of the first 1,500 rows" in world.job(job)["last_error"]
    assert world.rejected() == []
    with world.store.transaction() as conn:
        assert "no readable time" in (list_files(conn, job)[0].failure or "")


def test_columns_are_taken_under_the_names_that_the_job_gives(world: ImportWorld) -> None:
    path = world.root / "users.csv"
    path.write_bytes("Kraków;kim@shop.example\n".encode("windows-1250"))
    world.age(path)
    world.add_job(
        filename="users.csv",
        delimiter=";",
        header=["Stadt", "E-Mail"],
        names={"Stadt": "city", "E-Mail": "email"},
        encoding="windows-1250",
    )

    world.run()

    assert world.events() == [{"city": "Kraków", "email": "kim@shop.example"}]


def test_an_export_only_authorization_cannot_read(world: ImportWorld, gpg: Gpg) -> None:
    config = {
        "host": "sftp.example.com",
        "username": "u",
        "password": "p",
        "pgp_public_key": gpg.public_key("rsa"),
    }
    authorization = world.add_authorization(config, method="client_sftp_pgp_public")

    with pytest.raises(Exception, match="for exports only"):
        world.add_job(authorization_id=authorization, filename="users.csv")
