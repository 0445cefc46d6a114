"""Plays the demo."""

import argparse
import contextlib
import logging
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from rich.console import Console

from coterie.app.services import Services, open_services
from coterie.app.up import Running, current_environment, running_product
from coterie.base.log import configure_logging
from coterie.base.settings import Settings
from demo.braze import Braze
from demo.check import Outcome, check
from demo.data import LIVE_FROM, read_orders, read_panel
from demo.flows import (
    FlowError,
    Stage,
    deliver,
    fire_webhooks,
    import_file,
    new_progress,
    send_orders,
    send_panel,
    split_csv,
)
from demo.interrupt import interruptible
from demo.report import print_summary
from demo.shop import (
    EMAIL,
    IN_BRAZE,
    Shop,
    add_audience,
    open_shop,
    start_export,
    start_local_import,
    start_sftp_import,
)
from demo.stage import BRAZE_KEY, SFTP_PASSWORD, SFTP_USER, running_sandbox, running_sftp

console = Console()
INTERRUPTED = 130  # 128 and the number of SIGINT, as shells have it


class Clock:
    """Takes the time of each step."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Note how long the block takes."""
        started = time.monotonic()
        yield
        self.seconds[name] = time.monotonic() - started


def main() -> int:
    """Play the three flows; return 0 if every claim holds, 130 if somebody ended it before."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="leave it running at the end")
    keep = parser.parse_args().keep
    configure_logging("console", level="warning")
    logging.getLogger("asyncssh").setLevel(logging.WARNING)
    try:
        with interruptible():
            return run(keep=keep)
    except KeyboardInterrupt:
        console.print("\nThe demo was ended before it was done; nothing is left of it.")
        return INTERRUPTED


def run(*, keep: bool) -> int:
    """Start everything, play, and stop it all, however this ends."""
    with ExitStack() as stack:
        clock = Clock()
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="coterie-demo-")))
        stop = threading.Event()
        with clock.step("start"), console.status("Starting PostgreSQL, Coterie, Braze sandbox …"):
            braze_url = stack.enter_context(running_sandbox())
            settings = Settings(
                data_dir=folder / "data", port=0, allow_private_addresses=True, log_level="warning"
            )
            env = {
                **current_environment(),
                "COTERIE_ALLOW_PRIVATE_ADDRESSES": "true",
                "COTERIE_LOG_LEVEL": "warning",
            }
            product = stack.enter_context(running_product(settings, env))
            services = stack.enter_context(open_services(settings, product.url))
        watch = threading.Thread(target=product.watch, args=(stop,), daemon=True)
        watch.start()
        stack.callback(stop.set)
        try:
            outcome, shop = play(services, product, Braze(braze_url), folder, clock)
        except FlowError as error:
            console.print(f"[red]{error}[/red]")
            return 1
        failed = not all(claim.is_true for claim in outcome.claims)
        if keep and not failed:
            console.print(f"\nConsole  {product.address}")
            console.print(f"Sign in  {shop.account}.{EMAIL}  {shop.password}", highlight=False)
            console.print(f"Braze    {braze_url}/_sandbox/users?limit=5")
            console.print("Ctrl-C stops it.")
            with contextlib.suppress(KeyboardInterrupt):
                threading.Event().wait()
        return int(failed)


def play(
    services: Services, product: Running, braze: Braze, folder: Path, clock: Clock
) -> tuple[Outcome, Shop]:
    """Run the three flows and print what came of them."""
    orders, panel = read_orders(), read_panel()
    numbered = list(enumerate(orders))
    history = [one for one in numbered if one[1].day < LIVE_FROM]
    live = [one for one in numbered if one[1].day >= LIVE_FROM]
    shop = open_shop(services, braze.url, BRAZE_KEY)
    console.print(
        f"[bold]CDNOW[/bold]: {len(orders):,} orders of {len({o.customer_id for o in orders}):,} "
        f"people, 1997-98 (P. S. Fader, B. G. S. Hardie). Account {shop.account}.\n"
    )
    with new_progress() as progress:
        stage = Stage(services, shop, product.address, braze, progress)
        events = 0
        with clock.step("history"):
            events += send_orders(stage, history, live=False)
            events += send_panel(stage, panel)
        with clock.step("existing users"):
            job = start_export(services, shop)
            deliver(stage, "Export: existing members to Braze", job)
        requests_before = braze.track_requests()
        with clock.step("live"):
            events += send_orders(stage, live, live=True)
            deliver(stage, "Export: who entered and left", job)
        with clock.step("webhooks"):
            events += fire_webhooks(stage, big_spenders(braze))
            add_audience(services, shop.account, *IN_BRAZE)
            deliver(stage, "Export: big spenders with an address", job)
        with clock.step("CSV"):
            events += import_csv(stage, folder)
        with clock.step("check"):
            outcome = check(services, shop, braze, orders, panel)
    print_summary(console, outcome, clock.seconds, events, braze.track_requests(), requests_before)
    return outcome, shop


def big_spenders(braze: Braze) -> list[str]:
    """Return the users whom Braze's own segment on the attribute would hold."""
    return [
        user["external_id"]
        for user in braze.users()
        if "big_spenders" in user["custom_attributes"].get("lytics_segments", ())
    ]


def import_csv(stage: Stage, folder: Path) -> int:
    """Import Braze's export of all users: half from a folder, half from a client's SFTP server."""
    here = stage.services.settings.data_dir / "imports"
    there = folder / "client"
    here.mkdir(exist_ok=True)
    there.mkdir()
    whole = folder / "braze.csv"
    stage.braze.export_csv(whole)
    rows = split_csv(whole, here / "users_1.csv", there / "users_2.csv")
    job = start_local_import(stage.services, stage.shop, "users_1.csv")
    import_file(stage, "CSV: users from a local folder", job)
    with running_sftp(there) as port:
        server = {
            "host": "127.0.0.1",
            "port": port,
            "username": SFTP_USER,
            "password": SFTP_PASSWORD,
        }
        job = start_sftp_import(stage.services, stage.shop, server, "users_2.csv")
        import_file(stage, "CSV: users from a client's SFTP server", job)
    return rows


if __name__ == "__main__":
    sys.exit(main())
