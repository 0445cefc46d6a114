"""Commands about alerts: who is told when something goes wrong."""

from typing import Annotated

import typer

from coterie.cli.context import ACTOR, open_context
from coterie.cli.entries import read_text
from coterie.cli.output import AccountNumber, AsJson, print_json, print_table
from coterie.control import alerts
from coterie.control.alerts import NewAlert, UnknownAlertError
from coterie.model.alerts import (
    METRIC_NAMES,
    Alert,
    AlertChannel,
    AlertKind,
    AlertMetric,
    AlertRule,
)

app = typer.Typer(
    name="alert", help="Alerts: who is told when something goes wrong.", no_args_is_help=True
)

RuleId = Annotated[int, typer.Argument(help="The alert's id, as listed.")]


@app.command("create")
def create(
    label: Annotated[str, typer.Option(help="How lists call it.")],
    email: Annotated[str, typer.Option(help="Address that is told by e-mail.")] = "",
    webhook: Annotated[
        str, typer.Option(help="Address that gets JSON; @file keeps it off the command line.")
    ] = "",
    kind: Annotated[
        list[str] | None, typer.Option(help="failure, stall or threshold. Repeatable.")
    ] = None,
    job: Annotated[int | None, typer.Option(help="Of this job alone.")] = None,
    stall_minutes: Annotated[
        int, typer.Option(help="How long nothing may be delivered while something waits.")
    ] = alerts.STALL_MINUTES,
    metric: Annotated[
        str,
        typer.Option(
            help="Of a threshold: waiting, refused, doubtful, omitted, sent (within 24 hours) of "
            "a delivery; with --audience it is the size of that."
        ),
    ] = "",
    above: Annotated[int | None, typer.Option(help="What it must not exceed.")] = None,
    below: Annotated[int | None, typer.Option(help="What it must not fall below.")] = None,
    audience: Annotated[str, typer.Option(help="Slug of the audience whose size counts.")] = "",
    account: AccountNumber = None,
    as_json: AsJson = False,
) -> None:
    """Have somebody told, by e-mail or webhook, when jobs fail, stall, or a number is passed."""
    if bool(email) == bool(webhook):
        raise alerts.BadAlertError("Give either --email or --webhook.")
    channel: AlertChannel = "email" if email else "webhook"
    new = NewAlert(
        label=label,
        kinds=tuple(_kind(each) for each in kind or ("failure", "stall")),
        channel=channel,
        target=read_text(email or webhook).strip(),
        job_id=job,
        stall_minutes=stall_minutes,
        metric=_metric(metric or ("size" if audience else "")),
        above=above,
        below=below,
        audience=audience or None,
    )
    with open_context() as context:
        number = context.number(account)
        rule = alerts.create_alert(
            context.store, context.ring, account=number, new=new, actor=ACTOR, clock=context.clock
        )
    _print([rule], as_json=as_json)


@app.command("list")
def list_(account: AccountNumber = None, as_json: AsJson = False) -> None:
    """List alerts, and which of them hold."""
    with open_context() as context:
        found = alerts.list_alerts(context.store, context.number(account))
    _print(found, as_json=as_json)


@app.command("test")
def try_(rule_id: RuleId, account: AccountNumber = None) -> None:
    """Send a message of an alert now, to see whether it arrives."""
    from coterie.worker.alerting import ALERTS_PAGE, console_link, send_alert

    with open_context() as context:
        number = context.number(account)
        rules = {rule.id: rule for rule in alerts.list_alerts(context.store, number)}
        if rule_id not in rules:
            raise UnknownAlertError(account=number, rule=rule_id)
        rule = rules[rule_id]
        target = alerts.open_target(context.store, context.ring, number, rule_id)
        alert = Alert(
            rule=rule_id,
            account=number,
            state="raised",
            kind="test",
            subject=f"{rule.label}: this is a test",
            message="Somebody asked for a test of this alert. Nothing is wrong.",
            cure="Nothing.",
            link=console_link(context.settings, ALERTS_PAGE),
            at=context.clock(),
        )
        send_alert(context.settings, rule, target, alert)
    typer.echo(f"Sent to {rule.target_shown}.")


@app.command("delete")
def delete(rule_id: RuleId, account: AccountNumber = None) -> None:
    """Forget an alert."""
    with open_context() as context:
        number = context.number(account)
        alerts.delete_alert(
            context.store, account=number, rule=rule_id, actor=ACTOR, clock=context.clock
        )
    typer.echo(f"Alert {rule_id} is deleted.")


def _kind(text: str) -> AlertKind:
    match text:
        case "failure" | "stall" | "threshold":
            return text
    raise alerts.BadAlertError(
        message=f"There is no kind {text!r}. Choose failure, stall, threshold."
    )


def _metric(text: str) -> AlertMetric | None:
    if not text:
        return None
    for metric in METRIC_NAMES:
        if metric == text:
            return metric
    raise alerts.BadAlertError(
        message=f"There is no metric {text!r}. Choose one of {', '.join(METRIC_NAMES)}."
    )


def _of(rule: AlertRule) -> str:
    if rule.audience is not None:
        return f"audience {rule.audience}"
    return f"job {rule.job_id}" if rule.job_id else "all"


def _print(found: list[AlertRule], *, as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    columns = ("Id", "Label", "Of", "When", "Told", "Holds", "Last error")
    rows = [
        (
            one.id,
            one.label,
            _of(one),
            ", ".join(one.kinds) + (f" {one.metric} {one.bounds}" if one.metric else ""),
            one.target_shown,
            len(one.raised),
            one.last_error or "",
        )
        for one in found
    ]
    print_table("Alerts", columns, rows, empty="Nobody is told of anything yet.")
