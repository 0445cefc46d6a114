"""One person from one statement, for as long as what was known when it was asked still holds."""

import asyncio
from collections.abc import AsyncIterator, Callable

import httpx
import pytest
from tests.functional.api.test_entity_api import ACCOUNT, PATH, known, manager

from coterie.app.services import Services, config_source
from coterie.base.clock import system_clock
from coterie.control.definitions.audiences import create_audience
from coterie.control.personalization import Allowed, allow_personalization
from coterie.control.tokens import revoke_token
from coterie.flow.run.entities import Entities
from coterie.flow.run.glance import Glancer
from coterie.model.control import Actor, NewToken
from coterie.model.entity import Entity, Glance
from coterie.store import GlancePool, Store

__all__ = ["known", "manager"]

ACTOR = Actor(name="test")
ANN = ("email", "ANN@example.org")


@pytest.fixture
def entities(services: Services) -> Entities:
    return Entities(services.store, config_source())


@pytest.fixture
async def pool(store: Store) -> AsyncIterator[GlancePool]:
    # A single connection, so that a test knows which one is asked.
    pool = GlancePool(store.url, most=1)
    yield pool
    await pool.close()


@pytest.fixture
def glancer(entities: Entities, pool: GlancePool) -> Glancer:
    return Glancer(entities, pool)


async def glance(glancer: Glancer, *, token_id: int | None = None) -> Glance | None:
    return await glancer.glance(ACCOUNT, ANN, None, system_clock(), token_id=token_id)


def find(entities: Entities) -> Entity | None:
    return entities.find(ACCOUNT, ANN, None, system_clock())


@pytest.mark.usefixtures("known")
async def test_a_glance_says_what_a_search_says(entities: Entities, glancer: Glancer) -> None:
    before = await glance(glancer)
    found = find(entities)

    after = await glance(glancer)

    assert before is None
    assert found is not None
    assert after == Glance(entity=found, allowed=None, token_holds=True)


@pytest.mark.usefixtures("known")
async def test_nobody_is_found_at_a_glance_either(entities: Entities, glancer: Glancer) -> None:
    find(entities)

    nobody = await glancer.glance(ACCOUNT, ("email", "bob@example.org"), None, system_clock())

    assert nobody == Glance(entity=None, allowed=None, token_holds=True)


@pytest.mark.usefixtures("known")
async def test_new_definitions_are_looked_up_before_a_glance_counts_again(
    entities: Entities, glancer: Glancer, store: Store
) -> None:
    find(entities)
    create_audience(
        store, account=ACCOUNT, slug="all", name="All", filter_text="FILTER *", actor=ACTOR,
        clock=system_clock,
    )  # fmt: skip

    at_once = await glance(glancer)
    find(entities)

    assert at_once is None
    assert await glance(glancer) is not None


@pytest.mark.usefixtures("known")
async def test_a_generation_that_was_swapped_or_dropped_is_not_read(
    entities: Entities, glancer: Glancer, store: Store
) -> None:
    find(entities)
    with store.transaction() as conn:
        conn.execute("INSERT INTO generation (number, state) VALUES (7, 'building')")
        conn.execute("SELECT create_generation(7)")
        conn.execute("UPDATE generation SET state = 'retired' WHERE state = 'live'")
        conn.execute("UPDATE generation SET state = 'live' WHERE number = 7")

    swapped = await glance(glancer)
    with store.transaction() as conn:
        conn.execute("DROP SCHEMA g1 CASCADE")
    dropped = await glance(glancer)

    assert (swapped, dropped) == (None, None)
    assert find(entities) is None
    assert await glance(glancer) == Glance(entity=None, allowed=None, token_holds=True)


@pytest.mark.usefixtures("known")
async def test_a_lost_connection_is_left_to_the_search(
    entities: Entities, glancer: Glancer, pool: GlancePool, store: Store
) -> None:
    find(entities)
    lost = await pool.ask(1, "SELECT pg_backend_pid()", {})
    assert lost is not None
    with store.transaction() as other:
        other.execute("SELECT pg_terminate_backend(%s, 30000)", lost)

    at_once = await glance(glancer)
    found = find(entities)

    assert at_once is None
    assert await glance(glancer) == Glance(entity=found, allowed=None, token_holds=True)


@pytest.mark.usefixtures("known")
async def test_a_pooler_that_lends_out_another_generation_is_noticed(
    entities: Entities, glancer: Glancer, pool: GlancePool
) -> None:
    found = find(entities)
    await pool.ask(1, "SELECT set_config('search_path', 'public, g1', false)", {})

    assert await glance(glancer) is None
    assert find(entities) == found


@pytest.mark.usefixtures("known")
async def test_more_ask_at_once_than_there_are_connections(
    entities: Entities, glancer: Glancer
) -> None:
    found = find(entities)

    seen = await asyncio.gather(*(glance(glancer) for _ in range(20)))

    assert seen == 20 * [Glance(entity=found, allowed=None, token_holds=True)]


@pytest.mark.usefixtures("known")
async def test_a_very_large_profile_is_left_to_the_search(
    entities: Entities, pool: GlancePool
) -> None:
    find(entities)

    assert await glance(Glancer(entities, pool, most_bytes=50)) is None


@pytest.mark.usefixtures("known")
async def test_nothing_is_asked_of_a_pool_that_was_closed(
    entities: Entities, glancer: Glancer, pool: GlancePool
) -> None:
    find(entities)
    before = await glance(glancer)
    await pool.close()

    assert before is not None
    assert await glance(glancer) is None


@pytest.mark.usefixtures("known")
async def test_who_waits_no_more_leaves_the_next_one_an_answer(
    entities: Entities, glancer: Glancer, pool: GlancePool
) -> None:
    found = find(entities)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await pool.ask(1, "SELECT pg_sleep(60)", {})

    assert await glance(glancer) == Glance(entity=found, allowed=None, token_holds=True)


@pytest.mark.usefixtures("known")
async def test_what_is_public_comes_with_the_person(
    entities: Entities, glancer: Glancer, store: Store
) -> None:
    given = Allowed(fields=("order_total",), audiences=("buyers",), by_fields=("email",))
    allowed = allow_personalization(
        store, account=ACCOUNT, allowed=given, actor=ACTOR, now=system_clock()
    )
    find(entities)

    seen = await glancer.glance(ACCOUNT, ANN, None, system_clock(), is_public=True)

    assert seen is not None
    assert seen.allowed == allowed
    assert seen.entity is not None
    assert set(seen.entity.values) == {"order_total"}


@pytest.mark.usefixtures("known")
async def test_a_revoked_token_reads_no_more_at_once(
    client: httpx.AsyncClient, store: Store, make_token: Callable[..., NewToken]
) -> None:
    made = make_token(["data_manager"])
    headers = {"Authorization": made.token}
    before = [(await client.get(PATH, headers=headers)).status_code for _ in range(2)]

    revoke_token(store, account=ACCOUNT, token_id=made.record.id, actor=ACTOR, now=system_clock())
    after = await client.get(PATH, headers=headers)

    assert before == [200, 200]
    assert (after.status_code, after.json()["code"]) == (401, "token_refused")
