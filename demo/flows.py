"""The three flows, each with its progress on the screen."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import httpx
import msgspec
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from coterie.app.services import Services, config_source
from coterie.control.jobs import get_job
from coterie.control.jobs.steps import BACKFILLED
from coterie.flow.run.lookup import Lookup, count_waiting
from demo.braze import Braze
from demo.data import Order
from demo.shop import STREAM, Shop

EVENTS_A_REQUEST = 1_000
LIVE_EVENTS_A_REQUEST = 25
PATIENCE_SECONDS = 120.0


class FlowError(Exception):
    """A flow did not come to its end."""

    def __init__(self, *, flow: str, reason: str) -> None:
        super().__init__(f"{flow}: {reason}")


class Stage(msgspec.Struct, frozen=True):
    """The running product with the shop on it."""

    services: Services
    shop: Shop
    address: str
    braze: Braze
    progress: Progress


def new_progress() -> Progress:
    """Return the bars of the demo."""
    return Progress(
        TextColumn("{task.description:<46}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )


def send_orders(stage: Stage, orders: Sequence[tuple[int, Order]], *, live: bool) -> int:
    """Send numbered orders to the collector and wait until they are in profiles."""
    title = "Live: June 1998, order by order" if live else "History: 17 months of orders"
    size = LIVE_EVENTS_A_REQUEST if live else EVENTS_A_REQUEST
    bodies = [
        {
            "message_id": f"order-{number}",
            "customer_id": order.customer_id,
            "order_day": order.day.isoformat(),
            "number_of_cds": order.number_of_cds,
            "amount": order.amount,
        }
        for number, order in orders
    ]
    return _send(stage, title, bodies, size)


def send_panel(stage: Stage, panel: dict[str, str]) -> int:
    """Tell the second number of the customers who have one: two identifiers, one person."""
    bodies = [
        {"message_id": f"panel-{two}", "customer_id": one, "panel_id": two}
        for one, two in panel.items()
    ]
    return _send(stage, "Panel numbers: a second identifier", bodies, EVENTS_A_REQUEST)


def _send(stage: Stage, title: str, bodies: list[dict[str, Any]], size: int) -> int:
    task = stage.progress.add_task(title, total=len(bodies))
    url = f"{stage.address}/collect/json/{STREAM}?timestamp_field=order_day"
    headers = {"Authorization": stage.shop.token, "Content-Type": "application/json"}
    with httpx.Client(headers=headers, timeout=60) as http:
        for at in range(0, len(bodies), size):
            some = bodies[at : at + size]
            answer = http.post(url, content=msgspec.json.encode(some))
            if answer.status_code != httpx.codes.OK:
                raise FlowError(flow=title, reason=f"the collector answered {answer.text}")
            stage.progress.update(task, advance=len(some))
    wait_until(lambda: waiting(stage) == 0, title)
    return len(bodies)


def waiting(stage: Stage) -> int:
    """Return how many events no worker has taken yet."""
    with stage.services.store.transaction() as conn:
        return count_waiting(conn)


def deliver(stage: Stage, title: str, job_id: int) -> None:
    """Wait until Braze has been told all that the job wants it to hold."""
    task = stage.progress.add_task(title, total=None)
    lookup = Lookup(stage.services.store, config_source())

    def is_done() -> bool:
        job = get_job(stage.services.store, stage.shop.account, job_id)
        now = stage.services.clock()
        pending = lookup.overview(stage.shop.account, now).deliveries.pending
        stage.progress.update(task, total=None)
        # Between two ranges of members nothing may wait although most are still to come.
        has_claimed = bool(job.checkpoint.get(BACKFILLED))
        return job.state == "running" and has_claimed and pending == 0

    wait_until(is_done, title)
    stage.progress.update(task, total=1, completed=1)


def fire_webhooks(stage: Stage, external_ids: Sequence[str]) -> int:
    """Let Braze send a webhook for each of these users to the address of the shop."""
    title = "Webhooks: Braze tells what it knows"
    task = stage.progress.add_task(title, total=len(external_ids))
    stage.braze.set_emails(external_ids)
    target = f"{stage.address}/c/{stage.shop.account}/braze_users?key={stage.shop.token}"
    report = stage.braze.fire_webhooks(target, external_ids)
    if report["succeeded"] != len(external_ids):
        raise FlowError(flow=title, reason=f"Braze reports {report}")
    stage.progress.update(task, completed=len(external_ids))
    wait_until(lambda: waiting(stage) == 0, title)
    return len(external_ids)


def split_csv(source: Path, first: Path, second: Path) -> int:
    """Cut an export in two files with the same header; return the number of rows."""
    lines = source.read_text(encoding="utf-8").splitlines(keepends=True)
    header, rows = lines[0], lines[1:]
    middle = len(rows) // 2
    first.write_text(header + "".join(rows[:middle]), encoding="utf-8")
    second.write_text(header + "".join(rows[middle:]), encoding="utf-8")
    return len(rows)


def import_file(stage: Stage, title: str, job_id: int) -> None:
    """Wait until an import has read its file and its rows are in profiles."""
    task = stage.progress.add_task(title, total=None)

    def is_done() -> bool:
        job = get_job(stage.services.store, stage.shop.account, job_id)
        if job.state in ("failed", "fault"):
            raise FlowError(flow=title, reason=f"{job.last_error}")
        stage.progress.update(task, total=job.progress_total or None, completed=job.progress_done)
        return job.state == "completed"

    wait_until(is_done, title)
    wait_until(lambda: waiting(stage) == 0, title)
    stage.progress.update(task, total=1, completed=1)


def wait_until(is_done: Callable[[], bool], what: str) -> None:
    """Return once it is done. Raises FlowError after two minutes."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_done():
        if time.monotonic() > deadline:
            raise FlowError(flow=what, reason=f"not done after {PATIENCE_SECONDS:.0f} s")
        time.sleep(0.1)
