"""Plays a story on a product and a Braze sandbox, in peace or under fire."""

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random
from typing import Any

import msgspec
from tests.e2e.crash.client import Client
from tests.e2e.crash.evidence import explain_users
from tests.e2e.crash.facts import Books, Facts, astray, read_books, read_facts
from tests.e2e.crash.killer import Killer
from tests.e2e.crash.product import running_product, wait_until
from tests.e2e.crash.shop import (
    ACCOUNT,
    ATTRIBUTE,
    LATE_AUDIENCE,
    Shop,
    add_audience,
    insist,
    open_shop,
    start_export,
)

from braze_sandbox.testing import RunningSandbox
from coterie.app.deliveries import delivery_calls
from coterie.app.services import Services, config_source, open_services
from coterie.control.definitions.audiences import list_audiences
from coterie.control.jobs import list_jobs
from coterie.control.jobs.steps import BACKFILLED
from coterie.flow.run.lookup import Lookup
from coterie.store import StoreUnavailableError

KEY = "00000000-0000-4000-8000-00000000cafe"
LISTENING = re.compile(rb"listening on (\S+)")
# The late audience and the export come after these parts of the story.
AUDIENCE_AT, EXPORT_AT = 0.3, 0.5

Events = Sequence[dict[str, Any]]


class Outcome(msgspec.Struct, frozen=True):
    """What a story ended with; how many requests the client had to send again.

    `evidence` says of users whom Braze holds otherwise than their profile how it came to that.
    """

    facts: Facts
    books: Books
    resent: int
    evidence: Mapping[str, list[str]]


def play(events: Events, folder: Path, *, rounds: int, chance: Random, killer: Killer) -> Outcome:
    """Send all events in as many rounds, each under the killer's fire; wait until all is done."""
    with (
        running_sandbox() as sandbox,
        running_product(folder) as product,
        open_services(product.settings, product.url) as services,
    ):
        shop = open_shop(services, sandbox_url=sandbox.url, sandbox_key=KEY)
        with closing(Client(product.address, shop.token, chance=chance)) as client:
            for number, portion in enumerate(_portions(events, rounds)):
                is_turning = take_steps(services, shop, number, rounds)
                sending = client.send(portion)
                killer.strike(product.settings.data_dir, sending, at_jobs=is_turning)
                for request in sending:
                    request.result()
        wait_until(lambda: is_at_rest(services), "at rest", product.last_words)
        at_braze = {user["external_id"]: _held(user) for user in sandbox.users()}
        facts = read_facts(services, at_braze)
        evidence = explain_users(services, sandbox, sorted(astray(facts))[:5])
        return Outcome(facts, read_books(services), client.failures, evidence)


def take_steps(services: Services, shop: Shop, number: int, rounds: int) -> bool:
    """Do what a person does at this point of the story; answer whether it makes work for jobs."""
    if number == int(rounds * AUDIENCE_AT):
        insist(lambda: add_audience(services.store, ACCOUNT, services.clock, LATE_AUDIENCE))
        return True
    if number == int(rounds * EXPORT_AT):
        insist(lambda: start_export(services, shop))
        return True
    return False


def is_at_rest(services: Services) -> bool:
    """Answer whether there is nothing left to process, to build, to claim, to send, to repeat."""
    try:
        overview = Lookup(services.store, config_source()).overview(ACCOUNT, services.clock())
        deliveries = delivery_calls(services.store, services.clock).list(ACCOUNT)
        audiences = list_audiences(services.store, ACCOUNT)
        jobs = list_jobs(services.store, ACCOUNT)
    except StoreUnavailableError:
        return False
    return (
        overview.waiting == 0
        and overview.deliveries.pending == 0
        and not any(delivery.uncertain for delivery in deliveries)
        and all(audience.state == "live" for audience in audiences)
        and all(job.state == "running" and job.checkpoint.get(BACKFILLED) for job in jobs)
    )


@contextmanager
def running_sandbox() -> Iterator[RunningSandbox]:
    """Run the Braze sandbox as a process of its own."""
    command = [sys.executable, "-m", "braze_sandbox", "serve", "--port", "0", "--key", KEY]
    with subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True) as process:
        try:
            assert process.stdout is not None
            found = LISTENING.search(process.stdout.readline())
            assert found is not None, "the Braze sandbox does not start"
            yield RunningSandbox(found.group(1).decode(), KEY)
        finally:
            process.terminate()


def _portions(events: Events, rounds: int) -> Iterator[Events]:
    size = -(-len(events) // rounds)
    for at in range(0, len(events), size):
        yield events[at : at + size]


def _held(user: dict[str, Any]) -> frozenset[str]:
    return frozenset(user["custom_attributes"].get(ATTRIBUTE, ()))
