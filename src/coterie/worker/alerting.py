"""Looks whether something is wrong, and tells the people who asked to be told."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import msgspec
import structlog

from coterie.base.errors import CoterieError
from coterie.base.settings import Settings
from coterie.connectors.hook import post_json
from coterie.connectors.smtp import read_mail_server, send_mail
from coterie.control.alerts import (
    concerns,
    find_faults,
    find_refused,
    find_sent,
    find_sharers,
    find_size,
    list_alerts,
    note_raised,
    open_target,
)
from coterie.flow.exports.told import list_deliveries
from coterie.model.alerts import METRIC_NAMES, Alert, AlertMetric, AlertRule, Condition
from coterie.model.ledger import DeliveryView
from coterie.store import Connection
from coterie.worker.dependencies import Bench

log = structlog.get_logger(__name__)

AGAIN = timedelta(hours=24)
"""What still holds is told again after this long."""

DAY = timedelta(days=1)

METRICS: dict[AlertMetric, Callable[[DeliveryView], int]] = {
    "waiting": lambda view: view.waiting,
    "refused": lambda view: view.parked,
    "doubtful": lambda view: view.doubtful,
    "omitted": lambda view: view.omitted,
}


def tell_people(bench: Bench) -> int:
    """Send the alerts that are due now; return how many.

    What cannot be sent is tried again the next time, and the rule says why.
    """
    sent = 0
    for rule in list_alerts(bench.store, None):
        sent += _follow(bench, rule)
    return sent


def send_alert(settings: Settings, rule: AlertRule, target: str, alert: Alert) -> None:
    """Send one alert by its rule's channel. Raises the errors of the connectors."""
    if rule.channel == "webhook":
        body = {"type": "coterie.alert", **msgspec.to_builtins(alert)}
        post_json(target, body, allow_private_addresses=settings.allow_private_addresses)
        return
    server = read_mail_server(settings.smtp_url, sender=settings.smtp_from)
    subject = f"[Coterie] {alert.state.capitalize()}: {alert.subject}"
    text = f"{alert.message}\n\nAccount {alert.account}, {alert.at:%Y-%m-%d %H:%M} UTC.\n"
    send_mail(server, to=target, subject=subject, text=text)


def _follow(bench: Bench, rule: AlertRule) -> int:
    now = bench.clock()
    with bench.store.transaction() as conn:
        holding = {one.key: one for one in find_conditions(conn, rule, now=now)}
    raised = dict(rule.raised)
    error: str | None = None
    sent = 0
    for alert, key in due_alerts(rule, holding, now=now):
        try:
            target = open_target(bench.store, bench.ring, rule.account, rule.id)
            send_alert(bench.settings, rule, target, alert)
        except CoterieError as failure:
            error = failure.message
            log.warning("alert.unsent", rule=rule.id, code=failure.code)
            continue
        sent += 1
        if alert.state == "raised":
            raised[key] = now
        else:
            del raised[key]
    if raised != rule.raised or error != rule.last_error:
        with bench.store.transaction() as conn:
            note_raised(conn, rule, raised, error=error)
    return sent


def due_alerts(
    rule: AlertRule, holding: dict[str, Condition], *, now: datetime
) -> Sequence[tuple[Alert, str]]:
    """Return what people have to be told, with the key of the condition.

    Of what began to hold, and once a day of what still does; of what has ended.
    """
    due: list[tuple[Alert, str]] = []
    for key, condition in holding.items():
        told_at = rule.raised.get(key)
        if told_at is None or now - told_at >= AGAIN:
            alert = Alert(
                rule=rule.id,
                account=rule.account,
                state="raised",
                kind=condition.kind,
                subject=condition.subject,
                message=condition.message,
                at=now,
            )
            due.append((alert, key))
    for key in rule.raised:
        if key not in holding:
            kind, _, what = key.partition(":")
            alert = Alert(
                rule=rule.id,
                account=rule.account,
                state="resolved",
                kind=kind,
                subject=what.replace(":", " "),
                message=f"This holds no more: {kind} of {what.replace(':', ' ')}.",
                at=now,
            )
            due.append((alert, key))
    return due


