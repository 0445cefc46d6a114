"""Alerts: who is told when something goes wrong."""

from collections.abc import Sequence
from typing import Annotated

import msgspec
from litestar import delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from coterie.api.auth import actor_of, check_scope
from coterie.api.resources import Success
from coterie.api.state import ApiState
from coterie.control.alerts import STALL_MINUTES, NewAlert
from coterie.model.alerts import AlertChannel, AlertKind, AlertMetric, AlertRule
from coterie.model.control import Grant

ALERT_SCOPE = "data_manager"


class AlertBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An alert as it is asked for."""

    label: Annotated[str, msgspec.Meta(max_length=100)]
    kinds: tuple[AlertKind, ...] = ("failure", "stall")
    channel: AlertChannel
    target: Annotated[str, msgspec.Meta(max_length=2_000)]
    job_id: int | None = None
    stall_minutes: int = STALL_MINUTES
    metric: AlertMetric | None = None
    above: int | None = None
    below: int | None = None
    audience: Annotated[str, msgspec.Meta(max_length=64)] | None = None


@get("/api/alerts", summary="All alerts", tags=["alerts"], sync_to_thread=True)
def list_alerts(
    grant: NamedDependency[Grant], api: NamedDependency[ApiState]
) -> Success[Sequence[AlertRule]]:
    """Return who is told of what, and what holds now."""
    check_scope(grant, ALERT_SCOPE)
    return Success(api.dependencies.alerts.list(grant.account))


@post(
    "/api/alerts",
    summary="Have somebody told",
    tags=["alerts"],
    status_code=201,
    sync_to_thread=True,
)
def create_alert(
    data: JSONBody[AlertBody], grant: NamedDependency[Grant], api: NamedDependency[ApiState]
) -> Success[AlertRule]:
    """Keep an alert; conditions are looked at every minute."""
    check_scope(grant, ALERT_SCOPE)
    new = msgspec.convert(msgspec.structs.asdict(data), NewAlert)
    return Success(api.dependencies.alerts.create(grant.account, new, actor_of(grant)))


@delete(
    "/api/alerts/{rule:int}",
    summary="Forget an alert",
    tags=["alerts"],
    status_code=200,
    sync_to_thread=True,
)
def delete_alert(
    rule: FromPath[int], grant: NamedDependency[Grant], api: NamedDependency[ApiState]
) -> Success[None]:
    """Tell nobody of it any more."""
    check_scope(grant, ALERT_SCOPE)
    api.dependencies.alerts.delete(grant.account, rule, actor_of(grant))
    return Success(None)
