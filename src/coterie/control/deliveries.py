"""Keeps what senders report where people look for it: counters, job logs, health."""

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from coterie.control.authorizations import save_health
from coterie.control.delivery_words import say_asleep, say_delivered
from coterie.control.rows import get_value, run, to_json
from coterie.model.control import JobLogLevel
from coterie.model.delivery import DeliveryCount, DestinationPlan
from coterie.store import Connection, Store, load_queries


def record_delivery(
    store: Store, plan: DestinationPlan, count: DeliveryCount, *, now: datetime
) -> None:
    """Add to a destination's totals and tell each job that shares it what was synced."""
    level: JobLogLevel = "warning" if count.refused or count.doubtful else "info"
    message = say_delivered(plan.form, count)
    context = msgspec.to_builtins(count)
    with store.transaction() as conn:
        values = {"destination_id": plan.id, **context, "now": now}
        run(conn, load_queries("deliveries").count_delivery, values)
        for job_id in plan.jobs:
            values = {"level": level, "code": "synced", "message": message, "context": context}
            _log(conn, job_id, values, now=now)


def record_sleep(store: Store, plan: DestinationPlan, *, now: datetime) -> None:
    """Tell each job that shares a destination that there is nothing to do, unless it knows."""
    message = say_asleep(plan.form)
    line = {"level": "info", "code": "sleeping", "message": message, "context": {}}
    query = load_queries("jobs").latest_log_code
    with store.transaction() as conn:
        for job_id in plan.jobs:
            # A sender that was started anew does not know what the one before had told.
            if get_value(conn, query, {"job_id": job_id}, kind=str) != "sleeping":
                _log(conn, job_id, line, now=now)


def record_trouble(
    store: Store, authorization_id: int, jobs: Iterable[int], *, detail: str, now: datetime
) -> None:
    """Mark an authorization as unhealthy and tell its jobs why nothing is sent now."""
    line = {"level": "error", "code": "error", "message": detail, "context": {}}
    with store.transaction() as conn:
        save_health(conn, authorization_id, "unhealthy", detail=detail, now=now)
        values = {"authorization_id": authorization_id, "error": detail, "now": now}
        run(conn, load_queries("deliveries").note_error, values)
        for job_id in jobs:
            _log(conn, job_id, line, now=now)


def record_recovery(
    store: Store, authorization_id: int, jobs: Iterable[int], *, now: datetime
) -> bool:
    """Mark an unhealthy authorization as healthy and tell its jobs; return whether it was one."""
    detail = "The destination answers again; sending goes on."
    line = {"level": "info", "code": "started", "message": detail, "context": {}}
    values = {"authorization_id": authorization_id, "health_detail": detail, "now": now}
    with store.transaction() as conn:
        if run(conn, load_queries("deliveries").end_trouble, values) == 0:
            return False
        for job_id in jobs:
            _log(conn, job_id, line, now=now)
    return True


def _log(conn: Connection, job_id: int, values: Mapping[str, object], *, now: datetime) -> None:
    context = to_json(values["context"])
    row = {**values, "job_id": job_id, "at": now, "context": context}
    run(conn, load_queries("jobs").insert_log, row)
