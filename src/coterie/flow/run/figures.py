"""What became of a job's work, and what of it waits."""

from datetime import datetime
from typing import NamedTuple

from msgspec.structs import replace

from coterie.flow.exports.destinations import find_held
from coterie.model.config import AccountConfig, ExportSpec
from coterie.model.views import JobFigures
from coterie.store import Connection, load_queries

SQL = load_queries("lookup")


class _Counts(NamedTuple):
    added: int
    removed: int
    omitted: int
    refused: int
    pending: int = 0
    parked: int = 0


def job_figures(
    conn: Connection, config: AccountConfig, job_id: int, *, now: datetime
) -> JobFigures:
    """Return what became of a job's work; zeros for a job that does not exist."""
    asked = {"account": config.number, "job_id": job_id}
    job = conn.execute(SQL.job_kind, asked).fetchone()
    if job is None:
        return JobFigures()
    kind, destination = job
    if kind in ("import_csv", "export_files"):
        query = SQL.import_figures if kind == "import_csv" else SQL.written_figures
        return JobFigures(**_counts(conn, query, {"job_id": job_id})._asdict())
    named = {"job_id": job_id, "destination": destination}
    counts = _counts(conn, SQL.export_figures, named)
    figures = JobFigures(**counts._asdict())
    spec = next((one for one in config.exports if one.job_id == job_id), None)
    if spec is None:
        return figures
    held = _count_held(conn, config, spec, now=now, waiting=counts.pending)
    is_quiet = spec.state == "active" and spec.quiet is not None and spec.quiet.is_quiet(now)
    return replace(
        figures,
        # Items of a queue wait on; rows of the outbox rest until they are free.
        pending=counts.pending if spec.feed is not None else counts.pending + held,
        held=held,
        held_until=spec.quiet.end_after(now) if spec.quiet is not None and is_quiet else None,
    )


def _count_held(
    conn: Connection, config: AccountConfig, spec: ExportSpec, *, now: datetime, waiting: int
) -> int:
    """Return of how many users, or how many events, something is held back of what a job tells."""
    shared = [one for one in config.exports if one.destination_id == spec.destination_id]
    keys = find_held(shared, now=now) & spec.values
    if not keys or spec.state not in ("active", "paused"):
        return 0
    if spec.feed is not None:
        return waiting
    asked = {"destination": spec.destination_id, "keys": sorted(keys)}
    found = conn.execute(SQL.count_held, asked).fetchone()
    return int(found[0]) if found else 0


def _counts(conn: Connection, query: str, asked: dict[str, object]) -> _Counts:
    row = conn.execute(query, asked).fetchone()
    return _Counts(*map(int, row)) if row else _Counts(0, 0, 0, 0)
