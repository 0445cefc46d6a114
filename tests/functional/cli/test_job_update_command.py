"""Every option of a job that can change is changed on the command line."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner, Result

from coterie.base.keyfile import ensure_key_ring
from coterie.base.settings import Settings
from coterie.cli.commands import build_app
from coterie.model.feeds import ExportEventsConfig, ExportPurchasesConfig
from coterie.model.webhooks import WebhookConfig

COMMANDS = build_app()
FIXED = {
    # Given by us, or past once the job was made.
    "outlet", "joined", "existing_users",
    # Of Braze alone, or of no meaning there.
    "braze_id_field", "alias_field", "alias_label", "phone_field", "device_id_field",
    "identifier_order",
    "clean_up_at_expiry", "existing_only", "delete_forgotten",
}  # fmt: skip
SHARED = {"identifier_field", "email_field", "audiences", "suppressed_by", "consent", "quiet",
          "expires_at"}  # fmt: skip

Command = Callable[..., Result]


@pytest.fixture
def invoke(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    ensure_key_ring(Settings(data_dir=tmp_path))
    monkeypatch.setenv("COTERIE_DATABASE_URL", database_url)
    monkeypatch.setenv("COTERIE_DATA_DIR", str(tmp_path))

    def invoke_command(*words: str) -> Result:
        result = CliRunner().invoke(COMMANDS, words)
        assert result.exception is None, result.output
        return result

    invoke_command("account", "create", "Main", "--number", "3012")
    for slug in ("vip", "new", "staff"):
        invoke_command("audience", "create", slug, "--filter", "FILTER EXISTS email")
    return invoke_command


def authorize(invoke: Command, provider: str, *settings: str) -> str:
    words = [word for each in settings for word in ("--set", each)]
    made = invoke(
        "authorization", "create", provider, "--label", "One", "--untested", "--json", *words
    )
    return str(json.loads(made.stdout)[0]["id"])


def change(invoke: Command, job: str, *words: str) -> dict[str, Any]:
    """Change a job and return what it says of itself then."""
    changed: dict[str, Any] = json.loads(invoke("job", "update", job, *words, "--json").stdout)[0]
    config: dict[str, Any] = changed["config"]
    return config


def made(result: Result) -> tuple[str, dict[str, Any]]:
    [job] = json.loads(result.stdout)
    return str(job["id"]), job["config"]


COMMON = (
    "--identifier-field", "email", "--email-field", "email", "--add-audience", "new",
    "--suppress", "staff", "--consent", "city=Oslo,Rome", "--quiet", "22:00-07:00@UTC",
    "--quiet-drop", "--expires-at", "2131-05-31T12:00Z",
)  # fmt: skip


def test_every_option_of_a_webhook_job_changes_and_texts_can_be_emptied(
    invoke: Command, tmp_path: Path
) -> None:
    receiver = authorize(
        invoke, "webhook", "url=https://crm.example.com/x", "secret=sixteen characters"
    )
    job, before = made(
        invoke(
            "job", "webhook", "--label", "CRM", "--authorization", receiver, "--audience", "vip",
            "--identifier-field", "user_id", "--field", "city", "--name", "city=town", "--json",
        )
    )  # fmt: skip
    template = tmp_path / "body.liquid"
    template.write_text("{{ data | json }}", encoding="utf-8")

    after = change(
        invoke, job, *COMMON, "--audience-events", "enters", "--change", "city", "--field",
        "first_name", "--method", "PUT", "--batch-size", "20", "--flush-seconds", "9",
        "--do-not-retry", "400,410", "--template", str(template), "--name", "first_name=given",
    )  # fmt: skip
    events = change(
        invoke, job, "--template", "none", "--cloud-events", "--cloud-event-type", "t",
        "--cloud-event-source", "s", "--change", "none", "--do-not-retry", "none",
    )  # fmt: skip
    plain = change(
        invoke, job, "--name", "first_name=", "--plain", "--batch-size", "1",
        "--template", str(template), "--content-type", "text/plain", "--quiet", "none",
        "--consent", "none",
    )  # fmt: skip

    seen = [before, after, events, plain]
    assert after["audiences"] == ["vip", "new"]
    assert after["quiet"]["drop"] is True
    assert before["names"] == {"city": "town"}
    assert after["names"] == {"city": "town", "first_name": "given"}
    assert (events["cloud_event_type"], events["template"]) == ("t", "")
    assert (events["changes"], events["do_not_retry"]) == ([], [])
    assert (plain["cloud_events"], plain["content_type"]) == (False, "text/plain")
    assert (plain["quiet"], plain["consent"]) == (None, None)
    assert unchanged(WebhookConfig, seen) == FIXED


@pytest.mark.parametrize("kind", ["events", "purchases"])
def test_every_option_of_events_and_purchases_changes(
    invoke: Command, kind: str, database_url: str
) -> None:
    braze = authorize(invoke, "braze", "apikey=key", "instance=EU-01")
    job, before = made(
        invoke(
            "job", f"export-{kind}", "--label", "Orders", "--authorization", braze, "--event",
            "order", "--identifier-field", "user_id", "--audience", "vip", "--json",
            *(("--currency", "NOK") if kind == "purchases" else ()),
        )
    )  # fmt: skip

    own = ("--event-name", "Bought") if kind == "events" else (
        "--product-key", "sku", "--price-key", "cost", "--quantity-key", "count",
        "--currency-key", "money", "--currency", "EUR",
    )  # fmt: skip
    after = change(
        invoke, job, *COMMON, *own, "--stream", "shop", "--event", "order", "--event", "sale",
        "--property", "channel", "--property", "where=store.name", "--repeats", "at_least_once",
    )  # fmt: skip
    emptied = change(invoke, job, "--stream", "none", "--property", "none")
    with psycopg.connect(database_url) as conn:
        found = conn.execute("SELECT repeats FROM destination").fetchone()
    said = invoke("job", "update", job, "--label", "Sales").output

    assert after["properties"] == {"channel": "channel", "where": "store.name"}
    assert (after["events"], emptied["events"]) == (["order", "sale"], ["order", "sale"])
    assert (emptied["streams"], emptied["properties"]) == ([], {})
    assert found == ("at_least_once",)
    assert "What waits is sent as it was queued" in said
    config = ExportEventsConfig if kind == "events" else ExportPurchasesConfig
    assert unchanged(config, [before, after, emptied]) == FIXED


def unchanged(config: Any, seen: list[dict[str, Any]]) -> set[str]:
    """Return the options that were the same all the time."""
    names = set(config.__struct_fields__)
    assert names >= SHARED
    return {name for name in names if all(one.get(name) == seen[0].get(name) for one in seen)} | (
        {"joined"} & names
    )


def test_a_choice_of_the_delivery_is_shown_by_its_job(invoke: Command) -> None:
    braze = authorize(invoke, "braze", "apikey=key", "instance=EU-01")
    job, _ = made(
        invoke(
            "job", "export-events", "--label", "Orders", "--authorization", braze, "--event",
            "order", "--identifier-field", "user_id", "--json",
        )
    )  # fmt: skip
    [delivery] = json.loads(invoke("delivery", "list", "--json").stdout)

    invoke("delivery", "repeats", str(delivery["id"]), "at_least_once")

    config = json.loads(invoke("job", "show", job, "--json").stdout)["config"]
    assert config["repeats"] == "at_least_once"
