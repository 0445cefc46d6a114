"""Looks whether something is wrong, and tells the people who asked to be told."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec
import structlog

from coterie.base.errors import CoterieError
from coterie.base.settings import Settings
from coterie.connectors.hook import post_json
from coterie.connectors.smtp import read_mail_server, send_mail
from coterie.control.alerts import list_alerts, note_raised, open_target
from coterie.model.alerts import Alert, AlertRule, AlertState, Condition
from coterie.worker.conditions import find_conditions, find_end, look_around
from coterie.worker.dependencies import Bench

log = structlog.get_logger(__name__)

AGAIN = timedelta(hours=24)
"""What still holds is told again after this long."""

ALERTS_PAGE = "/account/alerts"
# A server that listens on all addresses has none of them for its name.
EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - compared with, not listened on


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
    subject = f"{alert.subject} [Coterie]"
    send_mail(server, to=target, subject=subject, text=_letter(rule, alert), at=alert.at)


def console_link(settings: Settings, path: str) -> str:
    """Return the address of a page of the console, "" where nobody can say what it is."""
    if settings.console_url:
        return f"{settings.console_url.rstrip('/')}{path}"
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    is_known = settings.port and settings.host not in EVERYWHERE
    return f"http://{host}:{settings.port}{path}" if is_known else ""


def _letter(rule: AlertRule, alert: Alert) -> str:
    lines = [f"{alert.subject}."]
    if alert.state == "raised":
        lines += [f"Why: {alert.message}", f"What to do: {alert.cure}"]
    else:
        lines.append(alert.message)
    if alert.link:
        lines.append(f"Look here: {alert.link}")
    lines.append(
        f"Account {alert.account}, {alert.at:%Y-%m-%d %H:%M} UTC. "
        f"You get this because of the alert “{rule.label}”."
    )
    return "\n\n".join(lines) + "\n"


def _follow(bench: Bench, rule: AlertRule) -> int:
    now = bench.clock()
    with bench.store.transaction() as conn:
        surroundings = look_around(conn, rule.account, now=now)
        holding = {one.key: one for one in find_conditions(conn, rule, surroundings, now=now)}
        over = [
            find_end(conn, rule.account, surroundings, key) for key in rule.raised.keys() - holding
        ]
    raised = dict(rule.raised)
    error: str | None = None
    sent = 0
    for alert, key in due_alerts(rule, holding, over, settings=bench.settings, now=now):
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
    rule: AlertRule,
    holding: Mapping[str, Condition],
    over: Sequence[Condition],
    *,
    settings: Settings,
    now: datetime,
) -> Sequence[tuple[Alert, str]]:
    """Return what people have to be told, with the key of the condition.

    Of what began to hold, and once a day of what still does; of what is `over`.
    """

    def alert(state: AlertState, condition: Condition) -> tuple[Alert, str]:
        told = Alert(
            rule=rule.id,
            account=rule.account,
            state=state,
            kind=condition.kind,
            subject=condition.subject,
            message=condition.message,
            cure=condition.cure,
            link=console_link(settings, condition.path),
            at=now,
        )
        return told, condition.key

    due = []
    for key, condition in holding.items():
        told_at = rule.raised.get(key)
        if told_at is None or now - told_at >= AGAIN:
            due.append(alert("raised", condition))
    return due + [alert("resolved", condition) for condition in over]
