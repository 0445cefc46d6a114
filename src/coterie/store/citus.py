"""Spreads the tables of the data plane over the servers of a Citus cluster."""

from collections.abc import Iterator

import msgspec

from coterie.base.errors import UserError
from coterie.store.pool import Connection
from coterie.store.queries import load_queries

SQL = load_queries("citus")


class SpreadTable(msgspec.Struct, frozen=True):
    """A table with its distribution column, and the table beside whose rows its rows lie."""

    name: str
    column: str
    beside: str | None = None


# Tables beside each other share their distribution column, so that they are joined where the rows
# are. All other tables stay on the coordinator.
SHARED = (
    SpreadTable("lane_head", "lane"),
    *(
        SpreadTable(name, "lane", beside="lane_head")
        for name in (
            "lane",
            "event_log",
            "event_outcome",
            "change",
            "change_lane",
            "change_floor",
            "replay_lane",
            "replay_taken",
        )
    ),
    SpreadTable("rejected_event", "id"),
    SpreadTable("seen_message", "message_hash"),
    SpreadTable("latest_content", "subject"),
    SpreadTable("suppression", "node"),
    SpreadTable("outbox", "recipient"),
    SpreadTable("omission", "profile_id"),
)
OF_A_GENERATION = (
    SpreadTable("identity", "value"),
    SpreadTable("unsettled", "value", beside="identity"),
    SpreadTable("profile", "profile_id"),
    SpreadTable("membership", "profile_id", beside="profile"),
    SpreadTable("timeline", "node"),
)


class CitusMissingError(UserError):
    """The database is an ordinary PostgreSQL."""

    code = "citus_missing"

    def __init__(self) -> None:
        super().__init__(
            "The database has no extension citus. Install Citus on every server, run CREATE "
            "EXTENSION citus and citus_add_node as its manual says, then run `coterie scale citus` "
            "again; with --dry-run it prints what it would do."
        )


class Step(msgspec.Struct, frozen=True):
    """One table that has yet to be spread."""

    table: str
    column: str
    beside: str

    @property
    def sql(self) -> tuple[str, str]:
        """The two statements, as a person would type them."""
        return (
            f"SELECT create_distributed_table('{self.table}', '{self.column}', "
            f"colocate_with => '{self.beside}');",
            f"SELECT truncate_local_data_after_distributing_table('{self.table}');",
        )


def has_citus(conn: Connection) -> bool:
    """Say whether the database is the coordinator of a Citus cluster."""
    row = conn.execute(SQL.has_citus).fetchone()
    return bool(row and row[0])


def missing_steps(conn: Connection) -> list[Step]:
    """Return the tables that are not spread yet, in the order in which they have to be."""
    done = {row[0] for row in conn.execute(SQL.spread_tables)} if has_citus(conn) else set()
    numbers = [row[0] for row in conn.execute(SQL.filled_generations)]
    return [step for step in _steps(numbers) if step.table not in done]


def spread_next(conn: Connection) -> Step | None:
    """Spread the next table, with the rows that it holds; None if all are.

    Its rows cannot be written meanwhile. Raises CitusMissingError.
    """
    if not has_citus(conn):
        raise CitusMissingError
    step = next(iter(missing_steps(conn)), None)
    if step is not None:
        asked = {"table": step.table, "column": step.column, "beside": step.beside}
        conn.execute(SQL.spread_table, asked)
        conn.execute(SQL.drop_local_rows, {"table": step.table})
    return step


def _steps(generations: list[int]) -> Iterator[Step]:
    homes = [("public", SHARED), *((f"g{number}", OF_A_GENERATION) for number in generations)]
    for home, tables in homes:
        for table in tables:
            beside = f"{home}.{table.beside}" if table.beside else "none"
            yield Step(f"{home}.{table.name}", table.column, beside)
