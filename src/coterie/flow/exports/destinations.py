"""Which destinations there are, and which values are kept back there."""

from collections import defaultdict
from collections.abc import Iterable

from coterie.model.config import ExportSpec, PipelineConfig
from coterie.model.delivery import DestinationPlan
from coterie.store import Connection, load_queries

QUERIES = load_queries("outbox")


def list_destinations(conn: Connection, config: PipelineConfig) -> list[DestinationPlan]:
    """Return every destination with the values that no active job stands for."""
    exports: dict[int, list[ExportSpec]] = defaultdict(list)
    for account in config.accounts.values():
        for export in account.exports:
            exports[export.destination_id].append(export)
    return [
        DestinationPlan(
            id=row[0],
            account=row[1],
            authorization_id=row[2],
            form=row[3],
            attribute=row[4],
            held=find_held(exports[row[0]]),
            standing=find_standing(exports[row[0]]),
            jobs=tuple(sorted(e.job_id for e in exports[row[0]] if e.state == "active")),
            repeats=row[5],
            delivery=row[6],
            restarts=row[7],
        )
        for row in conn.execute(QUERIES.list_destinations.encode())
    ]


def find_held(exports: Iterable[ExportSpec]) -> frozenset[str]:
    """Return the values of paused or ended jobs that no active job of the destination shares."""
    values: dict[bool, set[str]] = {True: set(), False: set()}
    for export in exports:
        values[export.state == "active"].update(export.values)
    return frozenset(values[False] - values[True])


def find_standing(exports: Iterable[ExportSpec]) -> frozenset[str]:
    """Return all values that jobs of a destination stand for, but those that have ended."""
    return frozenset(
        value for export in exports if export.state != "ended" for value in export.values
    )
