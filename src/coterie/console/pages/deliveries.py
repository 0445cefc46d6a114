"""Deliveries: how they go, what was set aside, and what destinations hold of a user."""

from litestar import get, post
from litestar.params import FromPath

from coterie.base.words import counted
from coterie.console.doorkeeper import needs
from coterie.console.headers import Page
from coterie.console.pages.parts import Visitor
from coterie.console.visit import Visit
from coterie.control.definitions.audiences import list_audiences
from coterie.control.delivery_steps import STEPS, UnknownDeliveryError, may_take
from coterie.control.jobs import list_jobs
from coterie.flow.exports.parked import Choice
from coterie.model.exports import ExportAudienceConfig
from coterie.model.ledger import DeliveryView

HOME = "/data/deliveries"
SHOWN = 50


@get(HOME, sync_to_thread=True)
def show_deliveries(visit: Visitor) -> Page:
    """List the deliveries with what waits."""
    return visit.page("deliveries/list.html", deliveries=visit.deps.deliveries.list(visit.account))


@get(f"{HOME}/{{destination:int}}", sync_to_thread=True)
def show_delivery(visit: Visitor, destination: FromPath[int]) -> Page:
    """Show a delivery: figures, cost, last error, what was set aside."""
    delivery = _get(visit, destination)
    aside = visit.deps.deliveries.set_aside(visit.account, destination, None, SHOWN)
    return visit.page(
        "deliveries/detail.html",
        delivery=delivery,
        aside=aside if visit.may("data_manager") else (),
        aside_total=delivery.parked + delivery.doubtful,
        steps={step: STEPS[step] for step in may_take(delivery.delivery)},
    )


@post(f"{HOME}/{{destination:int}}/step", sync_to_thread=True, opt=needs("data_manager"))
def do_step(visit: Visitor, destination: FromPath[int]) -> Page:
    """Pause, resume, bounce, kill or release a delivery."""
    step = visit.form.text("step")
    after = visit.deps.deliveries.step(visit.account, destination, step, visit.actor)
    return visit.go(f"{HOME}/{destination}", notice=f"The delivery is {after}.")


@post(f"{HOME}/{{destination:int}}/replay", sync_to_thread=True, opt=needs("data_manager"))
def do_replay(visit: Visitor, destination: FromPath[int]) -> Page:
    """Send again what was refused, or what is doubtful, all of it or by reason."""
    is_doubtful = visit.form.text("state") == "doubtful"
    choice = Choice(
        states=("doubtful",) if is_doubtful else ("parked",),
        reason=visit.form.text("reason") or None,
    )
    calls = visit.deps.deliveries
    count = calls.replay(visit.account, destination, choice, visit.actor)
    notice = f"{counted(count, 'entry', 'entries')} will be sent again."
    return visit.go(f"{HOME}/{destination}", notice=notice)


@get(f"{HOME}/held", sync_to_thread=True, opt=needs("data_manager"))
def show_held(visit: Visitor) -> Page:
    """Ask for a user."""
    return visit.page("deliveries/held.html", recipient="", holdings=None)


@post(f"{HOME}/held", sync_to_thread=True, opt=needs("data_manager"))
def do_look_up_held(visit: Visitor) -> Page:
    """Show what destinations hold of a user; a POST keeps the id out of the address."""
    recipient = visit.form.text("recipient")
    calls = visit.deps.deliveries
    found = calls.holdings(visit.account, recipient) if recipient else None
    return visit.page(
        "deliveries/held.html",
        recipient=recipient,
        holdings=found,
        deliveries={each.id: each for each in calls.list(visit.account)},
        audience_names=_exported_names(visit),
    )


def _exported_names(visit: Visit) -> dict[tuple[int, str], str]:
    """Return what people call the audiences that stand for values at destinations."""
    store, account = visit.deps.store, visit.account
    names = {each.slug: each.name for each in list_audiences(store, account)}
    return {
        (job.destination_id, job.config.exported_name(slug)): names[slug]
        for job in list_jobs(store, account)
        if isinstance(job.config, ExportAudienceConfig) and job.destination_id is not None
        for slug in job.config.audiences
        if slug in names
    }


def _get(visit: Visitor, destination: int) -> DeliveryView:
    found = visit.deps.deliveries.find(visit.account, destination)
    if found is None:
        raise UnknownDeliveryError(account=visit.account, destination=destination)
    return found
