from datetime import UTC, timedelta

import psycopg
import pytest

from coterie.store import Store, StoreConflictError, StoreUnavailableError, open_async_pool


def test_a_transaction_that_raises_leaves_nothing(empty_database_url: str) -> None:
    class StopHereError(Exception):
        pass

    with Store.open(empty_database_url) as store:
        with store.transaction() as connection:
            connection.execute("CREATE TABLE thing (n integer)")
        with pytest.raises(StopHereError), store.transaction() as connection:  # noqa: PT012
            connection.execute("INSERT INTO thing VALUES (1)")
            raise StopHereError

        with store.transaction() as connection:
            rows = connection.execute("SELECT n FROM thing").fetchall()

    assert rows == []


def test_plain_table_names_mean_the_generation_of_the_transaction(empty_database_url: str) -> None:
    with Store.open(empty_database_url) as store:
        with store.transaction() as connection:
            for schema in ("g1", "g2"):
                connection.execute(f"CREATE SCHEMA {schema}")
                connection.execute(f"CREATE TABLE {schema}.whoami AS SELECT '{schema}' AS name")

        found = []
        for generation in (1, 2):
            with store.transaction(generation=generation) as connection:
                found.append(connection.execute("SELECT name FROM whoami").fetchone())
        with store.transaction() as connection:
            path = connection.execute("SHOW search_path").fetchone()

    assert found == [("g1",), ("g2",)]
    assert path == ('"$user", public',)


def test_times_come_back_in_utc(empty_database_url: str) -> None:
    with Store.open(empty_database_url) as store, store.transaction() as connection:
        row = connection.execute("SELECT now()").fetchone()

    assert row is not None
    assert row[0].utcoffset() == timedelta(0)
    assert row[0].astimezone(UTC) == row[0]


def test_a_database_that_is_not_there_is_an_unavailable_store(pg_url: str) -> None:
    with pytest.raises(StoreUnavailableError, match="does not answer"):
        Store.open(pg_url.replace("/coterie?", "/nowhere?")).close()


def test_a_connection_that_is_cut_is_an_unavailable_store(empty_database_url: str) -> None:
    with (
        Store.open(empty_database_url) as store,
        pytest.raises(StoreUnavailableError),
        store.transaction() as connection,
    ):
        connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")


def test_a_serialization_failure_is_a_conflict(empty_database_url: str) -> None:
    with Store.open(empty_database_url) as store:
        with store.transaction() as connection:
            connection.execute("CREATE TABLE counter AS SELECT 1 AS n")

        with pytest.raises(StoreConflictError), store.transaction() as one:  # noqa: PT012
            one.execute("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")
            one.execute("SELECT n FROM counter")
            with store.transaction() as other:
                other.execute("UPDATE counter SET n = n + 1")
            one.execute("UPDATE counter SET n = n + 1")


def test_a_fault_of_the_statement_passes_unchanged(empty_database_url: str) -> None:
    with (
        Store.open(empty_database_url) as store,
        pytest.raises(psycopg.errors.DivisionByZero),
        store.transaction() as connection,
    ):
        connection.execute("SELECT 1/0")


def test_an_own_connection_holds_an_advisory_lock_between_transactions(
    empty_database_url: str,
) -> None:
    with Store.open(empty_database_url) as store, store.connect(autocommit=True) as mine:
        mine.execute("SELECT pg_advisory_lock(7)")

        with store.transaction() as connection:
            row = connection.execute("SELECT pg_try_advisory_lock(7)").fetchone()

    assert row == (False,)


async def test_an_async_pool_serves_queries(empty_database_url: str) -> None:
    pool = await open_async_pool(empty_database_url)
    async with pool, pool.connection() as connection:
        cursor = await connection.execute("SHOW timezone")
        row = await cursor.fetchone()

    assert row == ("UTC",)


async def test_an_async_pool_refuses_a_database_that_is_not_there(pg_url: str) -> None:
    with pytest.raises(StoreUnavailableError):
        await open_async_pool(pg_url.replace("/coterie?", "/nowhere?"))
