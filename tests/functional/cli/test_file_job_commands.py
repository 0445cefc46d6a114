"""The commands that change jobs of files, against PostgreSQL."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from coterie.base.keyfile import ensure_key_ring
from coterie.base.settings import Settings
from coterie.cli.commands import build_app

COMMANDS = build_app()
Invoke = Callable[..., Result]


@pytest.fixture
def invoke(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Invoke:
    ensure_key_ring(Settings(data_dir=tmp_path))
    monkeypatch.setenv("COTERIE_DATABASE_URL", database_url)
    monkeypatch.setenv("COTERIE_DATA_DIR", str(tmp_path))

    def invoke_command(*words: str) -> Result:
        return CliRunner().invoke(COMMANDS, words)

    invoke_command("account", "create", "Main", "--number", "3012")
    return invoke_command


def run(invoke: Invoke, *words: str) -> Any:
    """Return what a command printed as JSON."""
    result = invoke(*words, "--json")
    assert result.exception is None, result.output
    return json.loads(result.stdout)


def test_jobs_of_files_change_and_what_is_left_out_stays(invoke: Invoke, tmp_path: Path) -> None:
    run(invoke, "audience", "create", "vips", "--name", "VIPs", "--filter", "FILTER EXISTS email")
    (export,) = run(invoke,
        "job", "export-files", "--label", "VIPs", "--audience", "vips", "--field", "email=Mail",
        "--gzip", "--frequency", "weekly", "--weekday", "monday", "--time-of-day", "02:30",
    )  # fmt: skip
    (files,) = run(invoke,
        "job", "import-csv", "--label", "Files", "--stream", "braze_csv", "--folder",
        str(tmp_path), "--prefix", "users", "--timestamp", "created_at", "--keep-updated",
    )  # fmt: skip

    (daily,) = run(invoke,
        "job", "update-export-files", str(export["id"]), "--frequency", "daily", "--weekday",
        "none", "--no-gzip", "--field", "none",
    )  # fmt: skip
    (moved,) = run(invoke,
        "job", "update-import-csv", str(files["id"]), "--pattern", "people_", "--timestamp", "none",
        "--label", "People",
    )  # fmt: skip
    refused = invoke("job", "update", str(export["id"]), "--label", "Mine")

    config = daily["config"]
    assert (config["frequency"], config["weekday"], config["gzip"]) == ("daily", "", False)
    assert (config["fields"], config["names"]) == ([], {})
    assert (config["audience"], config["time_of_day"]) == ("vips", "02:30")
    config = moved["config"]
    assert (moved["label"], config["pattern"], config["prefix"]) == ("People", "people_", "")
    assert (config["timestamps"], config["continuous_update"]) == ([], True)
    assert "update-export-files" in str(refused.exception)
