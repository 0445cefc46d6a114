import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner, Result

from coterie.base.errors import UserError
from coterie.base.keyfile import ensure_key_ring
from coterie.base.settings import Settings
from coterie.cli.commands import build_app
from coterie.cli.context import NotRunningError

COMMANDS = build_app()

Run = Callable[..., Any]


@pytest.fixture
def environment(database_url: str, tmp_path: Path) -> dict[str, str]:
    ensure_key_ring(Settings(data_dir=tmp_path))
    return {"COTERIE_DATABASE_URL": database_url, "COTERIE_DATA_DIR": str(tmp_path)}


@pytest.fixture
def invoke(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    def invoke_command(*words: str, text: str = "") -> Result:
        return CliRunner().invoke(COMMANDS, words, input=text)

    return invoke_command


@pytest.fixture
def run(invoke: Callable[..., Result]) -> Run:
    """Runs a command with --json and returns what it printed."""

    def run_command(*words: str, text: str = "") -> Any:
        result = invoke(*words, "--json", text=text)
        assert result.exception is None, result.output
        return json.loads(result.stdout)

    return run_command


@pytest.fixture
def number(run: Run) -> int:
    (made,) = run("account", "create", "Main", "--number", "3012")
    return int(made["number"])


def test_an_audience_that_is_set_aside_is_shown_as_failed(
    invoke: Callable[..., Result], number: int, database_url: str
) -> None:
    assert number
    invoke("audience", "create", "fans", "--filter", "FILTER EXISTS email")
    with psycopg.connect(database_url) as conn:
        conn.execute("UPDATE audience SET filter_text = 'FILTER bygone(email)'")

    said = invoke("audience", "list").output

    assert "failed" in said
    assert "fans is set aside" in said
    assert "no function 'bygone'" in said


def test_an_account_is_made_listed_and_shown(run: Run, number: int) -> None:
    assert run("account", "list") == run("account", "show", str(number))


def test_a_token_is_shown_once(run: Run, number: int) -> None:
    made = run(
        "token", "create", "--account", str(number), "--name", "x", "--scope", "data_manager",
        "--expires", "30d",
    )  # fmt: skip

    (listed,) = run("token", "list")
    assert made["token"].startswith(f"cot_{listed['prefix']}_")
    assert "token" not in listed
    revoked = run("token", "revoke", str(listed["id"]))
    assert revoked["revoked_at"] is not None


def test_a_user_gets_a_password_made_up_or_from_standard_input(
    invoke: Callable[..., Result], number: int
) -> None:
    made_up = invoke("user", "create", "a@example.org")
    given = invoke("user", "create", "b@example.org", "--password-stdin", text="a long sentence\n")

    assert "shown only now" in made_up.output
    assert "shown only now" not in given.output
    assert "a long sentence" not in given.output
    assert (made_up.exit_code, given.exit_code, number) == (0, 0, 3012)


def test_a_user_can_be_disabled_enabled_and_given_a_password(
    run: Run, invoke: Callable[..., Result], number: int
) -> None:
    (made,) = run("user", "create", "a@example.org", "--password-stdin", text="a long sentence\n")

    (disabled,) = run("user", "disable", str(made["id"]))
    (enabled,) = run("user", "enable", str(made["id"]))
    (observing,) = run("user", "role", str(made["id"]), "observer")
    changed = invoke("user", "password", str(made["id"]))

    assert disabled["disabled_at"] is not None
    assert enabled["disabled_at"] is None
    assert (made["role"], observing["role"]) == ("data_manager", "observer")
    assert "shown only now" in changed.output
    assert run("user", "list")[0]["account"] == number


def test_the_whole_way_to_an_export(run: Run, number: int, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("rest-key\n")
    (braze,) = run(
        "authorization", "create", "braze", "--label", "Braze", "--set", f"apikey=@{key}",
        "--set", "instance=EU-01", "--untested",
    )  # fmt: skip
    run("audience", "create", "known", "--filter", "EXISTS email")
    (made,) = run(
        "job", "export-audience", "--label", "To Braze", "--authorization", str(braze["id"]),
        "--identifier-field", "user_id", "--audience", "known", "--no-existing-users",
        "--name", "known=everyone",
    )  # fmt: skip

    assert (made["state"], made["config"]["names"]) == ("running", {"known": "everyone"})
    (fed,) = run(
        "job", "export-purchases", "--label", "Orders", "--authorization", str(braze["id"]),
        "--identifier-field", "user_id", "--event", "order", "--currency", "EUR",
        "--property", "channel", "--property", "shop=store.name",
    )  # fmt: skip
    assert fed["config"]["properties"] == {"channel": "channel", "shop": "store.name"}
    assert (fed["config"]["events"], fed["config"]["price_key"]) == (["order"], "price")
    job_id = str(made["id"])
    assert run("job", "pause", job_id)[0]["state"] == "paused"
    assert run("job", "resume", job_id)[0]["state"] == "running"
    assert run("job", "kill", job_id)[0]["state"] == "killed"
    assert run("job", "show", job_id)["state"] == "killed"
    assert [entry["code"] for entry in run("job", "logs", job_id)][-1] == "created"
    assert "rest-key" not in json.dumps(run("audit", "list"))
    assert number == 3012


def test_an_authorization_is_changed_and_deleted(
    run: Run, invoke: Callable[..., Result], number: int
) -> None:
    (made,) = run(
        "authorization", "create", "sftp", "--method", "client_sftp", "--label", "Files",
        "--set", "host=files.example.org", "--set", "username=crm", "--set", "password=word",
        "--untested",
    )  # fmt: skip
    identity = str(made["id"])

    (after,) = run(
        "authorization", "update", identity, "--label", "Old", "--set", "host=127.0.0.1",
        "--set", "password=word", "--untested",
    )  # fmt: skip
    tried = invoke("authorization", "test", identity)
    deleted = invoke("authorization", "delete", identity)

    assert (after["label"], after["public_config"]["host"]) == ("Old", "127.0.0.1")
    assert (tried.exit_code, "unhealthy" in tried.output) == (1, True)
    assert "are gone" in deleted.output
    assert run("authorization", "list") == []
    assert number == 3012


def test_an_import_of_a_folder_is_made(run: Run, number: int, tmp_path: Path) -> None:
    (made,) = run(
        "job", "import-csv", "--label", "Files", "--stream", "braze_csv", "--folder",
        str(tmp_path), "--prefix", "users", "--keep-updated", "--timestamp", "created_at",
    )  # fmt: skip

    assert made["config"]["timestamps"] == ["created_at"]
    assert made["config"]["continuous_update"] is True
    assert run("job", "list")[0]["id"] == made["id"]
    assert number == 3012


def test_an_lql_file_is_published(run: Run, number: int, tmp_path: Path) -> None:
    path = tmp_path / "shop.lql"
    path.write_text("SELECT card FROM shop INTO user BY card ALIAS shop")

    published = run("schema", "publish", f"@{path}", "--description", "Shop")

    assert published["version"] == 2
    assert run("schema", "show")["version"] == 2
    assert run("schema", "show", "--version", "1")["version"] == 1
    assert [one["description"] for one in run("schema", "versions")] == ["Shop", "Default"]
    assert "shop" in {one["name"] for one in run("stream", "list")}
    assert number == 3012


def test_a_field_and_its_mapping_are_made_changed_and_unmapped(run: Run, number: int) -> None:
    made = run(
        "field", "create", "card", "--identifier", "--several", "--normalise", "lower", "--personal"
    )
    added = run("mapping", "create", "shop", "card", "card_no", "--if", "exists(card_no)")
    changed = run("mapping", "update", "shop", "card", "loyalty.card")
    described = run("field", "update", "card", "--description", "Card", "--not-personal")
    listed = run("mapping", "list", "--stream", "shop")
    gone = run("mapping", "delete", "shop", "card")

    assert made["identifier"]["unique"] is False
    assert (made["identifier"]["normalise"], made["is_pii"]) == ("lower", True)
    assert [one["guard"] for one in added] == ["exists(card_no)"]
    assert [one["expr"] for one in changed] == ["loyalty.card"]
    assert (described["description"], described["is_pii"]) == ("Card", False)
    assert (listed, gone) == (changed, [])
    assert run("field", "show", "card") == described
    assert described in run("field", "list")
    assert "shop" in {one["name"] for one in run("stream", "list")}
    assert [one["version"] for one in run("schema", "versions")] == [6, 5, 4, 3, 2, 1]
    assert number == 3012


def test_a_field_is_told_how_it_identifies_people(run: Run, number: int) -> None:
    options = ("--rank", "0", "--region", "no", "--neighbour-limit", "3", "--block", "12345678")
    found = run("field", "identify", "phone", *options)

    assert [one["name"] for one in found[:2]] == ["phone", "user_id"]
    rule = run("field", "show", "phone")["identifier"]
    assert (rule["rank"], rule["region"], rule["neighbour_limit"]) == (0, "NO", 3)
    assert "12345678" in rule["blocked"]
    assert number == 3012


def test_identities_are_pinned_blocked_and_let_go(run: Run, number: int) -> None:
    pair, why = ("user_id=u1", "email=E@x.org"), ("--reason", "A shared mailbox")
    pinned = run("identity", "pin", *pair, "--apart", *why)
    blocked = run("identity", "block", "_uids=c1", *why)
    in_force = run("identity", "decisions")
    unpinned = run("identity", "unpin", *reversed(pair), "--reason", "wrong")
    run("identity", "unblock", "_uids=c1", "--reason", "wrong")

    assert (pinned["kind"], pinned["decided_by"]) == ("pin_apart", "cli")
    assert [one["id"] for one in in_force] == [blocked["id"], pinned["id"]]
    assert (unpinned["id"], unpinned["undo_reason"]) == (pinned["id"], "wrong")
    assert run("identity", "decisions") == []
    assert len(run("identity", "decisions", "--undone")) == 2
    assert run("identity", "why", *pair)["verdict"] == "unknown"
    assert number == 3012


def test_a_stream_is_made_and_trusted(run: Run, number: int) -> None:
    assert run("stream", "create", "shop")[0]["trusted"] is False
    assert run("stream", "trust", "shop")[0]["trusted"] is True
    assert run("stream", "trust", "shop", "--no")[0]["trusted"] is False
    assert number == 3012


def test_an_audience_is_changed_and_archived(run: Run, number: int) -> None:
    run("audience", "create", "known", "--filter", "@-", text="EXISTS email")

    (after,) = run("audience", "update", "known", "--filter", "EXISTS phone")
    (archived,) = run("audience", "archive", "known")

    assert after["version"] == 2
    assert archived["state"] == "archived"
    assert run("audience", "list") == []
    assert len(run("audience", "list", "--archived")) == number - 3011


def test_a_filter_may_come_in_json_form(
    run: Run, invoke: Callable[..., Result], number: int
) -> None:
    form = {"op": "and", "args": [{"op": ">", "args": [{"ident": "order_count"}, {"val": "5"}]},
                                  {"op": "not", "args": [{"seg": "all"}]}]}  # fmt: skip
    run("audience", "create", "all", "--filter", "*")

    (made,) = run("audience", "create", "vip", "--ast", "@-", text=json.dumps(form))
    (changed,) = run(
        "audience", "update", "vip", "--ast", '{"op": "exists", "args": [{"ident": "city"}]}'
    )
    both = invoke("audience", "create", "x", "--ast", "{}", "--filter", "*")
    none = invoke("audience", "create", "x")
    wrong = invoke("audience", "create", "x", "--ast", "{")

    assert made["filter_text"] == 'FILTER AND (order_count > "5", NOT INCLUDE all)'
    assert changed["filter_text"] == "FILTER EXISTS city"
    assert all(isinstance(each.exception, UserError) for each in (both, none, wrong))
    assert number == 3012


def test_a_schema_is_written_as_lql_that_can_be_published(
    run: Run, invoke: Callable[..., Result], number: int
) -> None:
    before = run("schema", "show")

    text = invoke("schema", "show", "--lql", "--stream", "segment").stdout
    everything = invoke("schema", "show", "--lql").stdout
    run("schema", "publish", "@-", text=text)

    after = run("schema", "show")
    assert text in everything
    assert everything.count("SELECT") == len(run("stream", "list"))
    assert (after["version"], after["fields"]) == (2, before["fields"])
    assert sorted(map(str, after["mappings"])) == sorted(map(str, before["mappings"]))
    assert number == 3012


@pytest.mark.parametrize(
    "words",
    [
        ("account", "list"),
        ("user", "list"),
        ("token", "list"),
        ("authorization", "list"),
        ("authorization", "providers"),
        ("stream", "list"),
        ("field", "list"),
        ("field", "show", "email"),
        ("mapping", "list"),
        ("schema", "show"),
        ("schema", "versions"),
        ("audience", "list"),
        ("job", "list"),
        ("audit", "list"),
    ],
)
def test_every_list_is_also_a_table_for_people(
    invoke: Callable[..., Result], number: int, words: tuple[str, ...]
) -> None:
    result = invoke(*words)

    assert result.exit_code == 0, result.output
    assert result.stdout.strip()
    assert number == 3012


def test_a_mistake_reaches_the_top_as_a_user_error(invoke: Callable[..., Result]) -> None:
    result = invoke("account", "show", "77")

    assert isinstance(result.exception, UserError)
    assert "no account 77" in result.exception.message


def test_without_a_running_coterie_the_cure_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("COTERIE_DATABASE_URL", raising=False)
    monkeypatch.setenv("COTERIE_DATA_DIR", str(tmp_path / "nothing"))

    result = CliRunner().invoke(COMMANDS, ["account", "list"])

    assert isinstance(result.exception, NotRunningError)
    assert "coterie up" in result.exception.message


@pytest.mark.usefixtures("number")
def test_what_is_doubtful_about_a_filter_is_told_beside_the_result(
    invoke: Callable[..., Result],
) -> None:
    made = invoke("audience", "create", "known", "--filter", "EXISTS emial", "--json")
    changed = invoke("audience", "update", "known", "--filter", "score BETWEEN 9 AND 3")
    tried = invoke("audience", "validate", "--filter", "filter emial == 1")

    assert json.loads(made.stdout)[0]["slug"] == "known"
    assert "Warning. Line 1, column 8: no profile has a field 'emial' yet." in made.stderr
    assert "Did you mean 'email'?" in made.stderr
    assert "Warning. Line 1, column 1" in changed.stderr
    assert tried.stdout == "FILTER emial == 1\n"
    assert "'emial'" in tried.stderr


@pytest.mark.usefixtures("number")
def test_an_lql_text_is_checked_without_being_published(run: Run) -> None:
    text = "select toint(p) as points kind int, email from shop into user by email alias s"

    report = run("schema", "validate", "@-", text=text)

    assert report["fields"] == ["points", "email"]
    assert len(run("schema", "versions")) == 1
