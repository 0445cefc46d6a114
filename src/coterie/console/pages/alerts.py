"""Alerts: who is told when something goes wrong."""

from litestar import get, post
from litestar.params import FromPath

from coterie.base.errors import UserError
from coterie.console.doorkeeper import needs
from coterie.console.forms import Form, filled_form
from coterie.console.headers import Page
from coterie.console.pages.parts import Visitor
from coterie.console.visit import Visit
from coterie.control.alerts import (
    STALL_MINUTES,
    BadAlertError,
    NewAlert,
    create_alert,
    delete_alert,
    list_alerts,
)
from coterie.control.definitions.audiences import list_audiences
from coterie.control.jobs import list_jobs
from coterie.model.alerts import METRIC_NAMES, AlertChannel, AlertKind

HOME = "/account/alerts"
KINDS: tuple[tuple[AlertKind, str], ...] = (
    ("failure", "A job is in fault, or its authorization does not work."),
    ("stall", "Something waits, and nothing has been delivered for some time."),
    ("threshold", "A number of a delivery, or the size of an audience, is too large or too small."),
)
CHANNELS: tuple[tuple[AlertChannel, str], ...] = (("email", "E-mail"), ("webhook", "Webhook"))


@get(HOME, sync_to_thread=True, opt=needs("data_manager"))
def show_alerts(visit: Visitor) -> Page:
    """List the alerts, with a form for a new one."""
    form = filled_form({"kinds": ["failure", "stall"], "stall_minutes": str(STALL_MINUTES)})
    return _page(visit, form)


@post(HOME, sync_to_thread=True, opt=needs("data_manager"))
def do_create_alert(visit: Visitor) -> Page:
    """Keep a new alert."""
    try:
        rule = create_alert(
            visit.deps.store,
            visit.deps.ring,
            account=visit.account,
            new=_read(visit.form),
            actor=visit.actor,
            clock=visit.deps.clock,
        )
    except UserError as error:
        return _page(visit, visit.form, failure=error.message)
    return visit.go(HOME, notice=f"{rule.target_shown} will be told.")


@post(f"{HOME}/{{rule:int}}/delete", sync_to_thread=True, opt=needs("data_manager"))
def do_delete_alert(visit: Visitor, rule: FromPath[int]) -> Page:
    """Forget an alert."""
    delete_alert(
        visit.deps.store,
        account=visit.account,
        rule=rule,
        actor=visit.actor,
        clock=visit.deps.clock,
    )
    return visit.go(HOME, notice="The alert is deleted.")


def _read(form: Form) -> NewAlert:
    ticked = form.choices("kinds")
    kinds = tuple(kind for kind, _ in KINDS if kind in ticked)
    is_threshold = "threshold" in kinds
    channels = [each for each, _ in CHANNELS if each == form.text("channel")]
    if not channels:
        raise BadAlertError("Choose e-mail or webhook.")
    metrics = [each for each in METRIC_NAMES if each == form.text("metric")]
    metric = metrics[0] if is_threshold and metrics else None
    return NewAlert(
        label=form.text("label"),
        kinds=kinds,
        channel=channels[0],
        target=form.text("target"),
        job_id=form.whole_number("job"),
        stall_minutes=form.whole_number("stall_minutes") or STALL_MINUTES,
        metric=metric,
        above=form.whole_number("above") if is_threshold else None,
        below=form.whole_number("below") if is_threshold else None,
        audience=form.text("audience") or None if metric == "size" else None,
    )


def _page(visit: Visit, form: Form, *, failure: str = "") -> Page:
    jobs = list_jobs(visit.deps.store, visit.account)
    audiences = [
        each
        for each in list_audiences(visit.deps.store, visit.account)
        if each.state in ("building", "live")
    ]
    return visit.page(
        "account/alerts.html",
        status=400 if failure else 200,
        rules=list_alerts(visit.deps.store, visit.account),
        job_labels={job.id: job.label for job in jobs},
        job_options=[("", "All jobs"), *((str(job.id), job.label) for job in jobs)],
        form=form,
        failure=failure,
        kinds=KINDS,
        kind_names={"failure": "Failure", "stall": "Stall", "threshold": "Threshold"},
        metrics=tuple(METRIC_NAMES.items()),
        metric_names=METRIC_NAMES,
        audience_names={each.slug: each.name for each in audiences},
        audience_options=[("", "None"), *((each.slug, each.name) for each in audiences)],
        channels=CHANNELS,
        mail_is_set=bool(visit.deps.settings.smtp_url),
    )
