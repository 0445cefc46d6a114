"""Which destinations there are, and which values are kept back there."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from coterie.connectors.registry import DESTINATIONS
from coterie.model.config import ExportSpec, PipelineConfig
from coterie.model.delivery import DeliveryState, DestinationPlan, Form, Repeats
from coterie.store import Connection, load_queries

QUERIES = load_queries("outbox")


class _Row(NamedTuple):
    id: int
    account: int
    authorization_id: int
    form: Form
    attribute: str
    repeats: Repeats
    delivery: DeliveryState
    restarts: int
    left_alone: list[str]


def list_destinations(
    conn: Connection, config: PipelineConfig, *, now: datetime
) -> list[DestinationPlan]:
    """Return every destination with the values that no active job stands for at an instant."""
    exports: dict[int, list[ExportSpec]] = defaultdict(list)
    for account in config.accounts.values():
        for export in account.exports:
            exports[export.destination_id].append(export)
    return [
        plan_destination(_Row(*row), exports[row[0]], now=now)
        for row in conn.execute(
            QUERIES.list_destinations.encode(), {"providers": list(DESTINATIONS)}
        )
    ]


def find_destination(
    conn: Connection, authorization_id: int, form: Form, attribute: str
) -> _Row | None:
    """Return the destination that writes this with an authorization, None if there is none yet."""
    asked = {"authorization_id": authorization_id, "form": form, "attribute": attribute}
    found = conn.execute(QUERIES.find_destination.encode(), asked).fetchone()
    return None if found is None else _Row(*found)


def plan_draft(
    row: _Row | None, exports: Sequence[ExportSpec], form: Form, attribute: str, *, now: datetime
) -> DestinationPlan:
    """Return a destination as it would be; without a row it gets number 0.

    Nothing is held back for a quiet window, which is over some time.
    """
    if row is None:
        row = _Row(0, 0, 0, form, attribute, "at_most_once", "running", 0, [])
    awake = [msgspec.structs.replace(export, quiet=None) for export in exports]
    return plan_destination(row, awake, now=now)


def plan_destination(row: _Row, exports: Sequence[ExportSpec], *, now: datetime) -> DestinationPlan:
    """Return a destination as its sender needs it, of its row and the jobs that share it."""
    standing = [export for export in exports if export.state in ("active", "paused")]
    return DestinationPlan(
        id=row.id,
        account=row.account,
        authorization_id=row.authorization_id,
        attribute=row.attribute,
        form=row.form,
        held=find_held(exports, row.left_alone, now=now),
        kept=find_kept(exports),
        standing=frozenset(value for export in standing for value in export.values),
        existing_only=any(export.existing_only for export in standing),
        jobs=tuple(sorted(e.job_id for e in exports if e.state in ("active", "cleaning"))),
        repeats=row.repeats,
        delivery=row.delivery,
        restarts=row.restarts,
        webhook=next((export.webhook for export in standing if export.webhook), None),
        cohorts={key: name for export in standing for key, name in export.cohorts.items()},
        is_rechecking=any(export.is_rechecking for export in exports),
    )


def find_held(
    exports: Iterable[ExportSpec], left_alone: Iterable[str] = (), *, now: datetime
) -> frozenset[str]:
    """Return the values of paused, quiet or ended jobs that no job at work here shares.

    `left_alone` are values that jobs gave up without taking them away.
    """
    held, free = set(left_alone), set[str]()
    for export in exports:
        is_quiet = export.quiet is not None and export.quiet.is_quiet(now)
        at_work = export.state == "cleaning" or (export.state == "active" and not is_quiet)
        (free if at_work else held).update(export.values)
    return frozenset(held - free)


def find_kept(exports: Iterable[ExportSpec]) -> frozenset[str]:
    """Return the values of jobs that follow entries alone, unless another job takes them away."""
    entries, others = set[str](), set[str]()
    for export in exports:
        if export.state == "cleaning":
            others.update(export.values)
        elif export.state != "ended":
            (entries if export.events == "enters" else others).update(export.values)
    return frozenset(entries - others)
