"""Fixtures that more than one folder of tests needs."""

import itertools
from collections.abc import Iterator

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from psycopg import sql

from coterie.store.embedded import Embedded
from coterie.store.migrate import migrate

# An example takes as long as it does: on a busy machine that says nothing about the code.
settings.register_profile(
    "unhurried", settings(), deadline=None, suppress_health_check=(HealthCheck.too_slow,)
)
settings.load_profile("unhurried")

TEMPLATE = "migrated_template"
numbers = itertools.count(1)


def with_database(url: str, name: str) -> str:
    return url.replace("/coterie?", f"/{name}?", 1)


@pytest.fixture(scope="session")
def pg_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One embedded server for the whole run, fast because it may forget on a crash."""
    folder = tmp_path_factory.mktemp("pg")
    with Embedded.open(folder, owner="pytest", shared_buffers_mb=64, durable=False) as server:
        yield server.url


@pytest.fixture(scope="session")
def template_database(pg_url: str) -> str:
    """A database with all migrations applied, to copy from."""
    with psycopg.connect(pg_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(TEMPLATE)))
    migrate(with_database(pg_url, TEMPLATE))
    return TEMPLATE


@pytest.fixture
def database_url(pg_url: str, template_database: str) -> Iterator[str]:
    """A fresh migrated database of one's own, dropped afterwards."""
    name = f"test_{next(numbers)}"
    names = {"name": sql.Identifier(name), "template": sql.Identifier(template_database)}
    with psycopg.connect(pg_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {name} TEMPLATE {template}").format(**names))
        yield with_database(pg_url, name)
        connection.execute(sql.SQL("DROP DATABASE {name} WITH (FORCE)").format(**names))


@pytest.fixture
def empty_database_url(pg_url: str) -> Iterator[str]:
    """A fresh database without any table, dropped afterwards."""
    name = f"empty_{next(numbers)}"
    names = {"name": sql.Identifier(name)}
    with psycopg.connect(pg_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {name}").format(**names))
        yield with_database(pg_url, name)
        connection.execute(sql.SQL("DROP DATABASE {name} WITH (FORCE)").format(**names))
