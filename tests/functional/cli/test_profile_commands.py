"""What the shell is told of one person."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from coterie.app.services import Services, config_source
from coterie.base.clock import system_clock
from coterie.base.errors import UserError
from coterie.base.keyfile import ensure_key_ring, open_key_ring
from coterie.base.settings import Settings
from coterie.cli import profile_why
from coterie.cli.personalization import app as personalization
from coterie.cli.profile import NobodyError
from coterie.cli.profile import app as profile
from coterie.control.accounts import create_account
from coterie.control.definitions.audiences import create_audience
from coterie.flow.eventlog.bulk import append_events
from coterie.flow.eventlog.lanes import ensure_lanes
from coterie.flow.eventlog.prepare import ensure_days
from coterie.model.control import Actor
from coterie.model.events import IncomingEvent
from coterie.store import Store
from coterie.worker.loop import Worker, WorkerDependencies

COMMANDS = typer.Typer()
assert profile_why.why is not None, "it adds its command to those of profiles"
COMMANDS.add_typer(profile)
COMMANDS.add_typer(personalization)
Invoke = Callable[..., Result]


@pytest.fixture
def invoke(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Invoke:
    """Commands on a store in which u1 moved from Oslo to Bergen."""
    settings = Settings(data_dir=tmp_path)
    ensure_key_ring(settings)
    monkeypatch.setenv("COTERIE_DATABASE_URL", database_url)
    monkeypatch.setenv("COTERIE_DATA_DIR", str(tmp_path))
    now = system_clock()
    with Store.open(database_url) as store:
        create_account(store, name="Main", actor=Actor(name="test"), clock=lambda: now, number=3012)
        bodies: list[dict[str, Any]] = [
            {"user_id": "u1", "city": city} for city in ("Oslo", "Bergen")
        ]
        events = [
            IncomingEvent(
                account=3012, stream="default", received_at=system_clock(), body=json.dumps(body)
            )
            for body in bodies
        ]
        with store.transaction() as conn:
            ensure_lanes(conn, 1)
            ensure_days(conn, now.date())
            append_events(conn, 0, events)
        services = Services(settings, system_clock, open_key_ring(settings), store)
        with store.connect() as conn:
            deps = WorkerDependencies(store, config_source(), system_clock, services.batch_settings)
            Worker(deps, conn).turn()

    def run(*words: str) -> Result:
        return CliRunner().invoke(COMMANDS, words)

    return run


def test_why_a_person_is_in_an_audience_or_not_is_told_condition_by_condition(
    invoke: Invoke, database_url: str
) -> None:
    with Store.open(database_url) as store:
        create_audience(
            store, account=3012, slug="north", name="North", is_draft=True,
            filter_text='FILTER AND (city = "Bergen", NOT city = "Oslo")',
            actor=Actor(name="test"), clock=system_clock,
        )  # fmt: skip

    told = invoke("profile", "why", "user_id", "u1", "north")
    found = json.loads(invoke("profile", "why", "user_id", "u1", "north", "--json").stdout)
    nobody = invoke("profile", "why", "user_id", "u9", "north")

    assert told.stdout.splitlines()[:5] == [
        "north: true; outside.",
        "The audience is a draft, which holds nobody until it is activated.",
        "  * true: all of these",
        '    * true: city == "Bergen"',
        "        city is Bergen",
    ]
    assert (found["audience"], found["explained"]["answer"]) == ("north", True)
    assert isinstance(nobody.exception, NobodyError)


def test_a_person_is_shown_with_the_fields_that_are_asked_for(invoke: Invoke) -> None:
    table = invoke("profile", "show", "user_id", "u1")
    found = json.loads(
        invoke("profile", "show", "user_id", "u1", "--field", "city", "--json").stdout
    )

    assert table.exit_code == 0
    assert "Bergen" in table.stdout
    assert found["values"] == {"city": "Bergen"}


def test_a_value_is_traced_to_its_event(invoke: Invoke) -> None:
    table = invoke("profile", "lineage", "user_id", "u1", "--field", "city")
    (city,) = json.loads(
        invoke("profile", "lineage", "user_id", "u1", "--field", "city", "--json").stdout
    )

    assert "default" in table.stdout
    assert city["events"] == 2
    assert [(one["value"], one["seq"]) for one in city["origins"]] == [("Bergen", 2)]


@pytest.mark.parametrize("command", ["show", "lineage"])
def test_nobody_is_said_to_be_nobody(invoke: Invoke, command: str) -> None:
    result = invoke("profile", command, "user_id", "u2")

    assert isinstance(result.exception, NobodyError)
    assert isinstance(result.exception, UserError)


def test_what_is_public_is_allowed_shown_and_stopped(invoke: Invoke) -> None:
    before = invoke("personalization", "show")
    made = invoke("personalization", "allow", "--by", "user_id", "--field", "city", "--json")
    shown = json.loads(invoke("personalization", "show", "--json").stdout)
    stopped = invoke("personalization", "stop")

    assert before.stdout.strip() == "Nothing is public."
    assert json.loads(made.stdout) == shown
    assert (shown["by_fields"], shown["fields"], shown["origins"]) == (["user_id"], ["city"], [])
    assert stopped.stdout.strip() == "Nothing is public any more."
