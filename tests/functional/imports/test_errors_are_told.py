"""What can be wrong with a file is in the log of its job with the cure, and in the job's state."""

import gzip
import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.functional.imports.conftest import ACCOUNT, ImportWorld
from tests.gnupg import PASSPHRASE, Gpg, open_gpg
from tests.openssh import Sshd, make_key, running_sshd

from coterie.control.jobs import job_logs
from coterie.model.control import JobLogEntry

LIMIT = 9_000_000
GOOD = b"id,city\n1,Oslo\n2,Rome\n"


@pytest.fixture(scope="module")
def gpg() -> Iterator[Gpg]:
    yield from open_gpg()


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    with running_sshd(tmp_path_factory.mktemp("sshd")) as server:
        yield server


def zipped(name: str, data: bytes) -> bytes:
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(name, data)
    return into.getvalue()


def log_of(world: ImportWorld, job: int) -> list[JobLogEntry]:
    return job_logs(world.store, ACCOUNT, job)


# What is wrong with the file as a whole: the words that say what, and those that say the cure.
WHOLE: dict[str, tuple[Callable[[], bytes], str, str]] = {
    "empty.csv": (lambda: b"", "it is empty", "must name each column"),
    "delimiter.csv": (lambda: b"id;city\n1;Oslo\n", "holds ';' 1 times", "check the delimiter"),
    "cut.csv.gz": (lambda: gzip.compress(GOOD * 9_000)[:-30], "cut off or damaged", "Upload it"),
    "cut.zip": (lambda: zipped("a.csv", GOOD)[:-30], "cut off or damaged", "Upload it again"),
    "cell.csv": (
        lambda: b'id,city\n1,"' + b"x,y\n" * 1_500_000,
        "a cell of more than 1,000,000 characters that begins in line 2",
        "Correct the file",
    ),
    "bomb.csv.gz": (
        lambda: gzip.compress(b"x" * (LIMIT + 1)),
        "unpacks to more than",
        "COTERIE_IMPORT_FILE_LIMIT_BYTES",
    ),
    "bomb.zip": (
        lambda: zipped("a.csv", b"x" * (LIMIT + 1)),
        "unpacks to more than",
        "COTERIE_IMPORT_FILE_LIMIT_BYTES",
    ),
    "sheet.xlsx": (lambda: zipped("[Content_Types].xml", b"x"), "spreadsheet", "Save it as CSV"),
    "binary.csv": (lambda: bytes(range(256)) * 4 + bytes(3_000), "no text file", "Put a CSV"),
}


def test_a_file_that_cannot_be_read_fails_its_job_with_the_cure(world: ImportWorld) -> None:
    settings = msgspec.structs.replace(world.bench.settings, import_file_limit_bytes=LIMIT)
    world.bench = msgspec.structs.replace(world.bench, settings=settings)
    jobs: dict[str, int] = {}
    for name, (made, _, _) in WHOLE.items():
        path = world.root / name
        path.write_bytes(made())
        world.age(path)
        jobs[name] = world.add_job(filename=name)

    while world.run():
        pass

    for name, (_, what, cure) in WHOLE.items():
        job = world.job(jobs[name])
        (line,) = [line for line in log_of(world, jobs[name]) if line.code == "file_failed"]
        assert job["state"] == "failed", name
        assert what in job["last_error"], name
        assert cure in job["last_error"], name
        assert line.level == "error", name
        assert line.message in job["last_error"], name


# What is wrong with one row alone: where it is said to be.
ROWS: dict[str, tuple[bytes, str]] = {
    "nul.csv": (b"id,city\n1,Oslo\n2,a\0b\n", "line 3, column 'city'"),
    "ragged.csv": (b"id,city\n1\n2,Rome\n", "line 2, column 'city'"),
    "bytes.csv": (b"id,city\n1,Oslo\n2,\xff\n", "line 3, column 'city'"),
    "ends.csv": (b"id,city\n1,Oslo\n2", "line 3, column 'city'"),
    "long.csv": (b"id,city\n1,Oslo\n2," + b"x" * 5_000_000 + b"\n", "line 3"),
}


def test_a_row_that_is_left_out_is_told_in_the_log_with_its_place_and_the_cure(
    world: ImportWorld,
) -> None:
    marked = world.root / "mark.csv"
    marked.write_bytes(b"\xef\xbb\xbf" + GOOD)
    world.age(marked)
    jobs = {"mark.csv": world.add_job(filename="mark.csv")}
    for name, (data, _) in ROWS.items():
        path = world.root / name
        path.write_bytes(data)
        world.age(path)
        jobs[name] = world.add_job(filename=name)

    while world.run():
        pass

    for name, job in jobs.items():
        (line,) = [line for line in log_of(world, job) if line.code == "synced"]
        assert world.job(job)["state"] == "completed", name
        if name == "mark.csv":
            assert (line.level, line.message) == (
                "info",
                "mark.csv: 2 rows imported, 0 rejected.",
            )
        else:
            assert line.level == "warning", name
            assert f"The first is in {ROWS[name][1]}." in line.message, name
            assert "Correct them" in line.message, name
    # The byte order mark is no part of the first column.
    assert {"id": "1", "city": "Oslo"} in world.events()


def test_keys_that_do_not_fit_fail_the_job_with_their_cure(
    world: ImportWorld, gpg: Gpg, sshd: Sshd, tmp_path: Path
) -> None:
    path = sshd.folder / "users.csv.gpg"
    path.write_bytes(gpg.run("-r", "ecc", "--encrypt", given=GOOD))
    world.age(path)
    gpg.make_key("old", "rsa2048", at="20200101T000000")
    ecc = {"pgp_private_key": gpg.private_key("ecc", passphrase=PASSPHRASE)}
    make_key(tmp_path / "other")
    cases: tuple[tuple[dict[str, Any], str, str], ...] = (
        ({**ecc, "pgp_passphrase": "guess"}, "cannot be opened", "passphrase again"),
        (ecc, "needs its passphrase", "passphrase again"),
        ({"pgp_private_key": gpg.private_key("old")}, "expired on 2020-12-31", "Extend it"),
        (
            {"pgp_private_key": gpg.private_key("rsa")},
            "not encrypted for the key",
            "the public half",
        ),
        (
            {
                **ecc,
                "pgp_passphrase": PASSPHRASE,
                "known_host": (tmp_path / "other.pub").read_text(),
            },
            "has another host key",
            "put the new key in place",
        ),
    )
    jobs = [
        world.add_job(
            authorization_id=world.add_authorization(
                sshd.config(**config), method="client_sftp_pgp_private"
            ),
            filename="users.csv.gpg",
        )
        for config, _, _ in cases
    ]

    while world.run():
        pass

    for job, (_, what, cure) in zip(jobs, cases, strict=True):
        told = world.job(job)
        assert told["state"] == "failed", what
        assert what in told["last_error"], told["last_error"]
        assert cure in told["last_error"], told["last_error"]
        assert any(what in line.message and line.level == "error" for line in log_of(world, job))
    assert world.events() == []
