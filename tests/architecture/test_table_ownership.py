"""A stage writes its own tables only; all tables have one owner."""

import re
from collections import defaultdict
from pathlib import Path

import pytest
from tests.architecture.conftest import Module

# Who writes a table: the folder of the code, with the files of queries that it has for that.
OWNERS = {
    "flow/collect": {"rejected_event"},
    "flow/eventlog": {
        "lane_head", "lane", "event_log", "event_outcome", "seen_message", "seen_period",
        "latest_content",
    },
    "flow/identity": {"identity", "unsettled", "decision_cursor", "suppression"},
    "flow/profiles": {"profile", "timeline"},
    "flow/audiences": {"membership"},
    "flow/changes": {"change", "change_floor", "change_lane"},
    "flow/exports": {"outbox", "omission", "delivery_request", "outbox_queue", "export_file"},
    "flow/imports": {"import_file", "import_reject"},
    "flow/inspect": {"stream_key", "inspected_lane"},
    "control": {
        "account", "person", "console_session", "access_token", "provider_authorization",
        "stream", "schema_version", "audience", "destination", "job", "job_log", "audit_log",
        "config_epoch", "installation", "decision", "tracker", "personalization",
        "alert_rule", "audience_size",
        "erasure",
        "replay",
        "audience_bucket",
        "schema_draft",
        "sftp_failure",
    },
    # Which generation is live, and how far one that is filled has come.
    "flow/run": {"generation", "replay_lane", "replay_taken"},
}  # fmt: skip
# Which file of queries belongs to whom; `lookup` asks and never writes.
HOMES = {
    "collect": "flow/collect",
    "eventlog": "flow/eventlog",
    "identity": "flow/identity",
    "profiles": "flow/profiles",
    "audiences": "flow/audiences",
    "changes": "flow/changes",
    "exports": "flow/exports",
    "outbox": "flow/exports",
    "ledger": "flow/exports",
    "outfiles": "flow/exports",
    "imports": "flow/imports",
    "inspect": "flow/inspect",
    "lookup": "flow/run",
    "generations": "flow/run",
    "accounts": "control",
    "alerts": "control",
    "audit": "control",
    "authorizations": "control",
    "building": "control",
    "decisions": "control",
    "definitions": "control",
    "deliveries": "control",
    "erasures": "control",
    "installation": "control",
    "jobs": "control",
    "personalization": "control",
    "replays": "control",
    "drafts": "control",
    "sizes": "control",
    "tokens": "control",
    "trackers": "control",
    "users": "control",
    "citus": "store",
    "facts": "store",
}

SQL = Path(__file__).parents[2] / "src" / "coterie" / "store" / "sql"
FILES = sorted(SQL.glob("*.sql"))
# FOR UPDATE locks, DO UPDATE belongs to the INSERT before it.
WRITES = re.compile(
    r"\b(?:INSERT\s+INTO|DELETE\s+FROM|MERGE\s+INTO|TRUNCATE(?:\s+TABLE)?|COPY"
    r"|(?<!FOR )(?<!DO )(?<!KEY )UPDATE(?:\s+ONLY)?)\s+([a-z_]+)",
    re.IGNORECASE,
)
CREATES = re.compile(r"CREATE TABLE (?:IF NOT EXISTS )?(?:%I\.)?([a-z_]+)")
COMMENT = re.compile(r"--.*$", re.MULTILINE)
LOADS = re.compile(r'load_queries\("([a-z]+)"\)')


def written_tables(text: str) -> set[str]:
    return {name.lower() for name in WRITES.findall(COMMENT.sub("", text))}


def test_the_search_for_writes_finds_each_kind_of_them() -> None:
    text = """
    INSERT INTO a (x) VALUES (1) ON CONFLICT (x) DO UPDATE SET x = 2;
    UPDATE b SET x = 1; DELETE FROM c; COPY d (x) FROM STDIN; SELECT 1 FROM e FOR UPDATE OF e;
    SELECT 1 FROM f FOR NO KEY UPDATE; -- UPDATE g
    """

    assert written_tables(text) == {"a", "b", "c", "d"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_file_of_queries_writes_the_tables_of_its_owner_only(file: Path) -> None:
    owner = HOMES[file.stem]

    foreign = written_tables(file.read_text("utf-8")) - OWNERS.get(owner, set())

    assert not foreign, f"{file.name} belongs to {owner}"


def test_every_table_has_one_owner() -> None:
    migrations = SQL.parent / "migrations"
    made = {
        name
        for file in migrations.glob("*.sql")
        for name in CREATES.findall(COMMENT.sub("", file.read_text("utf-8")))
    }
    owned = [table for tables in OWNERS.values() for table in tables]

    assert made == set(owned)
    assert len(owned) == len(set(owned))


def test_queries_are_loaded_in_their_home_only(product: list[Module]) -> None:
    # The fence stands in the store, because both planes hold it; it is a lock and no table.
    allowed = {("definitions", "src/coterie/store/fences.py")}

    strays = {
        (stage, module.name)
        for module in product
        for stage in LOADS.findall(module.text)
        if not module.name.startswith(f"src/coterie/{HOMES[stage]}/")
    }

    assert strays <= allowed


def test_every_file_of_queries_is_used(product: list[Module]) -> None:
    loaded: dict[str, set[str]] = defaultdict(set)
    for module in product:
        for stage in LOADS.findall(module.text):
            loaded[stage].add(module.name)

    assert {file.stem for file in FILES} == set(loaded) == set(HOMES)