def find_conditions(conn: Connection, rule: AlertRule, *, now: datetime) -> list[Condition]:
    """Return what holds of a rule's account that the rule is about."""
    found: list[Condition] = []
    if "failure" in rule.kinds:
        found += _failures(conn, rule.account)
    if rule.audience is not None:
        found += _size(conn, rule, rule.audience)
    elif "stall" in rule.kinds or "threshold" in rule.kinds:
        sent = find_sent(conn, rule.account, now - DAY) if rule.metric == "sent" else {}
        sharers = find_sharers(conn, rule.account)
        for view in list_deliveries(conn, rule.account, now=now):
            jobs = frozenset(sharers.get(view.id, ()))
            if "stall" in rule.kinds:
                found += _stall(view, rule, jobs, now=now)
            if "threshold" in rule.kinds:
                count = sent.get(view.id) if rule.metric == "sent" else _count(view, rule)
                found += _threshold(view, rule, jobs, count)
    return [condition for condition in found if concerns(rule, condition.jobs)]


def _failures(conn: Connection, account: int) -> list[Condition]:
    faults = [
        Condition(
            key=f"failure:job:{job}",
            kind="failure",
            subject=f"job {job} ({label}) is in {state}",
            message=error or f"Job {job} is in {state}; its log says more.",
            jobs=frozenset({job}),
        )
        for job, label, state, error in find_faults(conn, account)
    ]
    refused = [
        Condition(
            key=f"failure:authorization:{number}",
            kind="failure",
            subject=f"authorization {number} ({label}) does not work",
            message=detail,
            jobs=frozenset(jobs),
        )
        for number, label, detail, jobs in find_refused(conn, account)
    ]
    return faults + refused


def _stall(
    view: DeliveryView, rule: AlertRule, jobs: frozenset[int], *, now: datetime
) -> list[Condition]:
    since = now - timedelta(minutes=rule.stall_minutes)
    waits = view.waiting_since is not None and view.waiting_since <= since
    is_silent = view.last_success_at is None or view.last_success_at <= since
    if not (view.waiting and waits and is_silent):
        return []
    state = "" if view.delivery == "running" else f" The delivery is {view.delivery}."
    message = (
        f"{view.waiting:,} changes wait, and nothing was delivered for {rule.stall_minutes} "
        f"minutes.{state} {view.last_error or ''}".strip()
    )
    subject = f"delivery {view.id} ({view.writes}) stands still"
    key = f"stall:delivery:{view.id}"
    return [Condition(key=key, kind="stall", subject=subject, message=message, jobs=jobs)]


def _count(view: DeliveryView, rule: AlertRule) -> int | None:
    count_of = METRICS.get(rule.metric) if rule.metric else None
    return None if count_of is None else count_of(view)


def _threshold(
    view: DeliveryView, rule: AlertRule, jobs: frozenset[int], count: int | None
) -> list[Condition]:
    passed = _passed(rule, count)
    if rule.metric is None or not passed:
        return []
    said = f"{count:,} {METRIC_NAMES[rule.metric]}"
    subject = f"delivery {view.id} ({view.writes}): {said}"
    message = f"{said}, which is {passed}. See Data > Deliveries."
    key = f"threshold:delivery:{view.id}"
    return [Condition(key=key, kind="threshold", subject=subject, message=message, jobs=jobs)]


def _size(conn: Connection, rule: AlertRule, slug: str) -> list[Condition]:
    name, size = find_size(conn, rule.account, slug) or (slug, None)
    passed = _passed(rule, size)
    if not passed:
        return []
    subject = f"audience {name} ({slug}): {size:,} members"
    message = f"{name} has {size:,} members, which is {passed}. See Audiences > {name}."
    key = f"threshold:audience:{slug}"
    return [
        Condition(key=key, kind="threshold", subject=subject, message=message, jobs=frozenset())
    ]


def _passed(rule: AlertRule, count: int | None) -> str:
    """Return which bound of a rule a number has passed, "" if none."""
    if count is not None and rule.above is not None and count > rule.above:
        return f"above {rule.above:,}"
    if count is not None and rule.below is not None and count < rule.below:
        return f"below {rule.below:,}"
    return ""
