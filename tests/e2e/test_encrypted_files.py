"""Braze's export, encrypted by gpg, over OpenSSH in both roles, into profiles, through kills.

All profiles come back over OpenSSH as a file, so that each value of each user can be compared.
"""

import asyncio
import csv
import io
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from tests.e2e.crash.killer import kill, wait_for_victims
from tests.e2e.crash.product import Product, running_product, wait_until
from tests.gnupg import PASSPHRASE, Gpg, open_gpg
from tests.openssh import SftpClient, Sshd, running_sshd

from braze_sandbox.testing import RunningSandbox, running_sandbox
from coterie.app.up import free_port
from coterie.base.clock import system_clock
from coterie.base.keyfile import open_key_ring
from coterie.control.accounts import list_accounts
from coterie.control.authorizations import create_authorization
from coterie.control.definitions.audiences import create_audience
from coterie.control.jobs import create_export_files, create_import_csv, get_job
from coterie.flow.eventlog.read import lanes_with_work
from coterie.model.control import Actor
from coterie.store import Store

pytestmark = pytest.mark.e2e

ACTOR = Actor(name="cli")
PASSWORD = "Sesame-42"
KILLS = 3
# As the product has them; those of the crash tests make many small batches.
USUAL = {"COTERIE_BATCH_SIZE": "2000", "COTERIE_PG_SHARED_BUFFERS_MB": "256"}
TRACKED = 75
SHOWN = 3
# Half of Braze's random buckets come one way, half the other.
HALF = 5_000
FIRST = ("Kim", "Zoë", "Jürgen", "=Sam", "O'Brien, Noor")
CITIES = ("Oslo", "Łódź", "New York, NY", 'The "Hague"')


@pytest.fixture(scope="module")
def gpg() -> Iterator[Gpg]:
    yield from open_gpg()


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    with running_sshd(tmp_path_factory.mktemp("sshd")) as server:
        yield server


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox() as served:
        yield served


def fill(sandbox: RunningSandbox, users: int) -> None:
    for start in range(0, users, TRACKED):
        attributes = [
            {
                "external_id": f"u{number}",
                "email": f"user{number}@shop.example",
                "phone": f"+1504555{number:07}",
                "first_name": FIRST[number % len(FIRST)],
                "home_city": CITIES[number % len(CITIES)],
            }
            for number in range(start, min(start + TRACKED, users))
        ]
        answer = sandbox.post("/users/track", {"attributes": attributes})
        assert answer.status == 201, answer.text


def export(sandbox: RunningSandbox, first_bucket: int, last_bucket: int) -> str:
    text: str = sandbox.call(
        "GET",
        "/export/users.csv",
        random_bucket_from=first_bucket,
        random_bucket_to=last_bucket,
    )
    return text


class Shop:
    """The account of the product, as somebody with access to its database sees it."""

    def __init__(self, product: Product, store: Store) -> None:
        self.product = product
        self.store = store
        self.ring = open_key_ring(product.settings)
        self.account = list_accounts(store)[0].number

    def authorize(self, method: str, config: dict[str, Any]) -> int:
        return create_authorization(
            self.store,
            self.ring,
            account=self.account,
            provider="sftp",
            method=method,
            label=method,
            config=config,
            actor=ACTOR,
            now=system_clock(),
        ).id

    def start_import(self, authorization_id: int) -> int:
        config = {"stream": "braze_csv", "filename": "users.csv.gpg", "braze_format": True}
        return create_import_csv(
            self.store,
            account=self.account,
            label="Users",
            authorization_id=authorization_id,
            config=config,
            actor=ACTOR,
            now=system_clock(),
        ).id

    def keep_everyone(self) -> None:
        """Keep an audience of all users."""
        create_audience(
            self.store,
            account=self.account,
            slug="everyone",
            name="Everyone",
            filter_text="FILTER EXISTS user_id",
            actor=ACTOR,
            clock=system_clock,
        )

    def start_export(self, authorization_id: int) -> int:
        """Write the profiles of everyone into profiles.csv."""
        config = {
            "audience": "everyone",
            "fields": list(FIELDS.values()),
            "filename": "profiles",
        }
        return create_export_files(
            self.store,
            account=self.account,
            label="Profiles",
            authorization_id=authorization_id,
            config=config,
            actor=ACTOR,
            now=system_clock(),
        ).id

    def rows_done(self) -> int:
        return self.ask("SELECT coalesce(sum(rows_done), 0) FROM import_file")

    def ask(self, query: str) -> int:
        with self.store.transaction() as conn:
            row = conn.execute(query.encode()).fetchone()
        assert row is not None
        return int(row[0])

    def state(self, job_id: int) -> str:
        job = get_job(self.store, self.account, job_id)
        assert job.state != "failed", job.last_error
        return job.state

    def is_worked_off(self) -> bool:
        with self.store.transaction() as conn:
            return not lanes_with_work(conn)


