"""Schemas are drafted from a shell, and mappings and fields changed in a draft or at once."""

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

LQL = "SELECT colour KIND string FROM default INTO user BY user_id ALIAS more"
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


def told(result: Result) -> Any:
    assert result.exception is None, result.output
    return json.loads(result.stdout)


def test_a_draft_is_changed_checked_previewed_and_published(invoke: Invoke) -> None:
    made = told(invoke("schema", "draft", "create", "colours", "--json"))
    told(invoke("schema", "draft", "write", "colours", LQL, "--json"))
    told(invoke("field", "update", "city", "--description", "Town", "--draft", "colours", "--json"))
    told(invoke("field", "identify", "email", "--rank", "0", "--draft", "colours", "--json"))
    told(invoke("field", "delete", "country", "--draft", "colours", "--json"))
    mapped = told(
        invoke("mapping", "update", "default", "city", "tolower(city)", "--draft", "colours",
               "--json")
    )  # fmt: skip
    report = told(invoke("schema", "draft", "check", "colours", "--json"))
    preview = told(invoke("schema", "draft", "preview", "colours", "--json"))
    before = told(invoke("schema", "show", "--json"))
    after = told(invoke("schema", "draft", "publish", "colours", "--json"))

    assert made["base_version"] == before["version"] == 1
    assert [one["expr"] for one in mapped] == ["tolower(city)"]
    assert {(one["what"], one["how"]) for one in report["difference"]["fields"]} >= {
        ("colour", "new"), ("city", "modified"), ("country", "deleted"), ("email", "modified"),
    }  # fmt: skip
    assert (report["faults"], preview["streams"]) == ([], [])
    assert after["version"] == 2
    assert told(invoke("schema", "draft", "list", "--json")) == []


def test_a_field_is_renamed_in_a_draft_or_at_once(invoke: Invoke) -> None:
    told(invoke("audience", "create", "oslo", "--filter", 'city = "Oslo"', "--json"))
    invoke("schema", "draft", "create", "words")

    told(invoke("field", "rename", "city", "town", "--draft", "words", "--json"))
    checked = invoke("schema", "draft", "check", "words")
    told(invoke("schema", "draft", "publish", "words", "--json"))
    renamed = told(invoke("field", "rename", "town", "place", "--json"))

    assert "Who will read a field by its new name" in checked.output
    assert renamed["name"] == "place"
    [shown] = told(invoke("audience", "show", "oslo", "--json"))
    assert shown["filter_text"] == 'place = "Oslo"'


def test_two_who_change_the_same_are_told_and_decide(invoke: Invoke) -> None:
    invoke("schema", "draft", "create", "a")
    invoke("mapping", "update", "default", "city", "tolower(city)", "--draft", "a")
    told(invoke("mapping", "update", "default", "city", "string.uppercase(city)", "--json"))

    late = invoke("schema", "draft", "publish", "a")
    checked = invoke("schema", "draft", "check", "a")
    asked = invoke("schema", "draft", "catch-up", "a")
    decided = told(invoke("schema", "draft", "catch-up", "a", "--prefer-published", "--json"))
    gone = invoke("schema", "draft", "discard", "a")

    assert "version 2 is in force" in str(late.exception)
    assert (checked.exit_code, asked.exit_code) == (1, 1)
    assert "mapping default/city" in asked.output
    assert decided["draft"]["base_version"] == 2
    assert "is discarded" in gone.output
