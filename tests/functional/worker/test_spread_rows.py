"""Where rows lie on several servers, workers lock them by updates and wait for each commit.

The statements that Citus needs run on one PostgreSQL too; the setting `coterie.spread` asks for
them.
"""

from collections.abc import Iterator
from random import Random

import psycopg
import pytest
from psycopg import sql
from tests.e2e.crash.people import draw_story
from tests.functional.worker.conftest import Crew
from tests.functional.worker.test_several_workers import check_workers

from coterie.store import Store, locks_by_update
from coterie.worker.loop import prepare_connection


@pytest.fixture
def spread_crew(database_url: str) -> Iterator[Crew]:
    with psycopg.connect(database_url, autocommit=True) as conn:
        name = sql.Identifier(conn.info.dbname)
        conn.execute(sql.SQL("ALTER DATABASE {} SET coterie.spread TO 'on'").format(name))
    with Store.open(database_url) as store:
        found = Crew(store)
        yield found
        found.dismiss()


def test_profiles_and_recipients_are_locked_by_updates(spread_crew: Crew) -> None:
    crew = spread_crew
    crew.audience("in_oslo", 'FILTER city = "Oslo"')
    crew.export("in_oslo")
    crew.send({"user_id": "u1", "city": "Oslo"}, {"_uid": "c1", "first_name": "Given"})
    crew.work_hard()
    crew.send({"user_id": "u1", "_uid": "c1"}, {"user_id": "u1", "city": "Rome"})
    crew.work_hard()

    person = crew.profile("user_id", "u1")
    assert (person["city"], person["first_name"]) == ("Rome", "Given")
    assert person["audiences"] == []
    assert crew.ask("SELECT recipient, wanted FROM outbox") == [("u1", {})]


def test_commits_are_waited_for_where_an_outage_could_lose_a_part_of_one(spread_crew: Crew) -> None:
    with spread_crew.store.connect() as conn:
        prepare_connection(conn)
        assert locks_by_update(conn)
        assert conn.execute("SHOW synchronous_commit").fetchone() == ("on",)


def test_commits_are_not_waited_for_on_one_server(crew: Crew) -> None:
    with crew.store.connect() as conn:
        conn.execute("SET synchronous_commit TO on")
        prepare_connection(conn)
        assert not locks_by_update(conn)
        assert conn.execute("SHOW synchronous_commit").fetchone() == ("off",)


@pytest.mark.prove
@pytest.mark.parametrize("seed", range(3), ids="seed-{}".format)
def test_several_workers_on_spread_rows_make_what_one_makes(spread_crew: Crew, seed: int) -> None:
    story = draw_story(Random(seed), people=150, acts=5_000)

    check_workers(spread_crew, story, seed=seed, kills=2)