@pytest.mark.parametrize(
    ("users", "patience", "settings"),
    [
        pytest.param(5_000, 240.0, {}, id="5000"),
        pytest.param(
            500_000,
            3_600.0,
            USUAL,
            id="500000",
            marks=[pytest.mark.prove, pytest.mark.timeout(7_200)],
        ),
    ],
)
def test_encrypted_exports_arrive_whole_through_kills(
    sandbox: RunningSandbox,
    gpg: Gpg,
    sshd: Sshd,
    tmp_path: Path,
    users: int,
    patience: float,
    settings: dict[str, str],
) -> None:
    seed = time.time_ns() % 1_000_000
    chance = Random(seed)
    sandbox.reset()
    sandbox.set(csv_users=users)
    fill(sandbox, users)
    texts = export(sandbox, 0, HALF - 1), export(sandbox, HALF, 9_999)
    users_of_braze = {
        row["user_id"]: values_in(row)
        for text in texts
        for row in csv.DictReader(io.StringIO(text))
    }
    assert len(users_of_braze) == users
    fetched, uploaded = (
        gpg.run("--recipient", "ecc", "--encrypt", given=text.encode()) for text in texts
    )
    key = {
        "pgp_private_key": gpg.private_key("ecc", passphrase=PASSPHRASE),
        "pgp_passphrase": PASSPHRASE,
    }

    sftp_port = str(free_port("127.0.0.1"))
    with (
        running_product(tmp_path, COTERIE_SFTP_PORT=sftp_port, **settings) as product,
        Store.open(product.url) as store,
    ):
        shop = Shop(product, store)
        # The client's server is OpenSSH's, and ours is what OpenSSH's client uploads to.
        (sshd.folder / "users.csv.gpg").write_bytes(fetched)
        client = shop.authorize("client_sftp_pgp_private", {**sshd.config(), **key})
        ours = shop.authorize("managed_sftp", {"username": "agency", "password": PASSWORD, **key})
        upload(product, tmp_path, uploaded)
        shop.keep_everyone()
        jobs = [shop.start_import(client), shop.start_import(ours)]
        for kills in range(1, KILLS + 1):
            goal = chance.randrange(
                users * (kills - 1) // (KILLS + 1), users * kills // (KILLS + 1)
            )
            wait_until(
                lambda: shop.rows_done() >= goal,  # noqa: B023
                f"at row {goal} (seed {seed})",
                product.last_words,
                seconds=patience,
            )
            kill(wait_for_victims(product.settings.data_dir, chance.choice(("jobs", "worker-1"))))
        wait_until(
            lambda: all(shop.state(job) == "completed" for job in jobs) and shop.is_worked_off(),
            f"imported (seed {seed})",
            product.last_words,
            seconds=patience,
        )

        assert shop.ask("SELECT count(*) FROM event_log") == users, f"seed {seed}"
        assert shop.ask("SELECT count(*) FROM g1.profile") == users, f"seed {seed}"
        assert shop.ask("SELECT sum(rows_done) FROM import_file") == users
        assert shop.ask("SELECT count(*) FROM import_reject") == 0
        back = shop.start_export(shop.authorize("client_sftp", sshd.config()))
        wait_until(
            lambda: shop.state(back) == "completed",
            f"written (seed {seed})",
            product.last_words,
            seconds=patience,
        )

    (sshd.folder / "users.csv.gpg").unlink()
    with (sshd.folder / "profiles.csv").open(encoding="utf-8", newline="") as file:
        different = list(differences(csv.DictReader(file), users_of_braze))
    assert not different, f"{len(different)} differ, seed {seed}: {different[:SHOWN]}"


def upload(product: Product, folder: Path, message: bytes) -> None:
    """Put a file into the folder of a user of ours with OpenSSH's client."""
    (folder / "users.csv.gpg").write_bytes(message)
    client = SftpClient(folder, port=product.settings.sftp_port, username="agency")
    client.password = PASSWORD
    said = asyncio.run(client.run("put users.csv.gpg"))
    assert said.code == 0, said.err


FIELDS = {
    "user_id": "user_id",
    "email": "email",
    "phone_number": "phone",
    "first_name": "first_name",
    "city": "city",
    "random_bucket": "br_random_bucket",
}


def differences(
    profiles: Iterable[dict[str, str]], users: dict[str, dict[str, str]]
) -> Iterator[tuple[dict[str, str], dict[str, str]]]:
    """Yield each profile with its user where they differ; a lack of one is an empty one."""
    for row in profiles:
        profile, user = values_of(row), users.pop(row["user_id"], {})
        if profile != user:
            yield profile, user
    for user in users.values():
        yield {}, user


def values_in(row: dict[str, str]) -> dict[str, str]:
    """Return what a row of the export says, as Braze had it before it guarded its values."""
    unguarded = {
        field: row[column].removeprefix("'") if row[column][:2] in ("'+", "'=") else row[column]
        for column, field in FIELDS.items()
        if row[column]
    }
    # Made-up numbers are none of a country's, so the field spells them in digits.
    return unguarded | {"phone": unguarded["phone"].lstrip("+")}


def values_of(row: dict[str, str]) -> dict[str, str]:
    """Return what a profile holds."""
    return {field: value for field, value in row.items() if value}
