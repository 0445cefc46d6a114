import subprocess
import sys
from pathlib import Path

import pytest

from coterie.base.clock import system_clock
from coterie.base.keyfile import ensure_key_ring
from coterie.base.settings import Settings
from coterie.control import accounts, jobs
from coterie.model.control import Actor
from coterie.store import Store

ACTOR = Actor(name="cli")


def coterie(*words: str, url: str, folder: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the real command, whose errors end in main, on a folder that has keys."""
    ensure_key_ring(Settings(data_dir=folder))
    given = {"COTERIE_DATABASE_URL": url, "COTERIE_DATA_DIR": str(folder), "COLUMNS": "200"}
    return subprocess.run(
        [sys.executable, "-m", "coterie", *words],
        env=given | env,
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        timeout=60,
    )


@pytest.fixture
def account(database_url: str) -> int:
    with Store.open(database_url) as store:
        return accounts.create_account(store, name="Main", actor=ACTOR, clock=system_clock).number


@pytest.mark.parametrize(
    "url", ["mysql://crm:secret-word@db/x", "nonsense secret-word", "postgresql://a:secret-word%@h"]
)
def test_a_database_address_that_cannot_be_read_is_not_repeated(tmp_path: Path, url: str) -> None:
    for words in (("account", "list"), ("doctor",), ("up",)):
        done = coterie(*words, url=url, folder=tmp_path, COTERIE_PORT="0")

        assert done.returncode in (1, 2)
        assert "COTERIE_DATABASE_URL" in done.stdout + done.stderr
        assert "secret-word" not in done.stdout + done.stderr
        assert "Traceback" not in done.stderr


def test_a_file_that_lacks_its_at_sign_is_noticed(
    database_url: str, account: int, tmp_path: Path
) -> None:
    (tmp_path / "s.lql").write_text("SELECT card FROM shop INTO user BY card ALIAS shop")

    done = coterie("schema", "publish", "s.lql", url=database_url, folder=tmp_path)

    assert (done.returncode, account > 0) == (2, True)
    assert "@s.lql" in done.stderr


def test_the_log_of_an_unknown_job_is_an_error(
    database_url: str, account: int, tmp_path: Path
) -> None:
    done = coterie("job", "logs", "999", url=database_url, folder=tmp_path)

    assert done.returncode == 2
    assert f"Account {account} has no job 999" in done.stderr


def test_a_job_is_shown_as_people_read_it(database_url: str, account: int, tmp_path: Path) -> None:
    config = {"stream": "braze_csv", "folder": "/srv/files", "prefix": "users"}
    with Store.open(database_url) as store:
        job = jobs.create_import_csv(
            store, account=account, label="Files", authorization_id=None, config=config,
            actor=ACTOR, now=system_clock(),
        )  # fmt: skip

    done = coterie("job", "show", str(job.id), url=database_url, folder=tmp_path)

    assert done.returncode == 0
    assert '"folder": "/srv/files"' in done.stdout
    assert "ImportCsvConfig(" not in done.stdout


@pytest.mark.parametrize(
    "entries",
    [
        ("apikey=secret-word\nmore", "instance=EU-01"),
        ("apikey=secret-word", "endpoint_url=http://a..b"),
        ("secret-word", "instance=EU-01"),
    ],
)
def test_a_configuration_that_cannot_be_sent_is_refused_without_a_trial(
    database_url: str, account: int, tmp_path: Path, entries: tuple[str, ...]
) -> None:
    words = [word for entry in entries for word in ("--set", entry)]

    done = coterie(
        "authorization", "create", "braze", "--label", "Braze", "--untested", *words,
        url=database_url, folder=tmp_path,
    )  # fmt: skip

    assert (done.returncode, account > 0) == (2, True)
    assert "Traceback" not in done.stderr
    assert "secret-word" not in done.stderr
