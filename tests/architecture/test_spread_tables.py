"""Our SQL runs on Citus too: the tables that are spread, and what is asked of them."""

import re
from pathlib import Path

import pytest
from tests.architecture.spread_rules import faults, statements

from coterie.store.citus import OF_A_GENERATION, SHARED

STORE = Path(__file__).parents[2] / "src" / "coterie" / "store"
FILES = sorted((STORE / "sql").glob("*.sql"))
MIGRATIONS = "\n".join(
    path.read_text("utf-8") for path in sorted((STORE / "migrations").glob("*.sql"))
)
# `-- [column] …` above a table says how it is spread.
SAID = re.compile(
    r"-- \[(\w+)\][^\n]*\n(?:\s*--[^\n]*\n)*\s*(?:EXECUTE format\(')?CREATE TABLE (?:%I\.)?(\w+)"
)
MADE = re.compile(r"CREATE TABLE (?:%I\.)?(\w+) \((.*?)\)\s*(?:;|WITH|PARTITION|')", re.DOTALL)
UNIQUE = re.compile(r"(?:PRIMARY KEY|UNIQUE) \(([^)]*)\)")
UNIQUE_INDEX = re.compile(r"CREATE UNIQUE INDEX \w+ ON (?:%I\.)?(\w+) \(([^)]*)\)")
SPREAD = {table.name: table.column for table in (*SHARED, *OF_A_GENERATION)}
# Statements that run on one PostgreSQL only; the code takes another one where rows are spread.
HAS_A_TWIN = {
    "exports.lock_recipients": "exports.lock_spread_recipients",
    "outbox.lock_rows": "outbox.lock_spread_rows",
    "profiles.lock_profiles": "profiles.lock_spread_profiles",
    # A join that Citus cannot run, in place of two statements and their transaction.
    "lookup.glance": "profiles.get_profile",
}


def queries_of(stage: str) -> dict[str, str]:
    return dict(statements((STORE / "sql" / f"{stage}.sql").read_text("utf-8")))


def made_tables() -> dict[str, str]:
    """Return what stands between the brackets of the last CREATE TABLE of each name."""
    return dict(MADE.findall(MIGRATIONS))


def test_the_tables_that_are_spread_are_those_that_the_migrations_name() -> None:
    assert {table: column for column, table in SAID.findall(MIGRATIONS)} == SPREAD


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_citus_runs_every_statement(file: Path) -> None:
    queries = dict(statements(file.read_text("utf-8")))
    found = {f"{file.stem}.{name}": faults(sql, SPREAD) for name, sql in queries.items()}
    refused = {name: each for name, each in found.items() if each}

    expected = {name for name in HAS_A_TWIN if name.startswith(f"{file.stem}.")}
    assert refused.keys() == expected, f"{file.name}: {refused}"
    twins = [HAS_A_TWIN[name].partition(".") for name in expected]
    assert all(name in queries_of(stage) for stage, _, name in twins)


@pytest.mark.parametrize("table", sorted(SPREAD))
def test_what_is_unique_is_so_within_a_shard(table: str) -> None:
    body = made_tables()[table]

    keys: list[str] = list(UNIQUE.findall(body))
    keys += [keys for name, keys in UNIQUE_INDEX.findall(MIGRATIONS) if name == table]
    keys += re.findall(r"^\s*(?!CONSTRAINT)(\w+)\s[^,]*PRIMARY KEY", body, re.MULTILINE)

    assert all(SPREAD[table] in re.split(r",\s*", each) for each in keys), keys


def test_spread_tables_have_no_foreign_keys_and_no_triggers() -> None:
    tables = made_tables()

    assert not [table for table in SPREAD if "REFERENCES" in tables[table]]
    assert not re.findall(rf"CREATE TRIGGER .* ON (?:{'|'.join(SPREAD)})\b", MIGRATIONS)
    assert not re.findall(rf"REFERENCES (?:{'|'.join(SPREAD)})\b", MIGRATIONS)


@pytest.mark.parametrize(
    ("sql", "fault"),
    [
        (
            "SELECT 1 FROM identity i JOIN profile p ON p.profile_id = i.profile_id",
            "identity and profile are not joined on their distribution columns",
        ),
        (
            "SELECT 1 FROM change c JOIN profile p ON p.profile_id = c.profile_id"
            " WHERE c.lane = :lane",
            "change and profile are not joined on their distribution columns",
        ),
        (
            "SELECT 1 FROM profile p WHERE EXISTS"
            " (SELECT FROM omission o WHERE o.account = p.account)",
            "profile and omission are not joined on their distribution columns",
        ),
        (
            "SELECT 1 FROM profile WHERE profile_id = ANY (:ids) FOR UPDATE",
            "rows of profile are locked on more than one shard",
        ),
        (
            "SELECT 1 FROM lane WHERE cursor_seq = :seq FOR UPDATE SKIP LOCKED",
            "rows of lane are locked on more than one shard",
        ),
        ("UPDATE timeline SET node = :node WHERE seq = 1", "node of timeline changes"),
        (
            "INSERT INTO outbox (destination, recipient) VALUES (1, 'x')"
            " ON CONFLICT (destination) DO NOTHING",
            "a conflict of outbox is not about its recipient",
        ),
        (
            "MERGE INTO profile p USING g ON p.profile_id = g.id WHEN MATCHED THEN DELETE",
            "MERGE into profile",
        ),
        (
            "UPDATE profile p SET version = 1 FROM unnest(:a) AS n (place) WHERE p.ctid = n.place",
            "a row of profile is named by its place, which each shard has",
        ),
        (
            "SELECT 1 FROM unnest(:nodes) AS n (node) CROSS JOIN LATERAL"
            " (SELECT 1 FROM timeline t WHERE t.node = n.node LIMIT 3) x",
            "timeline is asked again for each row of something that lies elsewhere",
        ),
    ],
)
def test_the_rules_find_what_citus_refuses(sql: str, fault: str) -> None:
    assert faults(sql, SPREAD) == [fault]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1 FROM lane l JOIN lane_head h ON h.lane = l.lane WHERE h.seq > l.cursor_seq",
        "SELECT 1 FROM lane WHERE lane = :lane FOR UPDATE SKIP LOCKED",
        "SELECT (SELECT count(*) FROM profile), (SELECT count(*) FROM identity)",
        "UPDATE profile p SET version = 1 FROM unnest(:a, :b) AS n (id, place)"
        " WHERE p.ctid = n.place AND p.profile_id = n.id",
        "INSERT INTO identity (account, field, value) VALUES (:a, :f, :v)"
        " ON CONFLICT (account, field, value) DO NOTHING",
        "DELETE FROM change WHERE lane = :lane AND seq <= :seq",
        "SELECT 1 FROM lane_head LEFT JOIN LATERAL (SELECT 1 FROM event_log e"
        " WHERE e.lane = lane_head.lane ORDER BY e.seq LIMIT 1) x ON true",
    ],
)
def test_the_rules_let_pass_what_citus_runs(sql: str) -> None:
    assert faults(sql, SPREAD) == []
