"""The API on a real database, without a server between it and the client."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import httpx
import psycopg
import pytest
from litestar import Litestar

from coterie.api.dependencies import ApiDependencies
from coterie.api.routes import Api, build_api, with_doors
from coterie.app.audiences import audience_calls
from coterie.app.authorizations import AuthorizationDesk
from coterie.app.changes import change_reader
from coterie.app.deliveries import delivery_calls
from coterie.app.entities import entity_calls
from coterie.app.erasures import privacy_calls
from coterie.app.files import file_calls
from coterie.app.identities import identity_calls
from coterie.app.jobs import job_calls
from coterie.app.schema_drafts import draft_calls
from coterie.app.schemas import schema_calls
from coterie.app.services import Services, config_source
from coterie.app.streams import StreamDesk
from coterie.app.web import collect_calls
from coterie.base.clock import system_clock
from coterie.base.seal import new_ring
from coterie.base.settings import Settings
from coterie.control.accounts import create_account
from coterie.control.alerts import alert_calls
from coterie.control.definitions.audiences import get_audience, list_audiences
from coterie.control.definitions.saved_filters import report_filter
from coterie.control.definitions.schema import check_lql
from coterie.control.definitions.streams import ensure_streams
from coterie.control.jobs.read import list_jobs
from coterie.control.tokens import check_token, create_token, touch_tokens
from coterie.flow.eventlog.queue import LogLimits
from coterie.flow.run.batch import BatchSettings
from coterie.flow.run.collect import CollectOptions, open_collector
from coterie.flow.run.explain import Explainer
from coterie.flow.run.lookup import Lookup
from coterie.model.control import Actor, NewToken
from coterie.store import Connection, Store
from coterie.worker.loop import Worker, WorkerDependencies, prepare_connection

ACCOUNT = 4711
ACTOR = Actor(name="test")

MakeToken = Callable[..., NewToken]


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with Store.open(database_url) as store:
        create_account(store, name="Test", actor=ACTOR, clock=system_clock, number=ACCOUNT)
        yield store


@pytest.fixture
def conn(database_url: str, store: Store) -> Iterator[Connection]:
    assert store.url == database_url
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def make_token(store: Store) -> MakeToken:
    def make(scopes: Sequence[str] = ("data_write",), account: int = ACCOUNT) -> NewToken:
        return create_token(
            store,
            account=account,
            name="test",
            scopes=scopes,
            expires_at=None,
            actor=ACTOR,
            now=datetime.now(UTC),
        )

    return make


@pytest.fixture
def token(make_token: MakeToken) -> str:
    return make_token().token


@pytest.fixture
def services(store: Store, tmp_path: Path) -> Services:
    return Services(
        Settings(data_dir=tmp_path / "data", allow_private_addresses=True),
        system_clock,
        new_ring(),
        store,
    )


@pytest.fixture
def api(store: Store, services: Services, database_url: str) -> Api:
    def ensure_stream(account: int, stream: str) -> None:
        ensure_streams(store, account=account, names=[stream], actor=ACTOR, now=datetime.now(UTC))

    lookup = Lookup(store, config_source())
    explainer = Explainer(store, config_source())
    options = CollectOptions(
        lanes=2, event_limit=2_000, request_limit=10_000, log=LogLimits(group_ms=0)
    )
    return build_api(
        ApiDependencies(
            open_collector=partial(
                open_collector,
                database_url,
                ensure_stream=ensure_stream,
                options=options,
                clock=system_clock,
            ),
            check_token=lambda presented, now: check_token(store, presented=presented, now=now),
            touch_tokens=partial(touch_tokens, store),
            list_audiences=partial(list_audiences, store),
            get_audience=partial(get_audience, store),
            report_filter=lambda account, text, slug: report_filter(
                store, account, text, slug=slug
            ),
            check_lql=partial(check_lql, store),
            list_jobs=partial(list_jobs, store),
            find_profile=lambda account, field, value: lookup.find_profile(
                account, field, value, system_clock()
            ),
            explain_membership=lambda account, identifier, audience: explainer.explain(
                account, identifier, audience, system_clock()
            ),
            read_changes=change_reader(services),
            audiences=audience_calls(services),
            deliveries=delivery_calls(store, system_clock),
            authorizations=AuthorizationDesk(services).calls(),
            alerts=alert_calls(store, services.ring, system_clock),
            identities=identity_calls(services),
            entities=entity_calls(services),
            collect=collect_calls(services),
            jobs=job_calls(services),
            privacy=privacy_calls(services),
            schemas=schema_calls(services),
            drafts=draft_calls(services),
            files=file_calls(services),
            streams=StreamDesk(store, lookup, system_clock).calls(),
            clock=system_clock,
        )
    )


@asynccontextmanager
async def running(app: Litestar) -> AsyncIterator[None]:
    """Run the application's lifespan in one task, which a fixture's two halves are not."""
    started, ending = asyncio.Event(), asyncio.Event()

    async def run() -> None:
        async with app.lifespan():
            started.set()
            await ending.wait()

    task = asyncio.create_task(run())
    waiting = asyncio.create_task(started.wait())
    await asyncio.wait([task, waiting], return_when=asyncio.FIRST_COMPLETED)
    try:
        yield
    finally:
        ending.set()
        await asyncio.gather(task, waiting)


@pytest.fixture
async def client(api: Api) -> AsyncIterator[httpx.AsyncClient]:
    app = Litestar(api.handlers, lifespan=[api.state.lifespan], logging_config=None)
    transport = httpx.ASGITransport(
        with_doors(app, api),  # type: ignore[arg-type]
        raise_app_exceptions=False,
        client=("127.0.0.1", 40_000),
    )
    async with (
        running(app),
        httpx.AsyncClient(transport=transport, base_url="http://collector") as client,
    ):
        yield client


def work_off(store: Store) -> None:
    """Process all that the log holds, as a worker does."""
    deps = WorkerDependencies(store, config_source(), system_clock, BatchSettings(b"k" * 32))
    with store.connect() as connection:
        prepare_connection(connection)
        worker = Worker(deps, connection)
        while worker.turn():
            pass


class WebProcess:
    """The web role as it is really run: a server with its children, in a group of its own."""

    def __init__(self, process: subprocess.Popen[bytes], address: str) -> None:
        self.process = process
        self.address = address

    def kill(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=30)


@pytest.fixture
def web(store: Store, tmp_path: Path, unused_tcp_port: int) -> Iterator[WebProcess]:
    env = {
        **os.environ,
        "COTERIE_DATABASE_URL": store.url,
        "COTERIE_DATA_DIR": str(tmp_path / "data"),
        "COTERIE_PORT": str(unused_tcp_port),
        "COTERIE_LOG_LEVEL": "warning",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "coterie", "serve", "--role", "web"],
        env=env,
        start_new_session=True,
    )
    web = WebProcess(process, f"http://127.0.0.1:{unused_tcp_port}")
    try:
        wait_until_ready(web)
        yield web
    finally:
        if process.poll() is None:
            web.kill()


def wait_until_ready(web: WebProcess) -> None:
    deadline = time.monotonic() + 60
    with httpx.Client(base_url=web.address) as client:
        while time.monotonic() < deadline:
            try:
                if client.get("/health/ready").status_code == 200:
                    return
            except httpx.TransportError:
                assert web.process.poll() is None, "the web process ended"
            time.sleep(0.05)
    pytest.fail("the web process does not get ready")
