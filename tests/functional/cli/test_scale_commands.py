"""What the shell is told of days of the log and of several servers."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from coterie.app.database import prepare_database
from coterie.base.clock import system_clock
from coterie.base.settings import Settings
from coterie.cli.event_log import app as event_log
from coterie.cli.scale import app as scale
from coterie.store.citus import OF_A_GENERATION, SHARED, CitusMissingError

COMMANDS = typer.Typer()
COMMANDS.add_typer(scale)
COMMANDS.add_typer(event_log)
Invoke = Callable[..., Result]


@pytest.fixture
def invoke(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Invoke:
    settings = Settings(data_dir=tmp_path, database_url=database_url)
    prepare_database(database_url, settings, system_clock)
    monkeypatch.setenv("COTERIE_DATABASE_URL", database_url)
    monkeypatch.setenv("COTERIE_DATA_DIR", str(tmp_path))
    return lambda *words: CliRunner().invoke(COMMANDS, words)


def test_a_dry_run_prints_the_sql_for_every_table(invoke: Invoke) -> None:
    done = invoke("scale", "citus", "--dry-run")

    lines = done.stdout.splitlines()
    assert len(lines) == 2 * len((*SHARED, *OF_A_GENERATION))
    assert lines[:2] == [
        "SELECT create_distributed_table('public.lane_head', 'lane', colocate_with => 'none');",
        "SELECT truncate_local_data_after_distributing_table('public.lane_head');",
    ]
    assert (
        "SELECT create_distributed_table('g1.membership', 'profile_id', "
        "colocate_with => 'g1.profile');"
    ) in lines


def test_without_the_extension_it_says_how_to_get_it(invoke: Invoke) -> None:
    done = invoke("scale", "citus")

    assert isinstance(done.exception, CitusMissingError)
    assert "CREATE EXTENSION citus" in str(done.exception)


def test_days_of_the_log_are_listed_with_their_end(
    invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COTERIE_LOG_DAYS", "30")
    today = system_clock().date()

    found = json.loads(invoke("log", "days", "--json").stdout)

    assert found[0]["day"] == today.isoformat()
    assert len(found) == 8
    monkeypatch.setenv("COTERIE_LOG_DAYS", "0")
    assert json.loads(invoke("log", "days", "--json").stdout)[0]["leaves_on"] is None
    assert today.isoformat() in invoke("log", "days").stdout
