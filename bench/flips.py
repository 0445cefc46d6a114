"""How soon a few people leave an audience, and how fast everybody does at one instant.

The whole product runs, with so many profiles that were all seen last at the same instant, written
straight into the store with their membership of those who were seen in the last 30 days. Events
come in at 1,000 a second about people at random. First five other people leave each second by the
passing of time: how late that can be read is measured. Then the instant comes at which everybody
leaves: how fast they do, and how long live events wait meanwhile.
"""

import tempfile
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import entity
from _arrivals import Plan
from _few_flips import STAY, measure_few
from _figures import Figure, common_options, options_of, print_figures, say
from _many_flips import Costs, measure_many
from _postgres import ServerTime, family_seconds

from coterie.app.up import Running, current_environment, running_product
from coterie.base.clock import system_clock
from coterie.base.log import configure_logging
from coterie.base.settings import Settings
from coterie.store import Store

PEOPLE, QUICK_PEOPLE = 1_000_000, 10_000
SECONDS, QUICK_SECONDS = 20.0, 5.0
WARM_UP = 3.0
# What may pass until the product has all profiles, before anybody leaves.
FILLING, FILLING_EACH = timedelta(seconds=12), timedelta(microseconds=200)
FEW_LEAD = timedelta(seconds=2)
MANY_LEAD = timedelta(seconds=8)


class TooSlowError(Exception):
    """The profiles were not there in time, so that people would leave before they are counted."""

    def __init__(self, *, allowed: timedelta) -> None:
        super().__init__(
            f"The profiles were not there after {allowed.total_seconds():.0f} seconds. Give the "
            "machine longer with --filling."
        )


def main() -> None:
    """Run the benchmark."""
    parser = common_options(__doc__ or "")
    parser.add_argument("--people", type=int, help=f"how many profiles (default {PEOPLE:,})")
    parser.add_argument(
        "--filling", type=float, help="seconds until all profiles are there at most"
    )
    given = parser.parse_args()
    options = options_of(given)
    people = given.people or (QUICK_PEOPLE if options.quick else PEOPLE)
    filling = FILLING + people * FILLING_EACH
    if given.filling:
        filling = timedelta(seconds=given.filling)
    configure_logging("console", level="error")
    env = {**current_environment(), "COTERIE_LOG_LEVEL": "error"}
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder), port=0, log_level="error")
        with running_product(settings, env) as product, Store.open(product.url) as store:
            seconds = QUICK_SECONDS if options.quick else SECONDS
            figures = measure(product, store, people, filling, seconds)
    print_figures("flips", figures, options)


def measure(
    product: Running, store: Store, people: int, filling: timedelta, seconds: float
) -> Mapping[str, Figure]:
    """Fill the store within `filling`; let a few leave, then everybody. Raises TooSlowError."""
    last = system_clock() + filling
    instant = last + FEW_LEAD + timedelta(seconds=WARM_UP + seconds) + MANY_LEAD
    home = entity.open_home(store)
    slug, text = "seen", f'FILTER last_seen > "now-{STAY.days}d"'
    seen = entity.add_audience(store, home.account, slug, text)
    entity.fill(store, home, people, instant - STAY, (seen, instant))
    say("the product makes sure of the audiences")
    entity.wait_until_built(store, home.account, ("everyone", slug))
    if system_clock() > last:
        raise TooSlowError(allowed=filling)
    parts = urlsplit(product.address)
    plan = Plan(
        host=parts.hostname or "", port=parts.port or 80, token=home.token, account=home.account,
        people=people, reads_per_second=0.0, events_per_second=entity.EVENTS,
        seconds=seconds, warm_up=WARM_UP,
    )  # fmt: skip
    server = ServerTime(store)
    workers = [pid for role, pid in product.pids.items() if role.startswith("worker")]

    def used() -> tuple[float, float]:
        return sum(map(family_seconds, workers)), server.seconds()

    say("a few leave")
    before = used()
    few = measure_few(store, plan, (home.everyone, seen), system_clock() + FEW_LEAD)
    took = WARM_UP + seconds
    worker, postgres = ((b - a) / took for a, b in zip(before, used(), strict=True))
    many = measure_many(store, plan, seen, instant, used, Costs(worker, postgres))
    return {**few, **many}


if __name__ == "__main__":
    main()
