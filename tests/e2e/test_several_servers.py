"""Two collectors and two workers on one PostgreSQL: whichever dies, nothing is lost or doubled."""

import os
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest
from tests.e2e.crash.product import product_environment, wait_until
from tests.e2e.fleet.senders import PEOPLE, Books, Senders
from tests.e2e.fleet.servers import Fleet

from coterie.app.database import prepare_database
from coterie.app.services import Services, config_source, open_services
from coterie.base.clock import system_clock
from coterie.base.settings import load_settings
from coterie.control.accounts import create_account
from coterie.control.definitions.audiences import create_audience
from coterie.control.tokens import create_token
from coterie.flow.run.lookup import Lookup
from coterie.model.control import Actor

pytestmark = pytest.mark.e2e

ACTOR = Actor(name="test")
ACCOUNT = 3012
SEED = int(os.environ.get("COTERIE_TEST_SEED") or time.time_ns() % 1_000_000)
WAITING = "SELECT COALESCE(sum(h.seq - l.cursor_seq), 0) FROM lane_head h JOIN lane l USING (lane)"
TOLD = (
    "SELECT profile_id, count(*) FILTER (WHERE kind = 'enter') "
    "- count(*) FILTER (WHERE kind = 'exit') FROM change GROUP BY 1"
)
HEIRS = "SELECT profile_id, other_profile_id FROM change WHERE kind = 'merge'"
LIVING = "SELECT profile_id FROM g1.profile"
LOGGED = "SELECT count(*) FROM event_log"
OUTCOMES = "SELECT kind, count(*) FROM event_outcome GROUP BY 1"


class Kills(msgspec.Struct, frozen=True):
    """How much is sent, and how often somebody dies meanwhile."""

    rounds: int
    events: int
    seed: int


@pytest.fixture
def services(database_url: str, tmp_path: Path) -> Iterator[Services]:
    env = product_environment(tmp_path / "data", port=0)
    settings = load_settings({**env, "COTERIE_DATABASE_URL": database_url})
    prepare_database(database_url, settings, system_clock)
    with open_services(settings, database_url) as found:
        yield found


def check_fleet(services: Services, folder: Path, kills: Kills) -> None:
    print(f"COTERIE_TEST_SEED={kills.seed}")  # noqa: T201 - shown when the test fails
    chance = Random(kills.seed)
    create_account(services.store, name="Shop", actor=ACTOR, clock=system_clock, number=ACCOUNT)
    create_audience(
        services.store, account=ACCOUNT, slug="buyers", name="Buyers",
        filter_text="FILTER order_count >= 1", actor=ACTOR, clock=system_clock,
    )  # fmt: skip
    token = create_token(
        services.store, account=ACCOUNT, name="Till", scopes=["data_write"], expires_at=None,
        actor=ACTOR, now=system_clock(),
    )  # fmt: skip
    fleet = Fleet(folder, services.store.url, collectors=2, workers=2)
    senders = Senders(fleet.addresses, token.token, chance=chance)
    try:
        fleet.wait_until_ready()
        for number in range(kills.rounds):
            sent = senders.send(kills.events)
            wait_until(sent[len(sent) // 2].done, "sent", fleet.last_words)
            fleet.kill(chance, role=("web", "worker")[number % 2])
            for one in sent:
                one.result()
        fleet.wait_until_ready()
        wait_until(lambda: waiting(services) == 0, "processed", fleet.last_words)
    finally:
        senders.close()
        fleet.stop()
    check_books(services, senders.books, sent=kills.rounds * kills.events)
    assert fleet.killed.count("web") >= 1 <= fleet.killed.count("worker")


def waiting(services: Services) -> int:
    return int(ask(services, WAITING)[0][0])


def ask(services: Services, query: str) -> list[tuple[Any, ...]]:
    with services.store.transaction() as conn:
        return conn.execute(query.encode()).fetchall()


def check_books(services: Services, books: Books, *, sent: int) -> None:
    """Everybody bought what was promised and at most what was sent; each change is told once."""
    assert books.promised.total() + books.unsure.total() == sent
    lookup = Lookup(services.store, config_source())
    for number in range(PEOPLE):
        user = f"u{number}"
        found = lookup.find_profile(ACCOUNT, "user_id", user, system_clock())
        same = lookup.find_profile(ACCOUNT, "email", f"{user}@example.org", system_clock())
        assert found is not None is not same
        assert found.profile_id == same.profile_id
        values: dict[str, Any] = {field.name: field.value for field in found.fields}
        least, most = books.promised[user], books.promised[user] + books.unsure[user]
        assert least <= values["order_count"] <= most, user
        assert values["order_count"] == values["order_total"]
        assert [one.slug for one in found.audiences] == ["buyers"]
    members = told_members(services)
    assert members == dict.fromkeys(members, 1)
    assert members.keys() == {profile_id for (profile_id,) in ask(services, LIVING)}
    assert len(members) == PEOPLE
    outcomes = {str(kind): count for kind, count in ask(services, OUTCOMES)}
    assert outcomes.keys() <= {"duplicate"}
    # What a client sent again after a kill is in the log twice, and counted once.
    [(logged,)] = ask(services, LOGGED)
    counted = logged - outcomes.get("duplicate", 0)
    assert books.promised.total() <= counted <= sent


def told_members(services: Services) -> dict[bytes, int]:
    """Return who is in the audience to a reader of the changes, and how often they were told in.

    Whoever was known by one name first may go on under the id of the other: then the merge tells
    it, and nobody enters again.
    """
    heirs: dict[bytes, bytes] = dict(ask(services, HEIRS))
    members: Counter[bytes] = Counter()
    for profile_id, balance in ask(services, TOLD):
        assert balance in {0, 1}
        heir = profile_id
        while heir in heirs:
            heir = heirs[heir]
        members[heir] += balance
    return members


@pytest.mark.timeout(300)
def test_no_event_that_was_answered_200_is_lost_and_none_counts_twice(
    services: Services, tmp_path: Path
) -> None:
    check_fleet(services, tmp_path, Kills(rounds=2, events=150, seed=SEED))


@pytest.mark.prove
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("seed", range(3))
def test_nothing_is_lost_over_many_dead_servers(
    services: Services, tmp_path: Path, seed: int
) -> None:
    check_fleet(services, tmp_path, Kills(rounds=20, events=600, seed=seed))
